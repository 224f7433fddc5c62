/**
 * Looks TLSA records up for one MX host, whose addresses are known already (RFC 7672 §2.2).
 *
 * @module
 */
import type { Answer, FailedAnswer, RecordsAnswer, Resolver, RrType } from '../dns/types.ts';
import type { ErrorCode } from '../errors.ts';
import type { Failure } from '../failure.ts';
import { baseDomains } from './base-domain.ts';
import { tlsaText } from './tlsa-text.ts';
import type { DaneEvidence, DaneState } from './types.ts';
import { DEFAULT_DIGESTS, usableRecords, type DigestAlgorithm } from './usable.ts';

/** The longest name in text form that DNS can hold (RFC 1035 §2.3.4). */
const LONGEST_NAME = 253;

/** What to look up, and with what. */
export interface DaneLookupOptions {
  readonly resolver: Resolver;
  /** MX host name, normalised. */
  readonly host: string;
  /** The real port: it is part of the owner name (RFC 7672 §2.2.3). */
  readonly port: number;
  /** The answers for the host's addresses, which come before any TLSA question (RFC 7672 §2.2.2). */
  readonly a: Answer<'A'> | undefined;
  readonly aaaa: Answer<'AAAA'> | undefined;
  readonly fresh?: boolean;
  readonly signal?: AbortSignal;
  /** Digests in use, strongest first. */
  readonly digests?: readonly DigestAlgorithm[];
}

/**
 * Finds out what DANE asks of a host. TLSA is not asked for where the address answers are insecure,
 * because broken name servers stumble over the question (RFC 7672 §2.2.2). The first candidate with
 * a secure RRset is the base domain; any look-up that fails makes the host unreachable (§2.1.2).
 */
export async function lookUpDane(options: DaneLookupOptions): Promise<DaneEvidence> {
  const { host, a, aaaa } = options;
  const bases = baseDomains([a, aaaa]);
  if (bases.kind === 'candidates') return await askAt(bases.names, options);
  return { state: withoutQuestion(bases, host), tlsaAnswers: [] };
}

function withoutQuestion(
  bases: Exclude<ReturnType<typeof baseDomains>, { kind: 'candidates' }>,
  host: string,
): DaneState {
  if (bases.kind === 'failed') {
    return { kind: 'failed', failure: lookUpFailure('DANE_ADDRESS_LOOKUP_FAILED', bases.answer) };
  }
  return bases.kind === 'insecure'
    ? absent('DANE_ADDRESS_INSECURE', `the addresses of ${host} are not protected by DNSSEC`)
    : absent('DANE_NO_ADDRESS', `${host} has no address`);
}

async function askAt(
  candidates: readonly string[],
  { resolver, host, port, fresh, signal, digests = DEFAULT_DIGESTS }: DaneLookupOptions,
): Promise<DaneEvidence> {
  const tlsaAnswers: Answer<'TLSA'>[] = [];
  for (const baseDomain of candidates) {
    const owner = `_${port}._tcp.${baseDomain}`;
    // No record can stand at a name that DNS cannot hold.
    if (owner.length > LONGEST_NAME) continue;
    const answer = await resolver.lookup(owner, 'TLSA', {
      ...(fresh === undefined ? {} : { fresh }),
      ...(signal === undefined ? {} : { signal }),
    });
    tlsaAnswers.push(answer);
    if (answer.kind === 'failure') {
      const code = isBogus(answer) ? 'DANE_TLSA_BOGUS' : 'DANE_TLSA_LOOKUP_FAILED';
      const failure = lookUpFailure(code, answer);
      return { state: { kind: 'failed', failure }, tlsaAnswers };
    }
    if (answer.kind === 'records' && answer.security === 'secure') {
      return { state: found(baseDomain, answer, digests), tlsaAnswers };
    }
  }
  return { state: notFound(host, port, tlsaAnswers), tlsaAnswers };
}

/** The base domain is the name asked at, even where the owner of the records is behind a CNAME (§2.2.3). */
function found(
  baseDomain: string,
  { name, records, ttl }: RecordsAnswer<'TLSA'>,
  digests: readonly DigestAlgorithm[],
): DaneState {
  const { usable, unusable } = usableRecords(records, digests);
  if (usable.length > 0) return { kind: 'usable', baseDomain, records, usable, ttl };
  const reasons = unusable.map(({ record, why }) => `${shortText(tlsaText(record))}: ${why}`);
  const failure: Failure = {
    code: 'DANE_ALL_UNUSABLE',
    detail: `no TLSA record at ${name} is usable (${reasons.join('; ')})`,
    resultType: 'tlsa-invalid',
    reasonCode: 'all-TLSA-records-unusable',
  };
  return { kind: 'unusable', baseDomain, records, failure };
}

function shortText(text: string): string {
  return text.length > 20 ? `${text.slice(0, 16)}…` : text;
}

function notFound(host: string, port: number, answers: readonly Answer<'TLSA'>[]): DaneState {
  const insecure = answers.some(
    (answer) => answer.kind !== 'failure' && answer.security !== 'secure',
  );
  return insecure
    ? absent('DANE_TLSA_INSECURE', `TLSA answers for ${host} port ${port} lack DNSSEC protection`)
    : absent('DANE_TLSA_NONE', `${host} has no TLSA record for port ${port}`);
}

/** No DANE, and no fault: such a failure has no result type. */
function absent(code: ErrorCode, detail: string): DaneState {
  return { kind: 'absent', failure: { code, detail } };
}

function isBogus(answer: FailedAnswer<RrType>): boolean {
  return answer.failure.code === 'DNS_BOGUS';
}

function lookUpFailure(code: ErrorCode, answer: FailedAnswer<RrType>): Failure {
  // On the way to TLSA no valid answer is `dnssec-invalid` (RFC 8460 §4.3.2.1), whatever the cause.
  const resultType = answer.type === 'TLSA' ? 'dnssec-invalid' : answer.failure.resultType;
  return {
    code,
    detail: `look-up of ${answer.type} for ${answer.name} failed: ${answer.failure.detail}`,
    reasonCode: answer.failure.code,
    ...(resultType === undefined ? {} : { resultType }),
  };
}
