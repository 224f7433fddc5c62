/**
 * Why a domain gets no report: it wants none, or its record is not as it must be.
 *
 * @module
 */
/** `several-records`: none of them counts (RFC 8460 §3). `broken-record`: there is one, not valid. */
export type RecordFault = 'no-record' | 'several-records' | 'broken-record';

/** What the code of an absent record stands for. */
export function recordFault(code: string): RecordFault {
  if (code === 'TLSRPT_RECORD_SEVERAL') return 'several-records';
  return code.startsWith('TLSRPT_') && code !== 'TLSRPT_RECORD_NONE'
    ? 'broken-record'
    : 'no-record';
}
