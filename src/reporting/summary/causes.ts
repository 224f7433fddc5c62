/**
 * Why it failed: a kind of failure compared with our own policy, MX hosts, certificates and TLSA
 * records, now and as they were. Pure.
 *
 * @module
 */
import type { Failure } from '../../failure.ts';
import { mxMatches } from '../../mta-sts/match.ts';
import type { UtcDay } from '../types.ts';
import { dateText, dayOf, dayText } from '../day.ts';
import type { ReportedType } from './meanings.ts';
import type { OwnHost, OwnPolicy, OwnState, OwnTls, Seen } from './own-state-types.ts';
import { sinceText } from './reported-policy.ts';

/** What is to be explained. */
export interface FailureFacts {
  readonly type: ReportedType;
  /** Normalised; '' where no report names one. */
  readonly mxHost: string;
  readonly firstDay: UtcDay;
  readonly lastDay: UtcDay;
}

/**
 * A cause. `explains`: what we see fits the failure. `denies`: it does not fit it, or not any more.
 * `unseen`: we could not look.
 */
export interface Cause {
  readonly kind: 'explains' | 'denies' | 'unseen';
  /** One line, without full stop; names in it may be strangers': escape it for a terminal. */
  readonly text: string;
}

type Certificate = Extract<OwnTls, { kind: 'certificate' }>;

/** The causes that what we know of ourselves shows, the likeliest first; none where it shows none. */
export function causesOf(facts: FailureFacts, own: OwnState): readonly Cause[] {
  switch (facts.type) {
    case 'starttls-not-supported':
      return atHosts(facts, own, noStartTls);
    case 'certificate-host-mismatch':
      return atHosts(facts, own, wrongName);
    case 'certificate-expired':
      return atHosts(facts, own, expired);
    case 'certificate-not-trusted':
      return atHosts(facts, own, notTrusted);
    case 'validation-failure':
    case 'unknown':
      return [...notListed(facts, own), ...atHosts(facts, own, anything)];
    case 'tlsa-invalid':
      return atHosts(facts, own, tlsaAgainstCertificate);
    case 'dnssec-invalid':
      return dnssec(facts, own);
    case 'dane-required':
      return atHosts(facts, own, tlsaGone);
    case 'sts-policy-fetch-error':
    case 'sts-policy-invalid':
    case 'sts-webpki-invalid':
      return policyNow(facts, own);
  }
}

function explains(text: string): readonly Cause[] {
  return [{ kind: 'explains', text }];
}

function denies(text: string): readonly Cause[] {
  return [{ kind: 'denies', text }];
}

function unseen({ detail }: Failure): readonly Cause[] {
  return [{ kind: 'unseen', text: `we could not look: ${detail}` }];
}

/** DNS that is forged or signed wrongly is seen; DNS that does not answer is not. */
function dnsFault(failure: Failure): readonly Cause[] {
  const isBogus = failure.code === 'DNS_BOGUS' || failure.code === 'DANE_TLSA_BOGUS';
  return isBogus ? explains(`our resolver says so too: ${failure.detail}`) : unseen(failure);
}

type HostRule = (host: OwnHost, facts: FailureFacts) => readonly Cause[];

/** At the host that the report names, or at all of ours where it names none. */
function atHosts(facts: FailureFacts, own: OwnState, rule: HostRule): readonly Cause[] {
  const { mxHost } = facts;
  const now = own.mx[0]?.value;
  if (mxHost === '') {
    const hosts = own.hosts.filter(({ host }) => now?.includes(host) === true);
    return hosts.flatMap((host) => rule(host, facts)).filter(isPlain);
  }
  const host = own.hosts.find((one) => one.host === mxHost);
  const isUnknown = now === undefined && host === undefined && own.mxFailure !== undefined;
  return [
    ...(isUnknown ? unseen(own.mxFailure) : []),
    ...(now === undefined || now.includes(mxHost) ? [] : gone(mxHost, own)),
    ...(host === undefined ? [] : rule(host, facts)),
  ];
}

/** Where no host is named, "all is well at mx1" says little. */
function isPlain({ kind }: Cause): boolean {
  return kind === 'explains';
}

