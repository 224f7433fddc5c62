/**
 * Does a DKIM signature say, together with the octets that it covers, what of the mail is the report?
 *
 * Many signers leave `Content-Type` out. The header of such a mail can be exchanged for one that
 * makes a report of any text in it, a quotation of somebody else's too, and the signature stays
 * valid (RFC 6376 §8.2 warns of the like). What the body shows by itself has to make up for it.
 *
 * @module
 */
import { firstOf, readFields, readStructured } from './mime-header.ts';
import { boundaryOf, opensWith } from './mime-parts.ts';
import { bodyOf, type SplitMail } from './signature-fields.ts';
import type { PartPlace } from './types.ts';

/** What is signed, and where the report was. */
export interface ShapeQuestion {
  /** Names of the fields that the signature covers, in lower case. */
  readonly signed: readonly string[];
  readonly place: PartPlace;
}

/** Fields that decide what a mail without parts is. */
const SHAPING = ['content-type', 'content-transfer-encoding', 'content-disposition'] as const;

/**
 * Could another have given the mail the shape that makes a report of it? The mail is one that has
 * each of the fields at most once.
 *
 * @returns how; undefined: no, only who signed
 */
export function looseShape(mail: SplitMail, { signed, place }: ShapeQuestion): string | undefined {
  const fields = readFields(Buffer.from(mail.fields.join(''), 'latin1'));
  const contentType = readStructured(firstOf(fields, 'content-type') ?? 'text/plain');
  const boundary = boundaryOf(contentType);
  if (boundary === undefined) {
    const loose = SHAPING.find(
      (key) => !signed.includes(key) && firstOf(fields, key) !== undefined,
    );
    return loose === undefined
      ? undefined
      : `the whole body is the report, ${loose} is not covered`;
  }
  // The parts say themselves what they are, and the body is covered.
  if (signed.includes('content-type')) return undefined;
  const why = 'Content-Type is not covered, and';
  if (place === 'inner') return `${why} the report is a part of a part`;
  if (!isUnlikelyText(boundary)) return `${why} its boundary could be a line of any text`;
  return opensWith(bodyOf(mail), boundary)
    ? undefined
    : `${why} the body does not begin with its boundary`;
}

/**
 * A text that begins with a ruler or with `-----Original message-----` must not become a multipart.
 * What programs make up to be unlikely in a text has digits and no blanks.
 */
function isUnlikelyText(boundary: string): boolean {
  return /^[\w'()+,./:=?-]{8,70}$/.test(boundary) && /\d/.test(boundary);
}
