/**
 * What can be said of a request before its body comes, and of a body by its first octets.
 *
 * @module
 */
import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { ReportReceiveSettings } from '../../config/reporting-types.ts';
import { type Refusal, REFUSALS } from './http-reply.ts';

/** Where reports are posted; the token follows, where there is one. */
export const REPORTS_PATH = '/v1/reports';

/** The head of a request. */
export interface RequestHead {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

/** Is the request one for a report? The length is not looked at. */
export function checkPath(head: RequestHead, token: string): Refusal | undefined {
  if (!isOurPath(head.url, token)) return REFUSALS.notFound;
  return head.method === 'POST' ? undefined : REFUSALS.method;
}

/** May the body come, by what is said of it? */
export function checkBodyHead(
  { headers }: RequestHead,
  { maxBytes }: Pick<ReportReceiveSettings, 'maxBytes'>,
): Refusal | undefined {
  if (Number(headers['content-length'] ?? 0) > maxBytes) return REFUSALS.tooLarge(maxBytes);
  return encodingOf(headers) === 'unknown' ? REFUSALS.unknownEncoding : undefined;
}

/** The coding that a `Content-Encoding` names; a list is never needed. */
export function encodingOf(headers: IncomingHttpHeaders): 'none' | 'gzip' | 'unknown' {
  const encoding = (headers['content-encoding'] ?? '').trim().toLowerCase();
  if (encoding === '' || encoding === 'identity') return 'none';
  return encoding === 'gzip' || encoding === 'x-gzip' ? 'gzip' : 'unknown';
}

/** What a body is, by its first octets: media types are wrong too often. */
export function sniff(body: Uint8Array): 'gzip' | 'zip' | 'json' | 'other' {
  if (body[0] === 0x1f && body[1] === 0x8b) return 'gzip';
  if (body[0] === 0x50 && body[1] === 0x4b) return 'zip';
  const text = Buffer.from(body.subarray(0, LOOK)).toString('latin1');
  return /^(?:\u00ef\u00bb\u00bf)?\s*[{[]/.test(text) ? 'json' : 'other';
}

/** Octets in which JSON must begin. */
const LOOK = 256;

function isOurPath(url: string, token: string): boolean {
  const path = url.split('?', 1)[0]!.replace(/\/$/, '');
  return isSameText(path, token === '' ? REPORTS_PATH : `${REPORTS_PATH}/${token}`);
}

/** Takes as long for a token that is nearly right as for one that is not. */
function isSameText(given: string, right: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