function gone(host: string, { mx }: OwnState): readonly Cause[] {
  const before = mx.slice(1).find(({ value }) => value.includes(host));
  const now = mx[0]!.value.join(', ') || 'none';
  return before === undefined
    ? explains(`${host} is not an MX host of the domain (now: ${now}, ${sinceText(mx)})`)
    : denies(`${host} is no MX host any more since ${dateText(before.lastSeen)} (now: ${now})`);
}

function newestCertificate({ tls }: OwnHost): Certificate | undefined {
  const value = tls[0]?.value;
  return value?.kind === 'certificate' ? value : undefined;
}

const noStartTls: HostRule = (host) => {
  const { host: name, tls, tlsFailure } = host;
  const [newest] = tls;
  if (newest?.value.kind === 'no-starttls') {
    return explains(`${name} offers no STARTTLS to us either (${sinceText(tls)})`);
  }
  if (newest === undefined) {
    return tlsFailure === undefined ? [] : unseen(tlsFailure);
  }
  return tls[1]?.value.kind === 'no-starttls'
    ? denies(`${name} offers STARTTLS again since ${dateText(newest.firstSeen)}`)
    : denies(`${name} offers STARTTLS to us: look for what stands between it and the sender`);
};

const wrongName: HostRule = (host) => {
  const certificate = newestCertificate(host);
  if (certificate === undefined) return [];
  const names = certificate.names.slice(0, 10).join(', ') || 'no name';
  if (!certificate.fits) {
    return explains(
      `the certificate of ${host.host} is for ${names}, not for ${host.host} (${sinceText(host.tls)})`,
    );
  }
  return denies(
    `${host.host} now serves a certificate that names it (${sinceText(host.tls)}): ${certificate.text}`,
  );
};

const expired: HostRule = ({ host, tls }, facts) => {
  const ran = tls.flatMap(({ value }) =>
    value.kind === 'certificate' && dayOf(value.validTo) <= facts.lastDay ? [value] : [],
  )[0];
  const newest = tls[0];
  const isServed = newest?.value === ran;
  if (ran !== undefined) {
    const mended = isServed ? '' : `; another one is served since ${dateText(newest!.firstSeen)}`;
    const text = `the certificate of ${host} expired on ${dateText(ran.validTo)}${beginning(ran.validTo, facts)}${mended}`;
    return isServed ? explains(text) : denies(text);
  }
  return newest?.value.kind === 'certificate'
    ? denies(
        `the certificate that ${host} serves us is valid from ${dateText(newest.value.validFrom)} ` +
          `to ${dateText(newest.value.validTo)}: another server may stand behind the name`,
      )
    : [];
};

/** Does the beginning of the failures fit to a moment? */
function beginning(moment: number, { firstDay }: FailureFacts): string {
  const days = firstDay - dayOf(moment);
  if (days === 0) return ', the failures begin that day';
  return days === 1
    ? ', the failures begin the day after'
    : `, the failures begin on ${dayText(firstDay)}`;
}

const notTrusted: HostRule = (host) => {
  const certificate = newestCertificate(host);
  if (certificate === undefined) return [];
  return certificate.distrust === ''
    ? denies(`we trust what ${host.host} serves (${sinceText(host.tls)}): ${certificate.text}`)
    : explains(`we do not trust it either: ${certificate.distrust} (${sinceText(host.tls)})`);
};

const tlsaAgainstCertificate: HostRule = ({ host, tls, tlsa, tlsaFailure }) => {
  const records = tlsa[0];
  const served = tls[0];
  if (records === undefined) return tlsaFailure === undefined ? [] : dnsFault(tlsaFailure);
  if (records.value.length === 0) {
    return denies(`${host} has no TLSA record now (${sinceText(tlsa)})`);
  }
  if (served?.value.kind !== 'certificate') return [];
  if (records.value.some((record) => isMatch(record, served.value as Certificate))) {
    return denies(
      `a TLSA record of ${host} fits the certificate (records ${sinceText(tlsa)}, certificate ${sinceText(tls)})`,
    );
  }
  // Records that hold the whole key or certificate are not compared: nothing is claimed.
  if (records.value.some((record) => !/^\d+ \d+ [12] /.test(record))) return [];
  const which = served.firstSeen >= records.firstSeen ? changed('the certificate', tls) : '';
  const other = served.firstSeen < records.firstSeen ? changed('the records', tlsa) : '';
  return explains(`no TLSA record of ${host} fits the certificate it serves${which}${other}`);
};

