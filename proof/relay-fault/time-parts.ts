/**
 * The clock jumps; DNS is away; a server takes a message and never says so.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Letter } from '../relay/letters.ts';
import { onStage, type PartResult, slowest, submitTimed } from './stage.ts';

type Say = (line: string) => void;

const MINUTE_MS = 60_000;
const YEAR_MS = 365 * 24 * 60 * MINUTE_MS;
/** Mail that has nothing to do with the fault arrives within this time, milliseconds. */
const PROMPT_MS = 5_000;

/**
 * A year forward: what waits gets its last attempt, so nothing is returned that can be delivered;
 * what cannot is returned once, for by the clock its time is over. A year back: nothing waits for a year.
 */
export async function clockJumps(say: Say): Promise<PartResult> {
  return await onStage({ say }, async (stage) => {
    const { ground, node } = stage;
    const { ledger } = ground;
    await ground.domain('held.proof.test', 'defers');
    await ground.domain('quick.proof.test', 'takes');
    await ground.domain('dead.proof.test', 'dead');
    const held = ground.sinks.get('held.proof.test')!;
    const waiting = Array.from({ length: 20 }, () => stage.letter('held.proof.test'));
    const hopeless = stage.letter('dead.proof.test');
    await stage.accepted(...waiting, hopeless);
    await sleep(500);
    held.manner = 'takes';
    await node.order({ kind: 'jump', ms: YEAR_MS });
    await node.skip(5 * MINUTE_MS);
    await stage.comes(
      'after a year forward what can be delivered is',
      () => waiting.every((letter) => ledger.arrivedAt(letter) !== undefined),
      15_000,
    );
    stage.expect(!waiting.some((letter) => ledger.hasBounced(letter)), 'and is not returned');
    await stage.comes('what cannot is returned', () => ledger.hasBounced(hopeless));
    held.manner = 'defers';
    const late = stage.letter('held.proof.test');
    await stage.accepted(late);
    await sleep(500);
    await node.order({ kind: 'jump', ms: -YEAR_MS });
    held.manner = 'takes';
    const now = await submitTimed(stage, [stage.letter('quick.proof.test')]);
    await stage.comes('after a year back new mail arrives', () => slowest(stage, now) < PROMPT_MS);
    for (let minutes = 0; minutes < 12; minutes += 1) {
      await node.skip(MINUTE_MS);
      await sleep(100);
    }
    await stage.comes('and old mail too', () => ledger.arrivedAt(late) !== undefined);
    return `${waiting.length + 2} letters delivered, 1 returned`;
  });
}

/** Everything waits, nothing is returned, and it flows again. */
export async function dnsOutage(say: Say): Promise<PartResult> {
  return await onStage({ say }, async (stage) => {
    const { ground, node } = stage;
    const { ledger, world } = ground;
    await ground.domain('quick.proof.test', 'takes');
    const letters: Letter[] = [];
    for (const mode of ['servfail', 'timeout', 'garbage'] as const) {
      world.dns.zone('proof.test', mode);
      await node.skip(10 * MINUTE_MS);
      const some = Array.from({ length: 20 }, () => stage.letter('quick.proof.test'));
      await stage.accepted(...some);
      letters.push(...some);
      for (let minutes = 0; minutes < 60; minutes += 10) {
        await node.skip(10 * MINUTE_MS);
        await sleep(100);
      }
    }
    const early = letters.filter((letter) => ledger.arrivedAt(letter) !== undefined);
    stage.expect(early.length === 0, 'nothing can be delivered without DNS');
    stage.expect(
      !letters.some((letter) => ledger.hasBounced(letter)),
      'nothing is returned for it',
    );
    world.dns.zone('proof.test', 'insecure');
    await node.skip(10 * MINUTE_MS);
    await stage.comes(
      'all mail flows once DNS is back',
      () => letters.every((letter) => ledger.arrivedAt(letter) !== undefined),
      90_000,
    );
    return `${letters.length} letters waited for DNS`;
  });
}

/** The final dot is never answered: the attempt ends in time, other mail goes on, it is tried again. */
export async function unansweredDot(say: Say): Promise<PartResult> {
  return await onStage({ say }, async (stage) => {
    const { ground, node } = stage;
    await ground.domain('mute.proof.test', 'never-ends');
    await ground.domain('quick.proof.test', 'takes');
    const mute = ground.sinks.get('mute.proof.test')!;
    const letters = Array.from({ length: 60 }, () => stage.letter('mute.proof.test', 20_000));
    await stage.accepted(...letters);
    await stage.comes('contents arrive', () => mute.contents > 0);
    const others = await submitTimed(
      stage,
      Array.from({ length: 20 }, () => stage.letter('quick.proof.test')),
    );
    await stage.comes('other mail goes on', () => slowest(stage, others) < PROMPT_MS);
    const held = mute.connections;
    stage.expect(held <= 20, `at most 20 sessions wait for it, not ${held}`);
    const before = mute.contents;
    mute.manner = 'takes';
    for (let minutes = 0; minutes < 25; minutes += 1) {
      await node.skip(MINUTE_MS);
      await sleep(50);
    }
    await stage.comes(
      'they are delivered in the end',
      () => letters.every((letter) => ground.ledger.arrivedAt(letter) !== undefined),
      30_000,
    );
    return `${before} contents never answered, ${held} sessions held, other mail within ${Math.round(slowest(stage, others))} ms`;
  });
}
