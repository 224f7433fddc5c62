/**
 * Every parser is fed with nonsense of growing size. None may throw, and none may take long:
 * what takes a second can be used to stop the service.
 *
 * @module
 */
import type { Proof, ProofOptions } from '../proof.ts';
import { newSeed, randomFrom } from '../random.ts';
import { nonsense } from './nonsense.ts';
import { TARGETS } from './targets.ts';
import type { Target } from './target.ts';

const SMALLEST = 16;
/** One input may take the processor for this long. */
const LIMIT_MS = 1000;
/** A slow input is tried again before it is called slow: memory may have been cleaned up meanwhile. */
const TRIES = 3;
/** Rounds between two looks at the event loop, so that signals are heard. */
const YIELD_EVERY = 64;

/** One round feeds each parser once. */
export const fuzzProof: Proof = {
  name: 'fuzz',
  what: 'every parser fed with nonsense of growing size: none throws, none takes long',
  defaultRounds: 20_000,
  run: fuzz,
};

async function fuzz(options: ProofOptions): Promise<{
  readonly rounds: number;
  readonly lost: number;
  readonly duplicated: number;
}> {
  const end = performance.now() + options.minutes * 60_000;
  const firstSeed = newSeed();
  let lost = 0;
  let round = 0;
  for (; round < options.rounds && performance.now() < end; round += 1) {
    for (const target of TARGETS) {
      const seed = (firstSeed + round) >>> 0;
      const fault = await attack(target, seed);
      if (fault === undefined) continue;
      lost += 1;
      options.say(`${target.name}: ${fault} (seed ${seed})`);
    }
    if (round % YIELD_EVERY === 0) await new Promise<void>((resolve) => setImmediate(resolve));
  }
  return { rounds: round, lost, duplicated: 0 };
}

/** What goes wrong with the input of this seed; undefined: nothing. */
export async function attack(
  target: Target,
  seed: number,
  limitMs: number = LIMIT_MS,
): Promise<string | undefined> {
  const random = randomFrom(seed);
  const doublings = Math.floor(Math.log2(target.maxSize / SMALLEST)) + 1;
  // Small inputs find more and cost less: each size is half as likely as the one before it, but
  // at least one input in 64 is of the full size.
  const size =
    random(64) === 0
      ? target.maxSize
      : SMALLEST * 2 ** Math.min(doublings - 1, Math.clz32(random(2 ** 31) + 1));
  const input = nonsense(random, target.samples, size);
  let took = Infinity;
  for (let attempt = 0; attempt < TRIES && took > limitMs; attempt += 1) {
    const start = processorMs();
    try {
      await target.feed(Buffer.from(input));
    } catch (error) {
      return `${String(error)} for ${input.length} octets`;
    }
    took = processorMs() - start;
  }
  return took > limitMs ? `${Math.round(took)} ms for ${input.length} octets` : undefined;
}

/** What this thread has worked: unlike the time of day, it does not run while others work. */
function processorMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
