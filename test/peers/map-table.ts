/**
 * Many answers as a server may have to give them, for a real Postfix to read.
 *
 * @module
 */
import { secureLevel } from '../../src/policy-server/level.fixture.ts';
import type { Dialect, DomainLevel } from '../../src/policy-server/types.ts';
import { replyText, writeReply } from '../../src/policy-server/write-reply.ts';

/** A key and what the server says to it. */
export interface MapRow {
  readonly key: string;
  /** `OK …`, `NOTFOUND `. */
  readonly reply: string;
}

const LABELS = ['a', 'mx-1', 'x--y', '0-9', 'xn--mnchen-3ya', 'xn--p1ai', '_tls', 'l'.repeat(63)];
const TOPS = ['example', 'xn--j6w193g', 'co-op', 'museum'];

/** A host name made of the bits of `number`; another for each. */
function hostName(number: number): string {
  const label = (shift: number): string => LABELS[(number >> shift) % LABELS.length]!;
  return `h${number}.${label(0)}.${label(3)}.${TOPS[number % TOPS.length]}`;
}

/** As many patterns as a row has; in the last rows a reply grows to its limit, and beyond. */
function patternsOf(row: number): readonly string[] {
  const count = row < 180 ? 1 + (row % 40) : 100 * (row - 179);
  return Array.from({ length: count }, (_, index) => {
    const name = hostName(row * 31 + index);
    return index % 3 === 1 ? `*.${name}` : name;
  });
}

function levelOf(row: number): DomainLevel {
  if (row % 20 === 7) return { kind: 'none', why: 'a test' };
  if (row % 20 === 11) return { kind: 'dane', why: 'a test' };
  if (row % 20 === 13) return { kind: 'dane-only', why: 'a test' };
  const mx = patternsOf(row);
  const lines = ['version: STSv1', 'mode: enforce', ...mx.map((one) => `mx: ${one}`)];
  const tricky = ['note: } policy_type=sts { , "quoted" = \\x', 'max_age: 604800', ''];
  const level = secureLevel({ mx });
  if (level.kind !== 'secure') return level;
  const policy = { ...level.sts.policy, text: [...lines, ...tricky].join('\r\n') };
  return { ...level, sts: { ...level.sts, policy } };
}

/** Two hundred rows, less those that are too long: at a `TEMP` postmap gives up. */
export function mapTable(dialect: Dialect): readonly MapRow[] {
  return Array.from({ length: 200 }, (_, row) => ({
    key: `d${row}.${hostName(row).replaceAll('_', '')}`,
    reply: replyText(writeReply(dialect, levelOf(row))),
  })).filter(({ reply }) => !reply.startsWith('TEMP '));
}