function changed(what: string, history: readonly Seen<unknown>[]): string {
  return `: ${what} ${history.length > 1 ? sinceText(history) : `is there ${sinceText(history)}`}`;
}

/** DANE-EE and PKIX-EE look at the leaf, the TA usages at what is above it (RFC 7671 §5). */
function isMatch(record: string, { leafForms, issuerForms }: Certificate): boolean {
  const [usage = '', ...form] = record.toLowerCase().split(' ');
  const forms = usage === '1' || usage === '3' ? leafForms : issuerForms;
  return forms.includes(form.join(' '));
}

const tlsaGone: HostRule = ({ host, tlsa }) => {
  const [newest, before] = tlsa;
  if (newest === undefined) return [];
  if (newest.value.length > 0) {
    return denies(`${host} has TLSA records (${sinceText(tlsa)})`);
  }
  return before === undefined
    ? explains(`${host} has no TLSA record that DNSSEC vouches for`)
    : explains(`the TLSA records of ${host} are gone since ${dateText(newest.firstSeen)}`);
};

const anything: HostRule = (host, facts) =>
  [noStartTls, wrongName, expired, notTrusted, tlsaAgainstCertificate]
    .flatMap((rule) => rule(host, facts))
    .filter(isPlain);

/** The MX hosts against the `mx` patterns of the policy, now and as it was. */
function notListed({ mxHost }: FailureFacts, own: OwnState): readonly Cause[] {
  const policy = own.policies[0]?.value;
  const hosts = mxHost === '' ? (own.mx[0]?.value ?? []) : [mxHost];
  if (policy === undefined || policy.mode === 'none' || hosts.length === 0) return [];
  const missing = hosts.filter((host) => !lists(policy, host));
  if (missing.length > 0) {
    const changes = `policy ${sinceText(own.policies)}, MX ${sinceText(own.mx)}`;
    return explains(
      `the policy lists ${policy.mx.join(', ')}, but the MX is ${missing.join(', ')} (${changes})`,
    );
  }
  const older = own.policies.slice(1).find(({ value }) => value !== undefined);
  if (older?.value === undefined || hosts.every((host) => lists(older.value!, host))) return [];
  const until = dateText(older.lastSeen + older.value.maxAge * 1000);
  return explains(
    `the policy of before ${dateText(older.lastSeen)} did not list ${hosts.join(', ')}; ` +
      `senders may use it until ${until} (max_age), unless they see the changed id`,
  );
}

function lists({ mx }: OwnPolicy, host: string): boolean {
  return mx.some((pattern) => mxMatches(pattern, host));
}

function dnssec(facts: FailureFacts, own: OwnState): readonly Cause[] {
  const failures = [own.mxFailure, ...own.hosts.map(({ tlsaFailure }) => tlsaFailure)];
  const bad = failures.flatMap((failure) => (failure === undefined ? [] : [failure]));
  if (bad.length > 0) return bad.slice(0, 3).flatMap(dnsFault);
  return facts.mxHost !== '' && own.mx.length > 0
    ? denies(`our resolver answers for ${facts.mxHost} without trouble now`)
    : [];
}

function policyNow({ type }: FailureFacts, own: OwnState): readonly Cause[] {
  const { policyFailure: failure, policies } = own;
  if (failure !== undefined) {
    if (failure.code.startsWith('DNS_')) return unseen(failure);
    const same = failure.resultType === type ? 'we cannot either' : 'we get another failure';
    return explains(`${same}: ${failure.detail}`);
  }
  if (policies.length === 0) return [];
  return policies[0]!.value === undefined
    ? explains(`the domain has no _mta-sts record now (${sinceText(policies)})`)
    : denies(`we can fetch the policy (${sinceText(policies)}); try from another network`);
}
