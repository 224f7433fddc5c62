/**
 * Reads DER (X.690) that a stranger wrote: never throws, never reads past the end, never loops.
 *
 * @module
 */

/** One element. */
export interface DerElement {
  /** The identifier octet. Tags above 30 do not occur in certificates and are not read. */
  readonly tag: number;
  readonly content: Uint8Array;
  /** Identifier, length and content. */
  readonly whole: Uint8Array;
}

/** The largest number of length octets that is read: lengths below 4 GiB. */
const MAX_LENGTH_OCTETS = 4;

/** The element at the beginning of `bytes`, or undefined if there is no whole one. */
export function readElement(bytes: Uint8Array): DerElement | undefined {
  const [tag, first] = bytes;
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) return undefined;
  const lengthOctets = first < 0x80 ? 0 : first & 0x7f;
  const start = 2 + lengthOctets;
  // 0x80 alone is the indefinite length, which DER forbids (X.690 §10.1).
  if (first === 0x80 || lengthOctets > MAX_LENGTH_OCTETS || start > bytes.length) return undefined;
  const length =
    lengthOctets === 0
      ? first
      : bytes.subarray(2, start).reduce((sum, octet) => sum * 256 + octet, 0);
  const end = start + length;
  if (end > bytes.length) return undefined;
  return { tag, content: bytes.subarray(start, end), whole: bytes.subarray(0, end) };
}

/** All elements in `bytes`, one after the other; undefined if anything is left over or cut off. */
export function readElements(bytes: Uint8Array): readonly DerElement[] | undefined {
  const found: DerElement[] = [];
  let rest = bytes;
  while (rest.length > 0) {
    const next = readElement(rest);
    if (next === undefined) return undefined;
    found.push(next);
    rest = rest.subarray(next.whole.length);
  }
  return found;
}

/** What stands in a constructed element with the given tag; undefined if it is another or malformed. */
export function childrenOf(
  element: DerElement | undefined,
  tag: number,
): readonly DerElement[] | undefined {
  return element?.tag === tag ? readElements(element.content) : undefined;
}

/** Whether `bytes` is exactly one element with the given tag. */
export function isOneElement(bytes: Uint8Array, tag: number): boolean {
  const element = readElement(bytes);
  return element?.tag === tag && element.whole.length === bytes.length;
}
