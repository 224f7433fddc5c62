/**
 * The stage of one fault: a relay, letters, and what must be true of them.
 *
 * @module
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { RelaySettings } from '../../src/config/types.ts';
import { openClient } from '../relay/client.ts';
import { type Ground, openGround } from '../relay/ground.ts';
import { type Letter, writeLetter } from '../relay/letters.ts';
import { until } from '../relay/load.ts';
import { type RelayNode, startRelayNode } from '../relay/node.ts';

/** A stage. */
export interface Stage {
  readonly ground: Ground;
  readonly node: RelayNode;
  readonly port: number;
  /** What went wrong, one line each. */
  readonly faults: string[];
  /** A new letter of one recipient. */
  letter(domain: string, octets?: number): Letter;
  /** Hands letters in, one after the other. @returns the reply to each */
  submit(letters: readonly Letter[]): Promise<readonly string[]>;
  /** Hands them in and expects `250` for each. */
  accepted(...letters: readonly Letter[]): Promise<void>;
  expect(holds: boolean, what: string): void;
  /** Waits; a fault where it does not come about. */
  comes(what: string, holds: () => boolean, limitMs?: number): Promise<void>;
}

/** What a part says when it is over. */
export interface PartResult {
  readonly faults: readonly string[];
  readonly duplicates: number;
  /** One line of what was measured. */
  readonly measured: string;
}

/** How a stage is set. */
export interface StageOptions {
  readonly relay?: Partial<RelaySettings>;
  /** Default: a SQLite file. */
  readonly storeUrl?: string;
  /** The database stands on a file system of so many octets. */
  readonly diskOctets?: number;
  readonly refusedMayArrive?: boolean;
  readonly say: (line: string) => void;
}

/** How long letters may take to come to rest in the end, milliseconds. */
const REST_MS = 60_000;

/** Sets the stage, plays, lets everything come to rest, and looks at the books. */
export async function onStage(
  options: StageOptions,
  play: (stage: Stage) => Promise<string>,
): Promise<PartResult> {
  const ground = await openGround();
  let keep: 'keep-folder' | undefined = 'keep-folder';
  const disk = join(ground.folder, 'disk');
  mkdirSync(disk);
  const { diskOctets, storeUrl = `sqlite:${join(disk, 'queue.db')}` } = options;
  const node = startRelayNode({
    config: ground.config(storeUrl, options.relay),
    logFile: join(ground.folder, 'relay.log'),
    ...(diskOctets === undefined ? {} : { disk: { folder: disk, octets: diskOctets } }),
  });
  try {
    const stage = stageOf(ground, node, await node.ready);
    const measured = await play(stage);
    const { ledger } = ground;
    await stage.comes('every accepted letter comes to rest', () => ledger.missing() === 0, REST_MS);
    stage.expect(node.running, 'the service lives');
    const { lost, unexplained, duplicates } = ledger.balance(options);
    const faults = [...stage.faults, ...lost, ...unexplained];
    if (faults.length === 0) keep = undefined;
    else options.say(`the log is in ${ground.folder}`);
    return { faults, duplicates, measured };
  } finally {
    await node.kill();
    await ground.close(keep);
  }
}

function stageOf(ground: Ground, node: RelayNode, port: number): Stage {
  const faults: string[] = [];
  let letters = 0;
  const stage: Stage = {
    ground,
    node,
    port,
    faults,
    letter(domain, octets = 1_000) {
      letters += 1;
      return writeLetter(letters, [domain], octets);
    },
    async submit(all) {
      const client = await openClient(port, ground.ledger);
      const replies: string[] = [];
      for (const letter of all) replies.push(await client.submit(letter));
      client.close();
      return replies;
    },
    async accepted(...all) {
      for (const reply of await stage.submit(all)) {
        stage.expect(reply.startsWith('250'), `a letter is taken, not "${reply}"`);
      }
    },
    expect(holds, what) {
      if (!holds) faults.push(`not so: ${what}`);
    },
    async comes(what, holds, limitMs = 10_000) {
      if (!(await until(holds, limitMs))) faults.push(`did not come about: ${what}`);
    },
  };
  return stage;
}

/** Longest time from handing in to arrival, milliseconds; those that never arrived count as endless. */
export function slowest(
  { ground: { ledger } }: Stage,
  sent: readonly { readonly letter: Letter; readonly at: number }[],
): number {
  return Math.max(...sent.map(({ letter, at }) => (ledger.arrivedAt(letter) ?? Infinity) - at));
}

/** Hands letters in one by one and notes when. */
export async function submitTimed(
  stage: Stage,
  letters: readonly Letter[],
): Promise<readonly { readonly letter: Letter; readonly at: number }[]> {
  const sent = [];
  for (const letter of letters) {
    const at = performance.now();
    await stage.accepted(letter);
    sent.push({ letter, at });
  }
  return sent;
}
