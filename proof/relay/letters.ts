/**
 * The messages of the relay's proofs: each says who it is, and what it must still be at the end.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import type { Random } from '../random.ts';

/** A message that is handed in. */
export interface Letter {
  readonly number: number;
  readonly from: string;
  readonly recipients: readonly string[];
  /** What goes over the wire, without the last dot. */
  readonly content: string;
}

/** Where notifications go: the author's address says which letter they are about. */
export const AUTHORS = 'authors.proof.test';

/** The first field of every letter: whatever a relay adds stands before it. */
const MARK = 'X-Proof: ';

/** How large letters are: small, of several reads, and in parts (a part has 256 KiB). */
const SIZES = [
  { weight: 6, least: 1_000, most: 8_000 },
  { weight: 3, least: 8_000, most: 70_000 },
  { weight: 1, least: 200_000, most: 300_000 },
] as const;

/** Makes one letter to addresses in these domains. */
export function writeLetter(number: number, domains: readonly string[], octets: number): Letter {
  const head = [
    `${MARK}${number}`,
    `From: <letter-${number}@${AUTHORS}>`,
    'To: <somebody@proof.test>',
    `Message-ID: <${number}@${AUTHORS}>`,
    `Subject: letter ${number}`,
    'Date: Mon, 02 Mar 2026 10:00:00 +0000',
    '',
    '',
  ].join('\r\n');
  const lines: string[] = [];
  for (let length = 0; length < octets;) {
    const line = `line ${lines.length} of letter ${number} `.padEnd(76, '~');
    lines.push(line);
    length += line.length + 2;
  }
  return {
    number,
    from: `letter-${number}@${AUTHORS}`,
    recipients: domains.map((domain, index) => `r${index}-${number}@${domain}`),
    content: `${head}${lines.join('\r\n')}\r\n`,
  };
}

/** One to three destinations, one to three recipients at each; any size. */
export function randomLetter(
  number: number,
  destinations: readonly string[],
  random: Random,
): Letter {
  const chosen = Array.from({ length: 1 + random(3) }, () => pick(destinations, random));
  const domains = chosen.flatMap((domain) => Array<string>(1 + random(3)).fill(domain));
  return writeLetter(number, domains, randomSize(random));
}

function randomSize(random: Random): number {
  let ticket = random(10);
  for (const { weight, least, most } of SIZES) {
    if (ticket < weight) return least + random(most - least);
    ticket -= weight;
  }
  return SIZES[0].least;
}

/** One of them. */
export function pick<Item>(items: readonly Item[], random: Random): Item {
  return items[random(items.length)]!;
}

/** What is left of a letter where it arrives: its number and its content as it was handed in. */
export function readLetter(content: string): { readonly number: number; readonly digest: string } {
  const at = content.startsWith(MARK) ? 0 : content.indexOf(`\r\n${MARK}`) + 2;
  const own = at === 1 ? '' : content.slice(at);
  return { number: Number.parseInt(own.slice(MARK.length), 10), digest: digestOf(own) };
}

/** SHA-256, hexadecimal. */
export function digestOf(content: string): string {
  return createHash('sha256').update(content, 'latin1').digest('hex');
}

/** The letter that an author's address belongs to. */
export function letterOfAuthor(address: string): number {
  return Number(/^letter-(\d+)@/.exec(address)?.[1] ?? Number.NaN);
}
