/**
 * What people are told of each kind of fault: what happened, and what the other side must mend.
 *
 * @module
 */
import type { Demander } from './basis.ts';
import type { Cause } from './causes.ts';

/** The names that stand in the texts. */
export interface Names {
  /** Recipient domain. */
  readonly domain: string;
  /** The host concerned, or words for it where none is known. */
  readonly host: string;
  /** Where the TLSA records of the host stand. */
  readonly tlsaName: string;
  readonly demander: Demander;
}

/** The texts of one kind of fault. */
export interface CauseText {
  readonly happened: (names: Names) => string;
  /** What the owner of the destination has to do; absent where it is not theirs. */
  readonly mend?: (names: Names) => string;
  /** Where the rule stands. */
  readonly rule?: string | ((names: Names) => string);
  /** What the author can do, where it is not to wait or to tell the recipient. */
  readonly advice?: string;
}

/** Whose rule holds the message back; '' where that is told by the fault itself. */
export function demandText({ domain, host, demander }: Names): string {
  switch (demander) {
    case 'sts':
      return `${domain} publishes a security policy (MTA-STS): its mail may go only to the servers that the policy names, over TLS, with a valid certificate.`;
    case 'dane':
      return `The owner of ${host} protects it with DANE: signed records in DNS say which certificate it shows, and mail may go there only over TLS with that certificate.`;
    case 'operator':
      return `The operator of this mail system demands protected connections for ${domain}.`;
    case 'author':
      return 'You, or your mail program, asked that this message travel only over verified TLS connections, from end to end (REQUIRETLS).';
    case 'nobody':
      return '';
    default:
      return demander satisfies never;
  }
}

const MISMATCH_RISK = 'It may be set up wrongly, or somebody else may be standing in its place.';

/** The rule on TLS and certificates, by whose demand it was. */
function tlsRule({ demander }: Names): string {
  switch (demander) {
    case 'sts':
      return 'RFC 8461 section 4.2 (MTA-STS)';
    case 'dane':
      return 'RFC 7672 section 2.2 (DANE)';
    case 'operator':
      return 'a setting of this mail system';
    case 'author':
      return 'RFC 8689 section 4.2.1 (REQUIRETLS)';
    case 'nobody':
      return '';
    default:
      return demander satisfies never;
  }
}

const NO_HOST: CauseText = {
  happened: ({ domain }) => `${domain} has no mail server that a message could be sent to.`,
  mend: ({ domain }) =>
    `Give ${domain} an MX record that names a host, and that host an address (A or AAAA).`,
  rule: 'RFC 5321 section 5.1',
  advice: 'Check the part of the address behind the @ for typing errors.',
};

const WITHOUT_REQUIRETLS = 'If its content allows, send the message again without REQUIRETLS.';

const OPERATOR = 'Ask the people who run this mail system.';

