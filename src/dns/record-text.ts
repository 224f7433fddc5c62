/**
 * Records as zone files write them, for people.
 *
 * @module
 */
import type { Mx, RecordOf, RrType, Tlsa } from './types.ts';

/**
 * The presentation form of a record's data (RFC 1035 §5.1): names end in a dot, TXT is quoted,
 * TLSA is hexadecimal (RFC 6698 §2.2).
 */
export function recordText<T extends RrType>(type: T, record: RecordOf[T]): string {
  const kind: RrType = type;
  switch (kind) {
    case 'A':
    case 'AAAA':
    case 'DS':
      return record as string;
    case 'CNAME':
    case 'SOA':
    case 'NS':
      return `${record as string}.`;
    case 'MX': {
      const { preference, exchange } = record as Mx;
      return `${preference} ${exchange}.`;
    }
    case 'TXT':
      return txtText(record as string);
    case 'TLSA': {
      const { usage, selector, matchingType, data } = record as Tlsa;
      return `${usage} ${selector} ${matchingType} ${Buffer.from(data).toString('hex')}`;
    }
    default:
      return kind satisfies never;
  }
}

/** A character-string holds 255 octets (RFC 1035 §3.3); longer text is cut into several. */
function txtText(text: string): string {
  const parts = text.match(/[^]{1,255}/g) ?? [''];
  return parts.map((part) => `"${part.replace(/["\\]|[^\x20-\x7e]/g, escapeOctet)}"`).join(' ');
}

function escapeOctet(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`;
  return `\\${String(character.charCodeAt(0)).padStart(3, '0')}`;
}
