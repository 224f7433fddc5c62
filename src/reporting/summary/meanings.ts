/**
 * What a failure in a TLS report means for the side that receives the mail, who must act, and how.
 *
 * @module
 */
import type { ResultType } from '../../failure.ts';
import type { Actor, Meaning } from './meaning.ts';
import { reasonMeaning } from './reason-codes.ts';
import { shares } from './shares.ts';

/** The result types of received reports, the unknown ones together. */
export type ReportedType = ResultType | 'unknown';

/** What each result type means (RFC 8460 §4.3). */
export const MEANINGS: Readonly<Record<ReportedType, Meaning>> = {
  'starttls-not-supported': {
    means: 'The MX host offered no STARTTLS, or refused it. The sender could not encrypt.',
    todo:
      'Turn STARTTLS on at this MX host. If it is on, look for a firewall that hides it ("SMTP inspection"), ' +
      'or for an address in the DNS that is not this host.',
    actor: 'we',
  },
  'certificate-host-mismatch': {
    means: 'The certificate of the MX host is for other names.',
    todo:
      'Put the name of the MX record into the certificate (subjectAltName), or let the MX record name the host ' +
      'as the certificate does. A host that serves several names must choose the certificate by SNI.',
    actor: 'we',
  },
  'certificate-expired': {
    means: 'The certificate of the MX host had expired.',
    todo:
      'Renew it, reload the mail server, and look with `openssl s_client -starttls smtp` that it serves the new one. ' +
      'Then find out why the renewal did not run.',
    actor: 'we',
  },
  'certificate-not-trusted': {
    means: 'The sender does not know who issued the certificate of the MX host.',
    todo:
      'Serve a certificate of a public authority with all intermediates ("fullchain"). ' +
      'If one sender alone says so, its list of authorities is old.',
    actor: 'we',
  },
  'validation-failure': {
    means: 'TLS or the policy failed for another reason; the reason code may say which.',
    todo:
      'Read the reason code. Without one, try the MX host with `smtp-sts explain DOMAIN --connect`. ' +
      'Check that the `mx` lines of the policy cover every MX host.',
    actor: 'unclear',
  },
  'tlsa-invalid': {
    means: 'No TLSA record of the MX host could be used or fits its certificate.',
    todo: 'Publish `3 1 1` records that fit the key in use, and publish the next one before the key is changed.',
    actor: 'we',
  },
  'dnssec-invalid': {
    means: 'The sender got no DNS answer that DNSSEC vouches for. Mail waits meanwhile.',
    todo:
      'Check the signatures and the DS record of the zone (expired signatures, a key roll-over that went wrong). ' +
      'If one sender alone says so, its resolver is at fault.',
    actor: 'we',
  },
  'dane-required': {
    means: 'The sender is set to insist on DANE for this domain and found no secure TLSA record.',
    todo: 'Nothing, if you never published TLSA records. Else publish them again in a signed zone: they are gone.',
    actor: 'sender',
  },
  'sts-policy-fetch-error': {
    means:
      'The sender saw the `_mta-sts` record but could not get the policy by HTTPS. ' +
      'A sender that knew the policy goes on with it; one that did not has none.',
    todo:
      'See that https://mta-sts.DOMAIN/.well-known/mta-sts.txt answers 200 with text/plain, without a redirect, ' +
      'by IPv4 and IPv6, and from abroad: a wall against robots stops senders too.',
    actor: 'we',
  },
  'sts-policy-invalid': {
    means: 'The sender got the policy and could not read it.',
    todo: 'Check it with `smtp-sts lint`. Then change the `id` of the `_mta-sts` record.',
    actor: 'we',
  },
  'sts-webpki-invalid': {
    means: 'The certificate of the policy host (mta-sts.DOMAIN) was not valid.',
    todo: 'Renew the certificate of the web server; it must name mta-sts.DOMAIN and come with all intermediates.',
    actor: 'we',
  },
  unknown: {
    means: 'The report names a result type that no standard knows.',
    todo: 'Look at the report itself (`smtp-sts report show`), and ask the sender if it goes on.',
    actor: 'unclear',
  },
};

/** These types say themselves what is to be mended: a reason code besides is no other failure. */
export const SAY_ALL: ReadonlySet<ReportedType> = new Set<ReportedType>([
  'starttls-not-supported',
  'certificate-expired',
  'certificate-host-mismatch',
]);

/**
 * The meaning of a failure; a known reason code says more than the type. But what says itself what
 * is to be mended does not pass by itself, whatever the reason code says.
 */
export function meaningOf(type: ReportedType, reasonCode?: string): Meaning {
  const reason = reasonCode === undefined ? undefined : reasonMeaning(reasonCode, hostOf(type));
  if (reason === undefined || (!isSerious(reason) && SAY_ALL.has(type))) {
    return MEANINGS[type];
  }
  return reason;
}

/** Failed sessions with what was said of them. */
export interface SaidReason {
  readonly sender: string;
  /** '' for none. */
  readonly reason: string;
  readonly sessions: number;
}

/**
 * The meaning of failures of one type: that of the reason that more than half of the senders give.
 * Each sender has one voice, however many sessions it claims; and what nobody needs to mend says
 * nothing about what somebody must.
 */
export function commonMeaning(type: ReportedType, said: readonly SaidReason[]): Meaning {
  const bySender = Map.groupBy(said, ({ sender }) => sender);
  const voices = Array.from(bySender.values(), (rows) => voiceOf(type, rows));
  const counted = seriousOf(voices, (meaning) => meaning);
  for (const [meaning, senders] of Map.groupBy(counted, (voice) => voice)) {
    if (2 * senders.length > counted.length) return meaning;
  }
  return MEANINGS[type];
}

/** What one sender says, by most of its sessions. */
function voiceOf(type: ReportedType, rows: readonly SaidReason[]): Meaning {
  const counted = seriousOf(rows, ({ reason }) => meaningOf(type, reason));
  const [first] = shares(counted, ({ reason }) => reason);
  return meaningOf(type, first?.name);
}

/** Those that somebody must mend; all where nobody must mend any. */
function seriousOf<T>(all: readonly T[], meaning: (one: T) => Meaning): readonly T[] {
  const serious = all.filter((one) => isSerious(meaning(one)));
  return serious.length === 0 ? all : serious;
}

/** Must somebody mend it? */
export function isSerious({ actor }: Meaning): boolean {
  return actor !== 'nobody';
}

/** The same with the domain in its place, where a meaning speaks of DOMAIN. */
export function meaningFor(domain: string, meaning: Meaning): Meaning {
  if (domain === '') return meaning;
  const put = (text: string): string => text.replaceAll('DOMAIN', () => domain);
  return { ...meaning, means: put(meaning.means), todo: put(meaning.todo) };
}

/** Whose failure it is: the same reason means another thing for the policy host. */
function hostOf(type: ReportedType): 'mx' | 'policy-host' {
  switch (type) {
    case 'sts-policy-fetch-error':
    case 'sts-policy-invalid':
    case 'sts-webpki-invalid':
      return 'policy-host';
    case 'starttls-not-supported':
    case 'certificate-host-mismatch':
    case 'certificate-expired':
    case 'certificate-not-trusted':
    case 'validation-failure':
    case 'tlsa-invalid':
    case 'dnssec-invalid':
    case 'dane-required':
    case 'unknown':
      return 'mx';
  }
}

/** Who must act, in words. */
export const ACTOR_TEXT: Readonly<Record<Actor, string>> = {
  we: 'you',
  sender: 'the sender',
  nobody: 'nobody',
  unclear: 'look first',
};
