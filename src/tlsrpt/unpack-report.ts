/**
 * Getting the JSON out of what came: gzip, zip or neither, told by its first octets and never by a
 * name or a media type, which are wrong too often.
 *
 * @module
 */
import type { ErrorCode } from '../errors.ts';
import { fail, ok, type Outcome } from '../failure.ts';
import { unpackGzip } from './unpack-report-gzip.ts';
import type { UnpackLimits } from './unpack-report-limits.ts';
import { unpackZip } from './unpack-report-zip.ts';

export { DEFAULT_UNPACK_LIMITS, type UnpackLimits } from './unpack-report-limits.ts';

/** The JSON of a report, and how it came. */
export interface UnpackedReport {
  readonly json: Uint8Array;
  readonly container: 'gzip' | 'zip' | 'plain';
  /** What was unusual about the container, each once. */
  readonly deviations: readonly ErrorCode[];
}

/**
 * Unpacks a report. Fails with `TLSRPT_REPORT_…`: too large packed or unpacked (RFC 8460 §5.2),
 * damaged, an archive without a report. Uses no more memory than a few times the limits.
 */
export async function unpackReport(
  bytes: Uint8Array,
  limits: UnpackLimits,
): Promise<Outcome<UnpackedReport>> {
  const container = containerOf(bytes);
  const limit = container === 'plain' ? limits.maxJsonBytes : limits.maxPackedBytes;
  if (bytes.length > limit) {
    const code = container === 'plain' ? 'TLSRPT_REPORT_JSON_SIZE' : 'TLSRPT_REPORT_PACKED_SIZE';
    return fail(code, `the file has ${bytes.length} octets, ${limit} are allowed`);
  }
  if (bytes.length === 0) return fail('TLSRPT_REPORT_EMPTY', 'the file is empty');
  switch (container) {
    case 'gzip':
      return unpackGzip(bytes, limits);
    case 'zip':
      return unpackZip(bytes, limits);
    case 'plain':
      return ok({ json: bytes, container, deviations: [] });
  }
}

function containerOf(bytes: Uint8Array): UnpackedReport['container'] {
  const [first, second, third, fourth] = bytes;
  if (first === 0x1f && second === 0x8b) return 'gzip';
  const isZip = first === 0x50 && second === 0x4b && ZIP_KINDS.includes(`${third},${fourth}`);
  return isZip ? 'zip' : 'plain';
}

/** After `PK`: a file, or the end of an archive that has none (APPNOTE §4.3). */
const ZIP_KINDS: readonly string[] = ['3,4', '5,6'];
