/**
 * Sending a report by HTTPS (RFC 8460 §5.4), and what each answer means.
 *
 * @module
 */
import type { Clock } from '../../clock.ts';
import type { ReportSendSettings } from '../../config/reporting-types.ts';
import type { Resolver } from '../../dns/types.ts';
import type { ErrorCode } from '../../errors.ts';
import type { Failure } from '../../failure.ts';
import { createHttpsPoster } from '../../http/https-poster.ts';
import type { PostReply } from '../../http/post-exchange.ts';
import { printable } from '../../printable.ts';
import type { TlsTrust } from '../../tls/types.ts';
import type { SendResult } from '../types.ts';
import type { PostReport } from './types.ts';

/** What posting reports stands on. */
export interface ReportPosterOptions {
  readonly resolver: Resolver;
  readonly clock: Clock;
  /** Read anew for each report. */
  readonly settings: () => Pick<ReportSendSettings, 'https'>;
  /** Trust anchors as they are now, PEM; default, and undefined: the built-in list. */
  readonly ca?: () => TlsTrust['ca'];
  readonly localAddress?: string;
}

const CONTENT_TYPE = 'application/tlsrpt+gzip';
/** What is shown of an answer, in characters. */
const LONGEST_TEXT = 200;
/** Statuses besides 5xx after which another try may do. */
const LATER: ReadonlySet<number> = new Set([408, 425, 429]);

/**
 * Posts packed reports. The host is looked up once and connected to at an address that was checked;
 * only 2xx is a success, and no redirect is followed.
 */
export function createReportPoster(options: ReportPosterOptions): PostReport {
  const { settings, ca: trusted, ...rest } = options;
  const { clock } = options;
  return async (text, gzip, signal) => {
    const ca = trusted?.();
    const poster = createHttpsPoster({ ...rest, ...(ca === undefined ? {} : { ca }) });
    const { https } = settings();
    const url = usableUrl(text, https.allowPorts);
    if (!(url instanceof URL)) return { kind: 'refused', failure: url };
    const reply = await poster.post({
      url,
      contentType: CONTENT_TYPE,
      body: gzip,
      allowAddresses: https.allowAddresses,
      certificates: https.certificates,
      ...(signal === undefined ? {} : { signal }),
    });
    return reply.ok ? resultOf(url.host, reply.value, clock.now()) : resultOfFailure(reply.failure);
  };
}

/** The URL if reports may be posted there; else why not. */
export function usableUrl(text: string, allowPorts: readonly number[]): URL | Failure {
  const url = URL.parse(text);
  if (url?.protocol !== 'https:' || url.hostname === '' || url.username + url.password !== '') {
    const detail = `${printable(text, LONGEST_TEXT)} is no usable https address`;
    return { code: 'REPORT_SEND_URL_INVALID', detail };
  }
  if (url.port === '' || allowPorts.includes(Number(url.port))) return url;
  const detail = `${url.host}: reports are posted to port 443 only`;
  return { code: 'REPORT_SEND_PORT_REFUSED', detail };
}

/** An address that is refused is no fault of the moment; everything else of the network may be. */
function resultOfFailure(failure: Failure): SendResult {
  if (failure.code !== 'HTTP_ADDRESS_REFUSED') return { kind: 'later', failure };
  const { detail } = failure;
  return { kind: 'refused', failure: { code: 'REPORT_SEND_ADDRESS_REFUSED', detail } };
}

function resultOf(host: string, reply: PostReply, now: number): SendResult {
  const { status, location, retryAfter } = reply;
  if (status >= 200 && status < 300) return { kind: 'accepted', text: `${host}: HTTP ${status}` };
  const body = reply.text.trim() === '' ? '' : `: ${printable(reply.text.trim(), LONGEST_TEXT)}`;
  const failureOf = (code: ErrorCode, more: string): Failure => ({
    code,
    detail: `${host} answered HTTP ${status}${more}`,
  });
  if (status >= 300 && status < 400) {
    const where = location === '' ? '' : `, a redirect to ${printable(location, LONGEST_TEXT)}`;
    return { kind: 'refused', failure: failureOf('REPORT_SEND_HTTP_REDIRECT', where) };
  }
  if (status < 500 && !LATER.has(status)) {
    return { kind: 'refused', failure: failureOf('REPORT_SEND_HTTP_REFUSED', body) };
  }
  const retryAfterMs = readRetryAfter(retryAfter, now);
  return {
    kind: 'later',
    failure: failureOf('REPORT_SEND_HTTP_LATER', body),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

/** Seconds, or a date (RFC 9110 §10.2.3); undefined for anything else. */
export function readRetryAfter(text: string, now: number): number | undefined {
  const value = text.trim();
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  // Date.parse takes much that is no date of HTTP.
  if (!/^[A-Z][a-z]+, .* GMT$/.test(value)) return undefined;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
