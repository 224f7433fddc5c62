/**
 * Fetching a policy (RFC 8461 §3.3), and what a failure is called in a TLS report (RFC 8460 §4.3).
 *
 * @module
 */
import { normalizeName } from '../dns/name.ts';
import type { ErrorCode } from '../errors.ts';
import { fail, ok, type Failure, type Outcome, type Problem, type ResultType } from '../failure.ts';
import type { HttpsFetcher } from '../http/https-fetcher.ts';
import type { FetchedDocument } from '../http/types.ts';
import { quoted } from '../problems.ts';
import { readStsPolicy } from './policy.ts';
import type { StsPolicy } from './types.ts';

/** The path of a policy; letter case matters (RFC 8461 §3.2, §9.1). */
export const POLICY_PATH = '/.well-known/mta-sts.txt';

/** Faults that a failure tells; `lint` shows them all. */
const MOST_FAULTS = 5;

const LINE_FEED = 10;

/** The host that serves the policy of a domain (RFC 8461 §3.2). */
export function policyHost(policyDomain: string): string {
  return `mta-sts.${policyDomain}`;
}

/** What to fetch, and with what. */
export interface FetchPolicyOptions {
  readonly fetcher: HttpsFetcher;
  /** Any spelling. */
  readonly policyDomain: string;
  /** Refuse other media types than `text/plain`. Default true (RFC 8461 §3.2). */
  readonly requireTextPlain?: boolean;
  readonly signal?: AbortSignal;
}

/** A valid policy, and how it came. */
export interface FetchedPolicy {
  readonly policy: StsPolicy;
  /** Where it came from: an address, or the proxy. */
  readonly address: string;
  /** Warnings and remarks; no errors. */
  readonly problems: readonly Problem[];
  readonly certificate: FetchedDocument['certificate'];
}

/**
 * Fetches and reads the policy. The failure has the result type `sts-webpki-invalid` where the
 * host could not be authenticated, `sts-policy-invalid` where the text is not valid, and
 * `sts-policy-fetch-error` for everything else.
 */
export async function fetchStsPolicy(options: FetchPolicyOptions): Promise<Outcome<FetchedPolicy>> {
  const { fetcher, policyDomain, requireTextPlain = true, signal } = options;
  const domain = normalizeName(policyDomain, { hostName: true });
  if (!domain.ok) return { ok: false, failure: withResultType(domain.failure) };
  const host = policyHost(domain.value);
  const document = await fetcher.fetch({
    host,
    path: POLICY_PATH,
    ...(signal === undefined ? {} : { signal }),
  });
  if (!document.ok) return { ok: false, failure: withResultType(document.failure) };
  const fetched = document.value;
  const { body, contentType, address, endIsCertain } = fetched;
  if (requireTextPlain && !isTextPlain(contentType)) {
    const found = contentType === '' ? 'no media type' : quoted(contentType);
    return fail('STS_POLICY_MEDIA_TYPE', `${host} sent ${found}, not text/plain`, {
      resultType: 'sts-policy-fetch-error',
      reasonCode: 'media-type',
    });
  }
  // A cut that leaves whole lines drops a host at worst; one within `max_age: 604800` weakens the policy.
  if (!endIsCertain && body.at(-1) !== LINE_FEED) {
    return fail(
      'STS_POLICY_CUT',
      `${host} sent a policy without length and without a last line end`,
      {
        resultType: 'sts-policy-fetch-error',
        reasonCode: 'cut',
      },
    );
  }
  const { value, problems } = readStsPolicy(body);
  if (value === undefined) return invalid(host, problems);
  return ok({
    policy: value,
    address,
    problems,
    get certificate() {
      return fetched.certificate;
    },
  });
}

/** Parameters are ignored, whatever they say: the text is read as UTF-8 (RFC 8461 §3.2). */
export function isTextPlain(contentType: string): boolean {
  return /^[ \t]*text\/plain[ \t]*(?:;|$)/i.test(contentType);
}

function invalid(host: string, problems: readonly Problem[]): Outcome<never> {
  const errors = problems.filter((problem) => problem.severity === 'error');
  const [first] = errors;
  const told = errors.slice(0, MOST_FAULTS).map(faultText).join('; ');
  return fail('STS_POLICY_INVALID', `${host}: ${told}${moreFaults(errors.length, problems)}`, {
    resultType: 'sts-policy-invalid',
    ...(first === undefined ? {} : { reasonCode: reasonOf(first.code) }),
  });
}

/** The reader keeps only so many faults: then nobody knows how many more there are. */
function moreFaults(errors: number, problems: readonly Problem[]): string {
  const others = errors - MOST_FAULTS;
  if (others <= 0) return '';
  const isCut = problems.some(({ code }) => code === 'STS_PROBLEMS_CUT');
  return ` (and ${isCut ? 'at least ' : ''}${others} more fault${others === 1 ? '' : 's'})`;
}

function faultText({ line, column, message }: Problem): string {
  return `line ${line}, column ${column}: ${message}`;
}

function withResultType(failure: Failure): Failure {
  return {
    ...failure,
    resultType: resultTypeOf(failure),
    reasonCode: failure.reasonCode ?? reasonOf(failure.code),
  };
}

/** A handshake that took too long, broke off, or was called off says nothing about the certificate. */
const UNDECIDED: readonly ErrorCode[] = [
  'TLS_HANDSHAKE_TIMEOUT',
  'TLS_HANDSHAKE_CLOSED',
  'TLS_ABORTED',
];

function resultTypeOf({ code }: Failure): ResultType {
  const isUnverified = code.startsWith('TLS_') && !UNDECIDED.includes(code);
  return isUnverified ? 'sts-webpki-invalid' : 'sts-policy-fetch-error';
}

/** `HTTP_TOO_LARGE` → `too-large`: the word of a code for a report. */
function reasonOf(code: string): string {
  return code
    .replace(/^(?:HTTP|TLS|DNS|STS_POLICY)_/, '')
    .toLowerCase()
    .replaceAll('_', '-');
}
