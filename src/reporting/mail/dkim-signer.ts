/**
 * Signs reports (RFC 8460 §3): relaxed/relaxed, never with `l=`.
 *
 * @module
 */
import { createHash, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { normalizeName } from '../../dns/name.ts';
import type { ReportSendSettings } from '../../config/reporting-types.ts';
import { fail, ok, type Outcome } from '../../failure.ts';
import { bodyForm, relaxedField } from './canonical.ts';
import { keyAlgorithm, publicKeyText, readPrivateKey } from './dkim-key.ts';
import { readKeyFile } from './key-file.ts';
import { isSameOrganization } from './organizational-domain.ts';
import { bodyOf, fieldName, joinMail, splitMail } from './signature-fields.ts';

/** Signs for one domain with one key. */
export interface Signer {
  /** `d=`, A-labels. */
  readonly domain: string;
  readonly selector: string;
  readonly algorithm: 'rsa' | 'ed25519';
  /** `p=` of the record that must be published. */
  readonly publicKey: string;
  /**
   * The whole message with a signature on top. Line ends become CRLF.
   *
   * @param now milliseconds since the Unix epoch, for `t=`
   */
  sign(message: Uint8Array, now: number): Promise<Uint8Array>;
}

/** Key and name of a signer. */
export interface SignerOptions {
  /** One RSA or Ed25519 key in PEM. */
  readonly privateKeyPem: string;
  readonly domain: string;
  readonly selector: string;
}

/** Signed where they are there (RFC 6376 §5.4.1; RFC 8460 §5.3 for the first two). */
const SIGNED = [
  'TLS-Report-Domain',
  'TLS-Report-Submitter',
  'From',
  'To',
  'Subject',
  'Date',
  'Message-ID',
  'MIME-Version',
  'Content-Type',
  'TLS-Required',
  'Auto-Submitted',
] as const;

/** Named once more than they are there: nobody can add another on top (RFC 6376 §8.15). */
const OVERSIGNED: readonly string[] = [
  'TLS-Report-Domain',
  'TLS-Report-Submitter',
  'From',
  'Subject',
  'Date',
  'Content-Type',
];

/** Makes a signer; throws for a key or name that cannot sign: {@link loadSigner} checks first. */
export function createSigner(options: SignerOptions): Signer {
  const key = readPrivateKey(options.privateKeyPem);
  if (!key.ok) throw new TypeError(key.failure.detail);
  const names = [options.domain, options.selector].map((name) => normalizeName(name));
  const [domain, selector] = names.map((name) => (name.ok ? name.value : undefined));
  if (domain === undefined || selector === undefined) {
    throw new TypeError('a signer needs the names of a domain and a selector');
  }
  const algorithm = keyAlgorithm(key.value);
  return {
    domain,
    selector,
    algorithm,
    publicKey: publicKeyText(createPublicKey(key.value)),
    async sign(message, now) {
      const mail = splitMail(message);
      const field = signatureField(mail.fields, bodyForm(bodyOf(mail), 'relaxed').hash, {
        domain,
        selector,
        key: key.value,
        algorithm,
        now,
      });
      return await Promise.resolve(joinMail({ ...mail, fields: [field, ...mail.fields] }));
    },
  };
}

/**
 * The signer of the configuration.
 *
 * @param from the address in `From`
 * @returns `DKIM_KEY_NOT_SET`, `DKIM_KEY_FILE`, `DKIM_KEY_FILE_EXPOSED`, `DKIM_KEY_WEAK`, `DKIM_DOMAIN`
 */
export function loadSigner(settings: ReportSendSettings['dkim'], from: string): Outcome<Signer> {
  if (settings.keyFile === '') {
    return fail('DKIM_KEY_NOT_SET', 'reporting.send.dkim.key_file is not set');
  }
  const author = normalizeName(from.slice(from.lastIndexOf('@') + 1));
  const domain = settings.domain === '' ? author : normalizeName(settings.domain);
  if (!from.includes('@') || !author.ok || !domain.ok) {
    return fail('DKIM_DOMAIN', `"${settings.domain}" and "${from}" name no domain to sign for`);
  }
  if (!isSameOrganization(author.value, domain.value)) {
    return fail(
      'DKIM_DOMAIN',
      `reporting.send.dkim.domain is ${domain.value}, but reports are from ${author.value}`,
    );
  }
  const selector = normalizeName(settings.selector);
  if (!selector.ok) return fail('DKIM_DOMAIN', `"${settings.selector}" is no selector`);
  const pem = readKeyFile(settings.keyFile);
  if (!pem.ok) return pem;
  const key = readPrivateKey(pem.value);
  if (!key.ok) {
    return fail(key.failure.code, `DKIM key ${settings.keyFile}: ${key.failure.detail}`);
  }
  return ok(
    createSigner({ privateKeyPem: pem.value, domain: domain.value, selector: selector.value }),
  );
}

interface SignWith {
  readonly domain: string;
  readonly selector: string;
  readonly key: KeyObject;
  readonly algorithm: Signer['algorithm'];
  readonly now: number;
}

function signatureField(
  fields: readonly string[],
  bh: string,
  { domain, selector, key, algorithm, now }: SignWith,
): string {
  const { names, lines } = chosenFields(fields);
  const unsigned = [
    `DKIM-Signature: v=1; a=${algorithm}-sha256; c=relaxed/relaxed;`,
    ` d=${domain}; s=${selector};`,
    ` t=${Math.floor(now / 1000)};`,
    ` h=${names.join(':\r\n  ')};`,
    ` bh=${bh};`,
    ' b=',
  ].join('\r\n');
  // The signature covers its own field with an empty b= and without its line end (RFC 6376 §3.7).
  const input = [...lines.map(relaxedField), relaxedField(unsigned)].join('\r\n');
  const b = signatureOf(Buffer.from(input, 'latin1'), key, algorithm);
  return `${unsigned}${b.replace(/(.{70})(?=.)/g, '$1\r\n  ')}\r\n`;
}

/** What is signed: the last of several fields of a name first, as verifiers take them (RFC 6376 §5.4.2). */
function chosenFields(fields: readonly string[]): {
  readonly names: readonly string[];
  readonly lines: readonly string[];
} {
  const names: string[] = [];
  const lines: string[] = [];
  for (const name of SIGNED) {
    const present = fields.filter((field) => fieldName(field) === name.toLowerCase());
    for (const field of present.reverse()) {
      names.push(name);
      lines.push(field.replace(/\r\n$/, ''));
    }
    if (OVERSIGNED.includes(name)) names.push(name);
  }
  return { names, lines };
}

/** Ed25519 signs the hash of the input, not the input (RFC 8463 §3). */
function signatureOf(input: Buffer, key: KeyObject, algorithm: Signer['algorithm']): string {
  const signature =
    algorithm === 'rsa'
      ? sign('sha256', input, key)
      : sign(null, createHash('sha256').update(input).digest(), key);
  return signature.toString('base64');
}
