/**
 * The reason codes that senders write into TLS reports, and what they mean.
 *
 * @module
 */
import type { Meaning } from './meaning.ts';

/**
 * What a reason code means. Senders use words of their own: OpenSSL's names and phrases, Postfix's,
 * Microsoft's. They are compared without regard to case and to what stands between the words.
 *
 * @returns undefined for one that is not known
 */
export function reasonMeaning(reasonCode: string, host: 'mx' | 'policy-host'): Meaning | undefined {
  // Longer texts are prose, not codes; and nobody may make us search through megabytes.
  if (reasonCode.length > LONGEST_CODE) return undefined;
  const words = reasonWords(reasonCode);
  const { exact, starts } = host === 'mx' ? MX_REASONS : POLICY_HOST_REASONS;
  return exact.get(words) ?? starts.find(([start]) => words.startsWith(start))?.[1];
}

const LONGEST_CODE = 200;

/** `SELF_SIGNED_CERT_IN_CHAIN` → `self signed cert in chain`. */
function reasonWords(reasonCode: string): string {
  return reasonCode
    .toLowerCase()
    .replaceAll(/^(?:err_(?:ssl|tls)_|x509_v_err_)|["'.]/g, '')
    .replaceAll(/[\s_:/-]+/g, ' ')
    .trim();
}

const MX_MISMATCH: Meaning = {
  means: 'The MX host is not one that the policy lists, as the sender has the policy.',
  todo:
    'Add an `mx` line for every MX host to the policy, then change the `id` of the `_mta-sts` record. ' +
    'If policy and MX agree now, the sender still uses an older policy; it comes right by itself.',
  actor: 'we',
};
const SELF_SIGNED: Meaning = {
  means: 'The MX host serves a certificate that it has signed itself.',
  todo:
    'Install one of a public authority. A self-signed one is right for DANE alone. A fresh one is often what a ' +
    'mail server falls back to when it cannot read the real one.',
  actor: 'we',
};
const PRIVATE_ROOT: Meaning = {
  means: 'The chain of the MX host ends in a root that the sender does not trust: a private one.',
  todo: 'Install a certificate of a public authority, with its intermediates.',
  actor: 'we',
};
const NO_ISSUER: Meaning = {
  means: 'The issuer of the certificate is missing: mostly an intermediate that is not sent.',
  todo: 'Let the mail server send the whole chain: install "fullchain", not the certificate alone.',
  actor: 'we',
};
const EXPIRED: Meaning = {
  means: 'The certificate of the MX host, or one of its chain, had expired.',
  todo: 'Renew it, reload the mail server, and see that it serves the new one with its chain.',
  actor: 'we',
};
const NOT_YET: Meaning = {
  means: 'The certificate is not valid yet, by the clock of the sender.',
  todo: 'If it is valid now: nothing; the clock of the sender may be slow.',
  actor: 'nobody',
};
const MISMATCH: Meaning = {
  means: 'The certificate of the MX host does not name the host.',
  todo: 'Put the name of the MX record into the certificate (subjectAltName).',
  actor: 'we',
};
const UNUSABLE: Meaning = {
  means: 'TLSA records are there and none is of a kind that can be used for mail.',
  todo: 'Publish `3 1 1` records (or `2 1 1` with the issuer in the chain).',
  actor: 'we',
};
const NO_MATCH: Meaning = {
  means: 'No TLSA record fits the certificate that the MX host served.',
  todo: 'Publish a record for the key in use. Next time publish the record of the new key a day before the key is used.',
  actor: 'we',
};
const HANDSHAKE: Meaning = {
  means: 'The TLS handshake broke off.',
  todo:
    'See that the MX host speaks TLS 1.2 or 1.3 with common ciphers. A few now and then are network trouble: ' +
    'nothing to do.',
  actor: 'unclear',
};
const PASSING: Meaning = {
  means: 'The connection ended or stood still during the handshake.',
  todo: 'A few are network trouble: nothing to do. Many at once: look at load and firewall of the MX host.',
  actor: 'nobody',
};
const OLD_TLS: Meaning = {
  means: 'Sender and MX host have no TLS version or cipher in common.',
  todo: 'Allow TLS 1.2 and 1.3 on the MX host. If it does so, the sender is out of date.',
  actor: 'unclear',
};
const NO_CERTIFICATE: Meaning = {
  means: 'The MX host served no certificate, or a broken one.',
  todo: 'Look at the TLS settings and the log of the mail server.',
  actor: 'we',
};
const REVOKED: Meaning = {
  means: 'The issuer has revoked the certificate of the MX host.',
  todo: 'Get a new certificate with a new key, and find out why it was revoked.',
  actor: 'we',
};
const WEAK: Meaning = {
  means: 'The key or the signature of the certificate is too weak for the sender.',
  todo: 'Get a certificate with an RSA key of 2048 bits or more, or an ECDSA key, signed with SHA-256.',
  actor: 'we',
};
const MEDIA_TYPE: Meaning = {
  means: 'The policy host sent the policy with another media type than text/plain.',
  todo: 'Let the web server send `Content-Type: text/plain`.',
  actor: 'we',
};
const HTTP_ANSWER: Meaning = {
  means: 'The policy host answered, but not with 200.',
  todo: 'Put the policy at /.well-known/mta-sts.txt without a redirect. 403 and 429: a wall against robots stops senders.',
  actor: 'we',
};
const POLICY_HOST_AWAY: Meaning = {
  means: 'The policy host could not be reached.',
  todo: 'See that mta-sts.DOMAIN resolves and that port 443 is open, by IPv4 and IPv6.',
  actor: 'we',
};
const CUT: Meaning = {
  means: 'The policy came without its end.',
  todo: 'Let the web server send a `Content-Length`, and end the policy with a line end.',
  actor: 'we',
};
const STARTTLS_DATA: Meaning = {
  means: 'The MX host sent more after its answer to STARTTLS: an attack, or a broken proxy.',
  todo: 'Look at what stands between: load balancer, filter, firewall.',
  actor: 'we',
};

interface Reasons {
  /** By the words of the code. */
  readonly exact: ReadonlyMap<string, Meaning>;
  /** By how it begins. */
  readonly starts: readonly (readonly [string, Meaning])[];
}

const MX_EXACT: ReadonlyMap<string, Meaning> = new Map([
  ['mx hosts mismatch', MX_MISMATCH],
  ['mx mismatch', MX_MISMATCH],
  ['sts mx mismatch', MX_MISMATCH],
  ['self signed certificate', SELF_SIGNED],
  ['depth zero self signed cert', SELF_SIGNED],
  ['self signed certificate in certificate chain', PRIVATE_ROOT],
  ['self signed cert in chain', PRIVATE_ROOT],
  ['unable to get local issuer certificate', NO_ISSUER],
  ['unable to get issuer certificate', NO_ISSUER],
  ['unable to get issuer cert', NO_ISSUER],
  ['unable to get issuer cert locally', NO_ISSUER],
  ['unable to verify the first certificate', NO_ISSUER],
  ['unable to verify leaf signature', NO_ISSUER],
  ['certificate has expired', EXPIRED],
  ['cert has expired', EXPIRED],
  ['expired', EXPIRED],
  ['certificate is not yet valid', NOT_YET],
  ['cert not yet valid', NOT_YET],
  ['hostname mismatch', MISMATCH],
  ['name mismatch', MISMATCH],
  ['cert altname invalid', MISMATCH],
  ['all tlsa records unusable', UNUSABLE],
  ['all fingerprints unusable', UNUSABLE],
  ['all trust anchors unusable', UNUSABLE],
  ['tlsa no match', NO_MATCH],
  ['no path to anchor', NO_MATCH],
  ['tls handshake failure', HANDSHAKE],
  ['handshake failure', HANDSHAKE],
  ['sslv3 alert handshake failure', HANDSHAKE],
  ['handshake timeout', PASSING],
  ['handshake closed', PASSING],
  ['econnreset', PASSING],
  ['tls version', OLD_TLS],
  ['unsupported protocol', OLD_TLS],
  ['tlsv1 alert protocol version', OLD_TLS],
  ['no shared cipher', OLD_TLS],
  ['wrong version number', OLD_TLS],
  ['no certificate', NO_CERTIFICATE],
  ['certificate revoked', REVOKED],
  ['cert revoked', REVOKED],
  ['ee certificate key too weak', WEAK],
  ['ee key too small', WEAK],
  ['ca md too weak', WEAK],
  ['dh key too small', WEAK],
  ['starttls injection', STARTTLS_DATA],
]);

const MX_REASONS: Reasons = {
  exact: MX_EXACT,
  starts: [
    ['self signed certificate', SELF_SIGNED],
    ['certificate has expired', EXPIRED],
  ],
};

const POLICY_HOST_REASONS: Reasons = {
  exact: new Map([
    ['media type', MEDIA_TYPE],
    ['cut', CUT],
    ['econnrefused', POLICY_HOST_AWAY],
    ['etimedout', POLICY_HOST_AWAY],
    ['enotfound', POLICY_HOST_AWAY],
    ['nxdomain', POLICY_HOST_AWAY],
    ['connect timeout', POLICY_HOST_AWAY],
  ]),
  starts: [['http ', HTTP_ANSWER]],
};
