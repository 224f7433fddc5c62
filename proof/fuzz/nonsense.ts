/**
 * Inputs that no peer should send: garbage, and good inputs that were damaged.
 *
 * @module
 */
import type { Random } from '../random.ts';

/** Octets that mean something to some parser are more likely than others. */
const TELLING = Buffer.from('\r\n\t :;=,.*@<>"\\[]()-_+/%{}#&|v1\0\x7f\x80\xc0\xff');

/** An input of about `size` octets. */
export function nonsense(random: Random, samples: readonly Uint8Array[], size: number): Buffer {
  const sample = samples[random(samples.length)];
  if (sample === undefined || random(4) === 0) return garbage(random, size);
  return damaged(random, stretched(random, sample, size));
}

/** Cheap at any size: one block of noise, repeated. */
function garbage(random: Random, size: number): Buffer {
  const block = Buffer.alloc(1 + random(Math.min(size, 512)));
  const telling = random(2) === 0;
  for (let at = 0; at < block.length; at += 1) {
    block[at] = telling ? telltale(random) : random(256);
  }
  return Buffer.alloc(size, block);
}

function telltale(random: Random): number {
  return TELLING[random(TELLING.length)] ?? 0;
}

/** A sample, with a piece of it repeated until it has the size. */
function stretched(random: Random, sample: Uint8Array, size: number): Buffer {
  if (sample.length === 0 || sample.length >= size || random(3) === 0) return Buffer.from(sample);
  const from = random(sample.length);
  const piece = sample.subarray(from, from + 1 + random(sample.length - from));
  const filling = Buffer.alloc(size - sample.length, piece);
  return Buffer.concat([sample.subarray(0, from), filling, sample.subarray(from)]);
}

function damaged(random: Random, octets: Buffer): Buffer {
  const wounds = random(8);
  for (let wound = 0; wound < wounds && octets.length > 0; wound += 1) {
    const at = random(octets.length);
    octets[at] = random(2) === 0 ? random(256) : telltale(random);
  }
  return random(4) === 0 ? octets.subarray(0, random(octets.length + 1)) : octets;
}
