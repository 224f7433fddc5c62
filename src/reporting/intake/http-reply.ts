/**
 * What the HTTPS endpoint answers.
 *
 * @module
 */
import type { ErrorCode } from '../../errors.ts';
import type { Failure } from '../../failure.ts';
import { printable } from '../../printable.ts';
import type { ReportTurnedAway } from '../../metrics/reporting-types.ts';
import type { Verdict } from './verdict.ts';

/** An answer. */
export interface HttpReply {
  readonly status: number;
  /** One line of JSON with its end. */
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** An answer to what was turned away before it was read. */
export interface Refusal extends HttpReply {
  readonly why: ReportTurnedAway;
  readonly failure: Failure;
}

/** When a sender may come again after trouble of ours, in seconds. */
const TROUBLE_RETRY_S = 300;
const QUOTA_RETRY_S = 3_600;

/** @returns the status that RFC 8460 §5.4 leaves to us: 202 for new, 200 for known reports */
export function replyTo(verdict: Verdict): HttpReply {
  switch (verdict.kind) {
    case 'kept':
      return reply(202, { kept: verdict.reports });
    case 'known':
      return reply(200, { kept: 0, known: true });
    case 'foreign':
      return failed(404, verdict.failure);
    case 'over-quota':
      return failed(429, verdict.failure, retryAfter(QUOTA_RETRY_S));
    case 'not-a-report':
    case 'refused':
      return failed(REFUSED_STATUS[verdict.failure.code] ?? 400, verdict.failure);
    case 'later':
      return failed(503, verdict.failure, retryAfter(TROUBLE_RETRY_S));
  }
}

/** What is refused is at fault itself (400), but for these. */
const REFUSED_STATUS: Partial<Record<ErrorCode, number>> = {
  REPORT_INTAKE_NOT_VERIFIED: 403,
  REPORT_INTAKE_TOO_LARGE: 413,
  TLSRPT_REPORT_PACKED_SIZE: 413,
  TLSRPT_REPORT_JSON_SIZE: 413,
};

/** Answers to what is not read. */
export const REFUSALS = {
  notFound: refusal('not-found', 404, {
    code: 'REPORT_RECEIVER_NOT_FOUND',
    detail: 'no reports are taken here',
  }),
  method: refusal(
    'method',
    405,
    { code: 'REPORT_RECEIVER_METHOD', detail: 'TLS reports come by POST (RFC 8460, section 5.4)' },
    { allow: 'POST' },
  ),
  tooLarge: (maxBytes: number): Refusal =>
    refusal('too-large', 413, {
      code: 'REPORT_RECEIVER_TOO_LARGE',
      detail: `a report may have ${maxBytes} octets`,
    }),
  tooSlow: (ms: number): Refusal =>
    refusal('too-slow', 408, {
      code: 'REPORT_RECEIVER_TOO_SLOW',
      detail: `the report did not come within ${ms / 1_000} seconds, or a large one stopped coming`,
    }),
  tooMany: (waitMs: number): Refusal =>
    refusal(
      'too-many',
      429,
      { code: 'REPORT_RECEIVER_TOO_MANY', detail: 'too many reports within a minute' },
      retryAfter(Math.ceil(waitMs / 1_000)),
    ),
  busy: refusal(
    'busy',
    503,
    { code: 'REPORT_RECEIVER_BUSY', detail: 'many reports are on their way in; come again' },
    retryAfter(60),
  ),
  noReport: refusal(
    'no-report',
    415,
    { code: 'REPORT_RECEIVER_NO_REPORT', detail: 'neither gzip nor zip nor JSON' },
    { accept: 'application/tlsrpt+gzip, application/tlsrpt+json' },
  ),
  unknownEncoding: refusal(
    'encoding',
    415,
    { code: 'REPORT_RECEIVER_ENCODING', detail: 'of content encodings only gzip is known' },
    { 'accept-encoding': 'gzip' },
  ),
  wrongEncoding: refusal('encoding', 400, {
    code: 'REPORT_RECEIVER_ENCODING',
    detail: 'Content-Encoding says gzip, and what came is none, is damaged, or is too large',
  }),
} as const;

/** A bug; the sender is to come again. */
export const FAULT: HttpReply = failed(
  500,
  { code: 'REPORT_RECEIVER_FAULT', detail: 'a fault of this server; come again' },
  retryAfter(TROUBLE_RETRY_S),
);

function refusal(
  why: ReportTurnedAway,
  status: number,
  failure: Failure,
  headers: HttpReply['headers'] = {},
): Refusal {
  return { ...failed(status, failure, headers), why, failure };
}

function failed(status: number, failure: Failure, headers: HttpReply['headers'] = {}): HttpReply {
  const { code, detail } = failure;
  return reply(status, { error: { code, detail: printable(detail) } }, headers);
}

function reply(status: number, json: object, headers: HttpReply['headers'] = {}): HttpReply {
  return { status, body: `${JSON.stringify(json)}\n`, headers };
}

function retryAfter(seconds: number): HttpReply['headers'] {
  return { 'retry-after': String(seconds) };
}
