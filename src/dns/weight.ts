/**
 * How much memory an answer takes: a zone of a stranger decides how large its answers are.
 *
 * @module
 */
import type { Answer, Mx, RrType, Tlsa } from './types.ts';

/** What an answer takes besides its records, in octets, roughly. */
const BASE = 400;
/** What an object takes besides its texts. */
const OBJECT = 80;

/** Roughly how many octets of memory an answer takes. */
export function answerWeight(answer: Answer<RrType>): number {
  const chain = answer.chain.reduce(
    (sum, { from, to }) => sum + OBJECT + from.length + to.length,
    0,
  );
  if (answer.kind !== 'records') return BASE + chain;
  return answer.records.reduce<number>((sum, record) => sum + recordWeight(record), BASE + chain);
}

function recordWeight(record: string | Mx | Tlsa): number {
  if (typeof record === 'string') return OBJECT / 2 + record.length;
  return OBJECT + ('exchange' in record ? record.exchange.length : OBJECT + record.data.length);
}
