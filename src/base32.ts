/**
 * Numbers in digits that people can read aloud, for ids.
 *
 * @module
 */

/** Without i, l, o and u, which are mistaken for others; in the order of ASCII, so that ids sort. */
export const BASE32_DIGITS = '0123456789abcdefghjkmnpqrstvwxyz';

/** A whole number from 0 to 2^53 - 1, its last `length` digits. */
export function base32(value: number, length: number): string {
  let text = '';
  let rest = value;
  for (let place = 0; place < length; place += 1) {
    text = BASE32_DIGITS.charAt(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}
