/**
 * Where the queue lives goes away: a disk that is full, a database that ends and one that hangs.
 *
 * @module
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startPostgres } from '../../test/peers/postgres.ts';
import { newSeed, randomFrom } from '../random.ts';
import { DESTINATIONS } from '../relay/ground.ts';
import { randomLetter } from '../relay/letters.ts';
import { startLoad } from '../relay/load.ts';
import { onStage, type PartResult } from './stage.ts';

type Say = (line: string) => void;

const MIB = 1024 * 1024;
const DISK_OCTETS = 32 * MIB;
const LEFT_OCTETS = 3 * MIB;
/** More letters of this size than fit. */
const LETTERS = 60;
/** A database that ends takes with it what was written so shortly before, milliseconds. */
const SETTLING_MS = 1_000;
const LETTER_OCTETS = 200_000;

/** ENOSPC: `452 4.3.1`, nothing lost, and it goes on when there is room. */
export async function diskFull(say: Say): Promise<PartResult> {
  return await onStage({ say, diskOctets: DISK_OCTETS }, async (stage) => {
    const { ground, node } = stage;
    await ground.domain('held.proof.test', 'defers');
    await ground.domain('quick.proof.test', 'takes');
    await stage.accepted(stage.letter('held.proof.test'), stage.letter('quick.proof.test'));
    const file = join(ground.folder, 'disk', 'ballast');
    await node.order({ kind: 'fill', file, leave: LEFT_OCTETS });
    const letters = Array.from({ length: LETTERS }, (_, index) =>
      stage.letter('held.proof.test', index % 2 === 0 ? LETTER_OCTETS : 300_000),
    );
    const replies = await stage.submit(letters);
    const refused = replies.filter((reply) => !reply.startsWith('250'));
    stage.expect(refused.length > 0, 'letters are refused where there is no room');
    for (const reply of refused) {
      stage.expect(
        reply.startsWith('452 4.3.1'),
        `a full disk is told as 452 4.3.1, not "${reply}"`,
      );
    }
    const small = await stage.submit([stage.letter('quick.proof.test')]);
    stage.expect(/^(250|452 4\.3\.1)/.test(small[0] ?? ''), `a plain answer, not "${small[0]}"`);
    await sleep(1_000);
    await node.order({ kind: 'make-room', file });
    ground.sinks.get('held.proof.test')!.manner = 'takes';
    await stage.accepted(stage.letter('quick.proof.test', LETTER_OCTETS));
    return `${replies.length - refused.length} letters taken, ${refused.length} refused with 452 4.3.1`;
  });
}

/** PostgreSQL ends and comes back, then hangs for a while: 4xx, and everything goes on. */
export async function databaseRestart(say: Say): Promise<PartResult> {
  const postgres = await startPostgres();
  try {
    return await onStage({ say, storeUrl: postgres.url, refusedMayArrive: true }, async (stage) => {
      const { ground, port } = stage;
      for (const [domain, manner] of Object.entries(DESTINATIONS)) {
        await ground.domain(domain, manner);
      }
      const random = randomFrom(newSeed());
      let number = 0;
      const load = startLoad({
        ledger: ground.ledger,
        random,
        sessions: 4,
        pauseMs: 60,
        ports: () => [port],
        letter: () => randomLetter((number += 1), Object.keys(DESTINATIONS), random),
      });
      const disturb = (): void =>
        ground.ledger.disturb({ at: performance.now(), settlingMs: SETTLING_MS });
      await sleep(1_000);
      disturb();
      await postgres.halt();
      await sleep(1_500);
      await postgres.resume();
      disturb();
      await sleep(2_000);
      disturb();
      postgres.freeze('freeze');
      await sleep(2_000);
      postgres.freeze('thaw');
      disturb();
      await sleep(1_000);
      await load.stop();
      for (const refusal of load.refusals) {
        stage.expect(refusal.startsWith('4'), `only "try again", not "${refusal}"`);
      }
      const { accepted, refused, duplicates } = ground.ledger.balance();
      stage.expect(accepted > 0 && refused > 0, 'letters were taken, and some refused');
      return `${accepted} letters taken, ${refused} refused (${[...load.refusals].join('; ')}), ${duplicates} twice`;
    });
  } finally {
    await postgres.stop();
  }
}
