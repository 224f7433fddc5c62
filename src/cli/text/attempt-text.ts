/**
 * What a host must show, and what it showed, in plain words.
 *
 * @module
 */
import type { AttemptEvent } from '../../tls-policy/attempt-event.ts';
import type { Requirement } from '../../tls-policy/types.ts';
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
      return requirement.because.kind === 'tlsa-unusable'
        ? 'TLS, with any certificate (no TLSA record is usable)'
        : 'TLS, with any certificate (by override)';
    case 'opportunistic':
      return requirement.testing === undefined
        ? 'nothing; TLS is used if offered'
        : 'nothing; TLS is used if offered, faults are reported (policy in testing)';
    case 'refused':
      return `refused: ${shown(requirement.failure.detail)} (${requirement.rule})  ${requirement.failure.code}`;
  }
}

/** How an attempt ended, and what an enforced policy would have said. */
export function verdictLines(event: AttemptEvent, paint: Paint): readonly string[] {
  const lines = [`      verdict:   ${verdictText(event, paint)}`];
  const wouldFail = event.verdict?.wouldFail;
  if (wouldFail !== undefined) {
    const text = `would fail if enforced: ${shown(wouldFail.detail)}`;
    lines.push(`                 ${paint('warn', text)}  ${paint('dim', wouldFail.code)}`);
  }
  return lines;
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
