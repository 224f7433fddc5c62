/**
 * The first member of a gzip file (RFC 1952). Node's own reader joins all members and trips over a
 * line end after the last; senders and gateways produce both.
 *
 * @module
 */
import { crc32 } from 'node:zlib';
import { fail, ok, type Outcome } from '../failure.ts';
import type { ReportCode } from './read-report-notes.ts';
import { inflate } from './unpack-report-inflate.ts';
import { unpackedLimit, type UnpackLimits } from './unpack-report-limits.ts';
import type { UnpackedReport } from './unpack-report.ts';

/** Checksum and size, at the end of a member (RFC 1952 §2.3.1). */
const TRAILER = 8;

/** Unpacks the first member; the name in its header is ignored (RFC 8460 §6.3). */
export async function unpackGzip(
  bytes: Uint8Array,
  limits: UnpackLimits,
): Promise<Outcome<UnpackedReport>> {
  const start = headerLength(bytes);
  if (start === undefined) return fail('TLSRPT_REPORT_GZIP', 'its header is not that of gzip');
  const limit = unpackedLimit(bytes.length, limits);
  const inflated = await inflate(bytes.subarray(start), limit);
  switch (inflated.kind) {
    case 'too-large': {
      const text = `${bytes.length} octets of gzip unpack to more than ${limit}`;
      return fail('TLSRPT_REPORT_JSON_SIZE', text);
    }
    case 'damaged':
      return fail('TLSRPT_REPORT_GZIP', `cannot be unpacked: ${inflated.why}`);
    case 'done':
      return checked(inflated.content, bytes, start + inflated.taken);
  }
}

function checked(content: Uint8Array, bytes: Uint8Array, end: number): Outcome<UnpackedReport> {
  if (bytes.length < end + TRAILER) {
    return fail('TLSRPT_REPORT_GZIP', 'cut short: its checksum is missing');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + end, TRAILER);
  if (view.getUint32(0, true) !== crc32(content)) {
    return fail('TLSRPT_REPORT_GZIP', 'damaged: its checksum is wrong');
  }
  if (view.getUint32(4, true) !== content.length) {
    return fail('TLSRPT_REPORT_GZIP', 'damaged: its size is not the one it states');
  }
  const rest = bytes.subarray(end + TRAILER);
  return ok({ json: content, container: 'gzip', deviations: deviationsOf(rest) });
}

function deviationsOf(rest: Uint8Array): readonly ReportCode[] {
  if (rest.length === 0) return [];
  const isMember = rest[0] === 0x1f && rest[1] === 0x8b;
  return [isMember ? 'TLSRPT_REPORT_GZIP_MEMBERS' : 'TLSRPT_REPORT_TRAILING_BYTES'];
}

const DEFLATE = 8;
const [FHCRC, FEXTRA, FNAME, FCOMMENT, RESERVED] = [0x02, 0x04, 0x08, 0x10, 0xe0];

/** Where the deflate stream begins; undefined if the header is cut or none (RFC 1952 §2.3). */
function headerLength(bytes: Uint8Array): number | undefined {
  const flags = bytes[3];
  if (bytes.length < 10 || bytes[2] !== DEFLATE || flags === undefined) return undefined;
  if ((flags & RESERVED) !== 0) return undefined;
  let at = 10;
  if ((flags & FEXTRA) !== 0) at += 2 + (bytes[at] ?? 0) + 256 * (bytes[at + 1] ?? 0);
  for (const flag of [FNAME, FCOMMENT]) {
    if ((flags & flag) === 0) continue;
    const end = bytes.indexOf(0, at);
    if (end < 0) return undefined;
    at = end + 1;
  }
  if ((flags & FHCRC) !== 0) at += 2;
  return at < bytes.length ? at : undefined;
}
