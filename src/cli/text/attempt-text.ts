/**
 * What a host must show, and what it showed, in plain words.
 *
 * @module
 */
import type { Failure } from '../../failure.ts';
import type { AttemptEvent } from '../../tls-policy/attempt-event.ts';
import type { EncryptCause, Requirement } from '../../tls-policy/types.ts';
import { shown } from './format.ts';
import type { Paint } from './paint.ts';

/** What a host must show. */
export function demandText(requirement: Requirement): string {
  switch (requirement.kind) {
    case 'dane':
      return `a certificate that a TLSA record of ${requirement.dane.baseDomain} matches (DANE)`;
    case 'dane-and-sts':
      return (
        `a certificate that a TLSA record of ${requirement.dane.baseDomain} matches (DANE) ` +
        `and that is valid for ${requirement.sts.host} (MTA-STS)`
      );
    case 'sts':
      return `a certificate valid for ${requirement.sts.host} (MTA-STS)`;
    case 'encrypt':
      return `TLS, with any certificate (${ENCRYPT_CAUSE[requirement.because.kind]})`;
    case 'pkix':
      return `a certificate valid for ${requirement.host} (by route)`;
    case 'opportunistic':
      return requirement.testing === undefined
        ? 'nothing; TLS is used if offered'
        : 'nothing; TLS is used if offered, faults are reported (policy in testing)';
    case 'refused':
      return `refused: ${shown(requirement.failure.detail)} (${requirement.rule})  ${requirement.failure.code}`;
  }
}

const ENCRYPT_CAUSE: Readonly<Record<EncryptCause['kind'], string>> = {
  'tlsa-unusable': 'no TLSA record is usable',
  override: 'by override',
  route: 'by route',
};

/** How an attempt ended, and what an enforced policy would have said. */
export function verdictLines(
  event: AttemptEvent,
  paint: Paint,
  policyUse?: 'report-only',
): readonly string[] {
  const { wouldFail, alsoWouldFail } = event.verdict ?? {};
  const spared = policyUse === 'report-only' && wouldFail !== undefined && binds(event);
  const lead = spared ? 'the policy would refuse' : 'would fail if enforced';
  return [
    `      verdict:   ${spared ? paint('warn', SPARED) : verdictText(event, paint)}`,
    ...faultLines(lead, wouldFail, paint),
    ...faultLines('and also', alsoWouldFail, paint),
  ];
}

/** RFC 8689 §4.2.2. */
const SPARED = 'may deliver: policy not enforced: the message says TLS-Required: No';

/** Is there more than a policy in testing? */
function binds({ requirement }: AttemptEvent): boolean {
  switch (requirement.kind) {
    case 'opportunistic':
      return false;
    case 'dane':
    case 'pkix':
    case 'encrypt':
      return requirement.testing === undefined;
    case 'sts':
    case 'dane-and-sts':
    case 'refused':
      return true;
  }
}

function faultLines(lead: string, failure: Failure | undefined, paint: Paint): readonly string[] {
  if (failure === undefined) return [];
  const text = paint('warn', `${lead}: ${shown(failure.detail)}`);
  return [`                 ${text}  ${paint('dim', failure.code)}`];
}

function verdictText(event: AttemptEvent, paint: Paint): string {
  switch (event.outcome) {
    case 'ready': {
      const style = event.verdict?.tls === 'authenticated' ? 'good' : 'warn';
      return paint(style, `may deliver: ${shown(event.verdict?.why ?? '')}`);
    }
    case 'refused':
    case 'unreachable': {
      const { detail = '', code = '' } = event.failure ?? {};
      return `${paint('bad', `${event.outcome}: ${shown(detail)}`)}  ${paint('dim', code)}`;
    }
  }
}
