/**
 * Looks up the public key that a signature names (RFC 6376 §6.1.2).
 *
 * @module
 */
import type { Resolver } from '../../dns/types.ts';
import { fail, ok, type Outcome } from '../../failure.ts';
import { printable } from '../../printable.ts';
import { readKeyRecord, type KeyRecord } from './key-record.ts';

/** Whose key, and how to ask. */
export interface KeyQuestion {
  readonly resolver: Resolver;
  readonly domain: string;
  readonly selector: string;
  readonly fresh?: boolean;
  readonly signal?: AbortSignal;
}

/** A key as it is published. */
export interface FoundKey {
  /** The record's name. */
  readonly name: string;
  readonly text: string;
  readonly record: KeyRecord;
  /** Records there that are keys; the first one is used. */
  readonly count: number;
}

/**
 * Looks it up.
 *
 * @returns `DKIM_KEY_UNREACHABLE` where DNS gives no answer now; `DKIM_KEY_MISSING`,
 *   `DKIM_KEY_MALFORMED`, `DKIM_KEY_REVOKED`
 */
export async function findKey(question: KeyQuestion): Promise<Outcome<FoundKey>> {
  const { resolver, domain, selector, fresh, signal } = question;
  const name = `${selector}._domainkey.${domain}`;
  const shown = printable(name, 260);
  const answer = await resolver.lookup(name, 'TXT', {
    ...(fresh === undefined ? {} : { fresh }),
    ...(signal === undefined ? {} : { signal }),
  });
  if (answer.kind === 'failure') {
    const { code, detail } = answer.failure;
    if (code === 'DNS_NAME_INVALID') return fail('DKIM_KEY_MISSING', `${shown} is no name`);
    return fail('DKIM_KEY_UNREACHABLE', `${shown}: ${detail} (${code})`);
  }
  if (answer.kind !== 'records') return fail('DKIM_KEY_MISSING', `${shown} has no TXT record`);
  const keys = answer.records.flatMap((text) => {
    const record = readKeyRecord(text);
    return record === undefined ? [] : [{ text, record }];
  });
  const first = keys[0];
  if (first === undefined) return fail('DKIM_KEY_MALFORMED', `${shown} has TXT, but no DKIM key`);
  if (first.record.publicKey === '') {
    return fail('DKIM_KEY_REVOKED', `${shown} has an empty p=: the key was taken back`);
  }
  return ok({ name, ...first, count: keys.length });
}
