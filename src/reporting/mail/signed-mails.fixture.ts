/**
 * Mails signed by an independent signer, and the DNS that goes with them.
 *
 * @module
 */
import { type KeyObject, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { createTransport } from 'nodemailer';
import { mapResolver, type MapResolver } from '../../dns/map-resolver.fixture.ts';
import { publicKeyText } from './dkim-key.ts';

/** A key pair for tests; the private one in PEM. */
export interface TestKey {
  readonly pem: string;
  /** `p=`. */
  readonly publicKey: string;
}

/** RSA keys take long to make: one of each size is made, once. */
const keys = new Map<string, TestKey>();

/** A key: `rsa` with bits, or `ed25519`. Each `name` is another key. */
export function testKey(kind: 'ed25519' | number = 1024, name = ''): TestKey {
  const id = `${kind} ${name}`;
  const known = keys.get(id);
  if (known !== undefined) return known;
  const { privateKey } =
    kind === 'ed25519'
      ? generateKeyPairSync('ed25519')
      : generateKeyPairSync('rsa', { modulusLength: kind });
  const key = toTestKey(privateKey);
  keys.set(id, key);
  return key;
}

function toTestKey(privateKey: KeyObject): TestKey {
  return {
    pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: publicKeyText(createPublicKey(privateKey)),
  };
}

/** Signs with nodemailer: another implementation than ours, and than the verifier's. */
export async function signedByNodemailer(
  message: string,
  signatures: readonly {
    readonly domain: string;
    readonly selector: string;
    readonly pem: string;
  }[],
): Promise<Buffer> {
  const transport = createTransport({
    streamTransport: true,
    buffer: true,
    newline: 'windows',
    dkim: {
      keys: signatures.map(({ domain, selector, pem }) => ({
        domainName: domain,
        keySelector: selector,
        privateKey: pem,
      })),
      headerFieldNames: 'from:to:subject:date:message-id:content-type',
    },
  });
  const sent = await transport.sendMail({
    raw: message.replaceAll('\n', '\r\n'),
    envelope: { from: 'a@sender.example', to: ['b@reported.example'] },
  });
  return sent.message as Buffer;
}

/** A resolver that holds key records: full name to text. */
export function keyResolver(
  records: Readonly<Record<string, string | readonly string[]>>,
): MapResolver {
  return mapResolver({
    records: Object.fromEntries(
      Object.entries(records).map(([name, text]) => [
        name,
        { TXT: typeof text === 'string' ? [text] : text },
      ]),
    ),
  });
}