/** Texts by kind of fault. */
export const CAUSE_TEXTS: Readonly<Record<Cause, CauseText>> = {
  'certificate-name': {
    happened: ({ host }) =>
      `The server could not prove that it is ${host}: its certificate is for another name. ${MISMATCH_RISK}`,
    mend: ({ host }) =>
      `Install a certificate on ${host} that has this name among its DNS names (subjectAltName).`,
    rule: (names) => (names.demander === 'dane' ? 'RFC 7672 section 3.2.2 (DANE)' : tlsRule(names)),
  },
  'certificate-expired': {
    happened: ({ host }) =>
      `The certificate of ${host} has expired, so the server can no longer prove who it is.`,
    mend: ({ host }) =>
      `Renew the certificate of ${host}, intermediates included, and load it into the mail server.`,
    rule: tlsRule,
  },
  'certificate-early': {
    happened: ({ host }) => `The certificate of ${host} is not valid yet.`,
    mend: ({ host }) =>
      `Install a certificate on ${host} that is valid today, and check the clock of whoever issued it.`,
    rule: tlsRule,
  },
  'certificate-untrusted': {
    happened: ({ host }) =>
      `The server could not prove that it is ${host}: its certificate does not come from an authority that is trusted here. ${MISMATCH_RISK}`,
    mend: ({ host }) =>
      `Install a certificate of a public authority on ${host}, and send its whole chain, intermediates included.`,
    rule: tlsRule,
  },
  'mx-not-in-policy': {
    happened: ({ domain, host }) =>
      `DNS names ${host} as mail server of ${domain}, but the policy does not. The policy may be out of date, or somebody may have changed the DNS answer.`,
    mend: ({ domain, host }) =>
      `Add "mx: ${host}" to https://mta-sts.${domain}/.well-known/mta-sts.txt and change the id in the TXT record _mta-sts.${domain}; or, if ${host} is not yours, remove it from the MX records.`,
    rule: 'RFC 8461 section 4.1 (MTA-STS)',
  },
  'starttls-missing': {
    happened: ({ host }) =>
      `${host} did not let us encrypt the connection (STARTTLS). It may be set up wrongly, or somebody on the way may be suppressing encryption.`,
    mend: ({ host }) =>
      `Turn STARTTLS on at ${host}, and check that no firewall or proxy in front of it filters it out.`,
    rule: tlsRule,
  },
  'starttls-tampered': {
    happened: ({ host }) =>
      `Foreign text was slipped into the connection to ${host} just before encryption began. This is what an attack looks like; a faulty server can do the same.`,
    mend: ({ host }) =>
      `Check ${host}, and whatever stands in front of it: nothing may be sent between the reply to STARTTLS and the TLS handshake.`,
    rule: 'RFC 3207 section 6',
  },
  'tls-broken': {
    happened: ({ host }) =>
      `An encrypted connection to ${host} could not be set up: the TLS handshake failed.`,
    mend: ({ host }) =>
      `Make TLS work on ${host}: TLS 1.2 or newer, common cipher suites, no demand for a client certificate.`,
    rule: tlsRule,
  },
  'dane-mismatch': {
    happened: ({ host }) =>
      `The certificate that the server showed is not the one that DNS announces for ${host}. ${MISMATCH_RISK}`,
    mend: ({ tlsaName }) =>
      `Make the TLSA records at ${tlsaName} and the certificate agree. Before a certificate is changed, publish the record of the new one beside the old.`,
    rule: 'RFC 7672 section 2.2 (DANE)',
  },
  'tlsa-lookup': {
    happened: ({ host }) =>
      `Before mail goes to ${host}, DNS has to say whether it is protected by DANE, and DNS gave no answer that can be believed. Its name servers may be at fault, or somebody may be forging or suppressing the answer.`,
    mend: ({ host, tlsaName }) =>
      `Mend the DNS zone of ${host}: every name server must answer for ${tlsaName} (type TLSA, also with "no such record"), with valid DNSSEC signatures.`,
    rule: 'RFC 7672 section 2.1.2 (DANE)',
  },
  'dane-required': {
    happened: ({ domain }) =>
      `DANE is a must for ${domain} by a setting of this mail system, and it cannot be done now.`,
    mend: ({ domain }) =>
      `Sign ${domain} and its MX hosts with DNSSEC and publish TLSA records for the hosts.`,
    rule: 'RFC 7672 section 2.2 (DANE)',
  },
  'mx-forged': {
    happened: ({ domain }) =>
      `The answer of DNS on the mail servers of ${domain} is not genuine by its DNSSEC signatures. The zone may be signed wrongly, or somebody may be forging the answer.`,
    mend: ({ domain }) =>
      `Mend DNSSEC of ${domain}: valid signatures, and a DS record in the parent zone that fits.`,
    rule: 'RFC 7672 section 2.1.2 (DNSSEC)',
  },
  'requiretls-unsupported': {
    happened: ({ host }) => `${host} does not support this, so the message may not go there.`,
    mend: ({ host }) => `Turn REQUIRETLS on at ${host}.`,
    rule: 'RFC 8689 section 4.2.1 (REQUIRETLS)',
    advice: WITHOUT_REQUIRETLS,
  },
  'requiretls-mx': {
    happened: ({ domain, host }) =>
      `Nothing proves that ${host} is a mail server of ${domain}: there is neither DNSSEC nor an enforced MTA-STS policy.`,
    mend: ({ domain }) =>
      `Sign ${domain} with DNSSEC, or publish an MTA-STS policy in mode enforce.`,
    rule: 'RFC 8689 section 4.2.1 (REQUIRETLS)',
    advice: WITHOUT_REQUIRETLS,
  },
  'requiretls-unverified': {
    happened: ({ host }) => `The TLS connection to ${host} is missing or could not be verified.`,
    mend: ({ host }) => `Offer STARTTLS on ${host} with a valid certificate for this name.`,
    rule: 'RFC 8689 section 4.2.1 (REQUIRETLS)',
    advice: WITHOUT_REQUIRETLS,
  },
  'requiretls-unsure': {
    happened: ({ domain }) =>
      `Whether a policy of ${domain} vouches for its mail servers could not be found out.`,
    mend: ({ domain }) =>
      `See that DNS answers for _mta-sts.${domain} and that the policy can be fetched from https://mta-sts.${domain}/.well-known/mta-sts.txt.`,
    rule: 'RFC 8689 section 4.2.1 (REQUIRETLS)',
    advice: WITHOUT_REQUIRETLS,
  },
  'policy-host': {
    happened: ({ domain }) =>
      `The security policy of ${domain} (MTA-STS) could not be learned: its DNS or its policy host does not answer as it must.`,
    mend: ({ domain }) =>
      `See that DNS answers for _mta-sts.${domain}, and that https://mta-sts.${domain}/.well-known/mta-sts.txt gives a valid policy under a valid certificate.`,
    rule: 'RFC 8461 section 3.3 (MTA-STS)',
  },
  'no-safe-host': {
    happened: ({ domain }) => `None of the mail servers of ${domain} can be reached safely.`,
    mend: () => 'See the details below.',
    rule: 'RFC 8461 section 5 (MTA-STS), RFC 7672 section 2.2 (DANE)',
  },
  'domain-missing': {
    happened: ({ domain }) => `There is no domain ${domain}.`,
    rule: 'RFC 5321 section 5.1',
    advice: 'Check the part of the address behind the @ for typing errors.',
  },
  'null-mx': {
    happened: ({ domain }) => `${domain} says in DNS that it takes no mail at all.`,
    mend: ({ domain }) => `If ${domain} is to take mail, replace its null MX record.`,
    rule: 'RFC 7505 section 3',
    advice: 'Ask the recipient for an address that takes mail.',
  },
  'no-host': NO_HOST,
  'mx-lookup': {
    happened: ({ domain }) =>
      `The mail servers of ${domain} are not known: DNS gave no usable answer.`,
    mend: ({ domain }) => `Check the name servers of ${domain}.`,
    rule: 'RFC 5321 section 5.1',
  },
  'mail-loop': {
    happened: ({ domain }) =>
      `DNS names this mail system as the mail server of ${domain}, but it does not take its mail.`,
    mend: ({ domain }) => `Correct the MX records of ${domain}.`,
    rule: 'RFC 5321 section 5.1',
  },
  'address-invalid': {
    happened: () => 'The address is not one that mail can be sent to.',
    rule: 'RFC 5321 section 4.1.2',
    advice: 'Check the address for typing errors.',
  },
  unreachable: {
    happened: ({ domain }) => `The mail servers of ${domain} could not be reached.`,
    mend: ({ domain }) =>
      `Check that the MX hosts of ${domain} run, and that port 25 can be reached from outside.`,
    rule: 'RFC 5321 section 4.5.4.1',
  },
  'broken-dialogue': {
    happened: ({ host }) => `The dialogue with ${host} broke off before the message was taken.`,
    mend: ({ host }) => `Check the logs of ${host}, and any firewall in front of it.`,
    rule: 'RFC 5321 section 4.5.4.1',
  },
  refused: {
    happened: ({ host }) => `${host} refused it and said:`,
  },
  'asked-to-wait': {
    happened: ({ host }) => `${host} did not take it and asked us to come back later. It said:`,
  },
  'too-large': {
    happened: ({ host }) => `The message is larger than ${host} takes.`,
    advice: 'Send it with smaller attachments, or share the files in another way.',
  },
  'not-seven-bit': {
    happened: ({ host }) =>
      `The message has 8-bit content, and ${host} is too old a server to take it.`,
    mend: ({ host }) => `Turn 8BITMIME on at ${host}.`,
    rule: 'RFC 6152 section 3',
    advice: 'Have your mail program encode the message (quoted-printable or base64).',
  },
  'needs-smtputf8': {
    happened: ({ host }) =>
      `An address or header has letters beyond ASCII, and ${host} cannot take such mail (SMTPUTF8).`,
    mend: ({ host }) => `Turn SMTPUTF8 on at ${host}.`,
    rule: 'RFC 6531 section 3.2',
    advice: 'Use addresses in plain letters, if there are any.',
  },
  'route-unsafe': {
    happened: ({ host }) =>
      `What ${host} showed is not enough for that, so nothing was handed over.`,
    mend: ({ host }) =>
      `Offer STARTTLS on ${host} with a valid certificate for this name; or correct the route in the settings of this mail system.`,
    rule: 'a setting of this mail system',
    advice: OPERATOR,
  },
  route: {
    happened: ({ host }) =>
      `This mail system could not hand it over to ${host}, by way of which its mail goes.`,
    advice: OPERATOR,
  },
  ours: {
    happened: () => 'This mail system had trouble of its own.',
    advice: OPERATOR,
  },
  other: {
    happened: ({ domain }) => `It could not be handed over to the mail servers of ${domain}.`,
  },
};

/** Advice on what a server said (RFC 3463), where it can be told from the status. */
export function refusalAdvice(enhanced: string | undefined): string | undefined {
  const detail = enhanced?.slice(2) ?? '';
  switch (detail) {
    case '1.0':
    case '1.1':
    case '1.3':
    case '1.6':
    case '1.10':
      return 'Check the address for typing errors.';
    case '1.2':
      return 'Check the part of the address behind the @ for typing errors.';
    case '2.1':
    case '2.2':
      return 'Tell the recipient in another way that their mailbox does not take mail now.';
    case '2.3':
    case '3.4':
      return 'Send it with smaller attachments, or share the files in another way.';
    default:
      return undefined;
  }
}
