/**
 * How long a decision may be used again.
 *
 * @module
 */
import type { Answer, RrType } from '../dns/types.ts';
import type { ErrorCode } from '../errors.ts';
import type { StsStatus } from '../mta-sts/types.ts';
import type { Evidence } from './types.ts';

/** No decision is older: within this time the policy engine hears of a changed TXT id. */
const LONGEST_MS = 5 * 60_000;
/** A failure is asked about again after this. */
const AFTER_FAILURE_MS = 30_000;
/** A first contact that is still under way is asked about again after this. */
const WHILE_PENDING_MS = 5_000;

/**
 * When the first piece of the evidence grows stale: TTLs are honoured as they are, without a
 * floor; failures count half a minute; the policy's own end (RFC 8461 §5.1) and that of an override
 * bound the rest.
 */
export function expiresAt(evidence: Evidence): number {
  const { gatheredAt, mx, hosts, sts, override } = evidence;
  const answers = [
    mx,
    ...hosts.flatMap(({ a, aaaa, dane }) => [a, aaaa, ...(dane?.tlsaAnswers ?? [])]),
  ];
  return Math.min(
    gatheredAt + LONGEST_MS,
    ...answers.map((answer) => endOf(answer, gatheredAt)),
    endOfSts(sts, gatheredAt),
    override?.until ?? Number.POSITIVE_INFINITY,
  );
}

function endOf(answer: Answer<RrType> | undefined, gatheredAt: number): number {
  if (answer === undefined) return Number.POSITIVE_INFINITY;
  return answer.kind === 'failure'
    ? gatheredAt + AFTER_FAILURE_MS
    : answer.receivedAt + answer.ttl * 1000;
}

/** How long "no policy" is believed: shortest where it only means that nobody could be asked. */
function stsAbsenceMs(code: ErrorCode): number {
  if (code === 'STS_FIRST_CONTACT_PENDING' || code.startsWith('STORE_')) return WHILE_PENDING_MS;
  return code.startsWith('DNS_') ? AFTER_FAILURE_MS : LONGEST_MS;
}

function endOfSts(sts: StsStatus | undefined, gatheredAt: number): number {
  switch (sts?.kind) {
    case undefined:
      return Number.POSITIVE_INFINITY;
    case 'policy':
      return sts.active.expiresAt;
    case 'none':
      return gatheredAt + stsAbsenceMs(sts.failure.code);
    default:
      return sts satisfies never;
  }
}
