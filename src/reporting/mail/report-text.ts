/**
 * A report in plain words, for the person who opens its mail.
 *
 * @module
 */
import type { ResultType } from '../../failure.ts';
import { printable } from '../../printable.ts';
import type { PolicyResult, PolicyType, TlsReport } from '../../tlsrpt/report.ts';

/** What is told. */
export interface ReportTextOptions {
  readonly report: TlsReport;
  /** The domain whose record asked for the report. */
  readonly domain: string;
}

/** More kinds of failures than these are in the attached report alone. */
const MAX_FAILURES = 20;

/** The text, lines with LF, each no longer than some 100 characters. */
export function reportText({ report, domain }: ReportTextOptions): string {
  const failures = failureLines(report.policies);
  return [
    `This is a report about TLS connections of mail servers (RFC 8460), made by`,
    `${printable(report.organizationName, 200)}.`,
    '',
    `It says how our connections to the mail servers of ${domain} went`,
    `from ${timeText(report.start)} to ${timeText(report.end)}.`,
    '',
    ...report.policies.map(policyLine),
    ...(failures.length === 0 ? [] : ['', 'What failed:', '', ...failures]),
    '',
    'The attached file holds the whole report, for a program to read.',
    '',
    `You get it because of the TXT record at _smtp._tls.${domain}.`,
    'Change or remove that record to stop these reports.',
    `Questions about this report: ${printable(report.contactInfo, 320)}`,
    `Report: ${printable(report.reportId)}`,
    '',
  ].join('\n');
}

function timeText(ms: number): string {
  return new Date(ms).toISOString().replace(/\.000Z$/, 'Z');
}

const POLICY_WORDS: Readonly<Record<PolicyType, string>> = {
  sts: 'MTA-STS policy of',
  tlsa: 'DANE records of',
  'no-policy-found': 'no policy found for',
};

function policyLine({ policy, successes, failures }: PolicyResult): string {
  const name = `${POLICY_WORDS[policy.type]} ${printable(policy.domain, 253)}`;
  return `  ${name}: ${count(successes)} good, ${count(failures)} failed`;
}

function count(sessions: number): string {
  return sessions === 1 ? '1 session' : `${sessions} sessions`;
}

interface FailureSum {
  readonly resultType: ResultType;
  readonly host: string;
  count: number;
}

function failureLines(policies: readonly PolicyResult[]): readonly string[] {
  const sums = new Map<string, FailureSum>();
  for (const { resultType, receivingMxHostname, count } of policies.flatMap(
    ({ details }) => details,
  )) {
    const host = receivingMxHostname ?? '';
    const key = `${resultType} ${host}`;
    const sum = sums.get(key) ?? { resultType, host, count: 0 };
    sum.count += count;
    sums.set(key, sum);
  }
  const all = [...sums.values()].sort((one, other) => other.count - one.count);
  const lines = all
    .slice(0, MAX_FAILURES)
    .flatMap(({ resultType, host, count: sessions }) => [
      `  ${count(sessions)}: ${resultType}${host === '' ? '' : ` at ${printable(host, 253)}`}`,
      `      ${RESULT_WORDS[resultType]}`,
    ]);
  const rest = all.length - MAX_FAILURES;
  return rest > 0 ? [...lines, `  and ${rest} more kinds, see the attached report`] : lines;
}

/** What each result type means (RFC 8460 §4.3). */
const RESULT_WORDS: Readonly<Record<ResultType, string>> = {
  'starttls-not-supported': 'The server did not offer TLS (STARTTLS), or refused it.',
  'certificate-host-mismatch': 'The certificate is for other names than that of the server.',
  'certificate-expired': 'The certificate of the server had expired.',
  'certificate-not-trusted': 'The certificate comes from no authority that we trust.',
  'validation-failure': 'TLS or the check of the certificate failed for another reason.',
  'tlsa-invalid': 'No TLSA record could be used.',
  'dnssec-invalid': 'The DNS answers did not pass DNSSEC.',
  'dane-required': 'We demand DANE here, and there were no TLSA records that DNSSEC vouches for.',
  'sts-policy-fetch-error': 'The MTA-STS policy could not be fetched.',
  'sts-policy-invalid': 'The MTA-STS policy was fetched and is not valid.',
  'sts-webpki-invalid': 'The certificate of the MTA-STS policy host was not valid.',
};
