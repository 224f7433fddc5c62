/**
 * The TXT record of a DKIM key (RFC 6376 §3.6.1), as far as reports care.
 *
 * @module
 */
import { listIn, readTagList } from './tag-list.ts';

/** What a record says. */
export interface KeyRecord {
  /** Base64; '' for a key that was taken back. */
  readonly publicKey: string;
  /** `rsa` where the record says nothing. */
  readonly keyType: string;
  /** `tlsrpt`: named (RFC 8460 §3). `mail`: for email or for everything, not named. `other`: for neither. */
  readonly service: 'tlsrpt' | 'mail' | 'other';
  /** `s=` as it stands; undefined: for everything. */
  readonly services: string | undefined;
  /** `t=y`. */
  readonly isTesting: boolean;
}

/** A key of 16384 bits, the longest that is ever used, takes 2800 characters. */
const MAX_RECORD = 8192;

/** Reads a record; undefined for a text that is none: no `p=`, or another version. */
export function readKeyRecord(text: string): KeyRecord | undefined {
  if (text.length > MAX_RECORD) return undefined;
  const tags = readTagList(text);
  const publicKey = tags.get('p');
  if (publicKey === undefined || (tags.get('v') ?? 'DKIM1') !== 'DKIM1') return undefined;
  const services = tags.get('s');
  return {
    publicKey,
    keyType: (tags.get('k') ?? 'rsa').toLowerCase(),
    service: serviceOf(services),
    services,
    isTesting: listIn(tags.get('t')).includes('y'),
  };
}

function serviceOf(services: string | undefined): KeyRecord['service'] {
  const named = listIn(services);
  if (named.includes('tlsrpt')) return 'tlsrpt';
  return services === undefined || named.includes('*') || named.includes('email')
    ? 'mail'
    : 'other';
}

/**
 * The record without `s=`: libraries for mail know the service `email` alone and would turn away a
 * key for `tlsrpt`. Whether the service is the right one was looked at before.
 */
export function withoutServices(text: string): string {
  return text
    .split(';')
    .filter((item) => !/^\s*s\s*=/i.test(item))
    .join(';');
}

/** A record to publish, in one line. `services`: for `s=`. */
export function keyRecordText(key: {
  readonly keyType: 'rsa' | 'ed25519';
  readonly publicKey: string;
  readonly services: string;
}): string {
  return `v=DKIM1; k=${key.keyType}; s=${key.services}; p=${key.publicKey}`;
}
