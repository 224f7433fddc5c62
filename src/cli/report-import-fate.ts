/**
 * What became of each report and file of an import, in a word.
 *
 * @module
 */
import type { ErrorCode } from '../errors.ts';
import type { Failure } from '../failure.ts';
import type { Taken } from '../reporting/import/types.ts';

/** All there is, in the order in which it is told. */
export const KINDS = {
  stored: 'stored',
  replaced: 'stored, in place of one that was less sure',
  'not-counted': 'stored, not counted: sender not proven',
  conflict: 'stored, not counted: another report has its id',
  duplicate: 'known already',
  'unknown-domain': 'about domains that are not kept',
  'over-quota': 'over the share of their sender',
  'not-a-report': 'no reports',
  refused: 'refused',
  unreadable: 'could not be read',
  later: 'not now',
} as const;

/** One of them. */
export type Kind = keyof typeof KINDS;

/** Of a report, or of a file without one. */
export interface Fate {
  readonly kind: Kind;
  /** In the store. */
  readonly id?: string;
  /** The one that it stands beside, or in whose place it counts. */
  readonly of?: string;
  /** Those that are not kept. */
  readonly domains?: readonly string[];
  readonly code?: ErrorCode;
  readonly detail?: string;
}

/** Domains that are told of one report. */
const MOST_DOMAINS = 3;

/** Several where a mail carries several reports. */
export function fatesOf(taken: Exclude<Taken, { readonly kind: 'mailbox' }>): readonly Fate[] {
  switch (taken.kind) {
    case 'reports':
      return [...taken.results, ...taken.failures.map((failure) => failed('refused', failure))];
    case 'too-large':
      return [tooLarge(taken.octets)];
    case 'unreadable':
      return [unreadable(taken.reason)];
    case 'not-a-report':
    case 'refused':
    case 'later':
      return [failed(taken.kind, taken.failure)];
  }
}

function failed(kind: Kind, { code, detail }: Failure): Fate {
  return { kind, code, detail };
}

/** Of what is larger than is read. */
export function tooLarge(octets: number): Fate {
  const detail = `${octets} octets are more than are read`;
  return { kind: 'refused', code: 'REPORT_INTAKE_TOO_LARGE', detail };
}

/** Of what cannot be read. */
export function unreadable(reason: string): Fate {
  return { kind: 'unreadable', detail: reason };
}

/** For a person, behind the place. */
export function fateText({ kind, domains, code, detail = '' }: Fate): string {
  const why = `${detail}${code === undefined ? '' : ` (${code})`}`;
  switch (kind) {
    case 'unknown-domain':
      return `about ${domainsText(domains ?? [])}, which is not kept: see reporting.receive.domains, or --domain`;
    case 'not-a-report':
      return `no report: ${why}`;
    case 'unreadable':
      return `cannot be read: ${why}`;
    case 'refused':
    case 'later':
      return why;
    case 'stored':
    case 'replaced':
    case 'not-counted':
    case 'conflict':
    case 'duplicate':
    case 'over-quota':
      return KINDS[kind];
  }
}

function domainsText(domains: readonly string[]): string {
  const named = domains
    .slice(0, MOST_DOMAINS)
    .map((domain) => domain || 'a domain it does not name');
  const left = domains.length - named.length;
  return `${named.join(', ')}${left === 0 ? '' : ` and ${left} more`}`;
}
