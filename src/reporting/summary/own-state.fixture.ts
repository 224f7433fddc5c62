/**
 * What a domain knows of itself, for tests: all is well until a test says otherwise.
 *
 * @module
 */
import { DAY_MS } from '../day.ts';
import type { OwnHost, OwnPolicy, OwnState, OwnTls, Seen } from './own-state-types.ts';

/** 2026-11-20, the day on which all tests look. */
export const TODAY = Math.floor(Date.UTC(2026, 10, 20) / DAY_MS);

/** Milliseconds of a day of 2026. */
export function on(month: number, day: number): number {
  return Date.UTC(2026, month - 1, day);
}

/** A fact that has been seen from a day until today, or until another day. */
export function seen<T>(value: T, from: number, until: number = on(11, 20)): Seen<T> {
  return { value, firstSeen: from, lastSeen: until };
}

/** A policy; its text fits its fields. */
export function policy(mx: readonly string[], more: Partial<OwnPolicy> = {}): OwnPolicy {
  const { mode = 'enforce', maxAge = 604_800 } = more;
  const lines = mx.map((pattern) => `mx: ${pattern}`);
  const text = ['version: STSv1', `mode: ${mode}`, ...lines, `max_age: ${maxAge}`].join('\n');
  return { mode, mx, maxAge, text };
}

/** A certificate that is well. */
export function certificate(
  host: string,
  more: Partial<Extract<OwnTls, { kind: 'certificate' }>> = {},
): OwnTls {
  return {
    kind: 'certificate',
    text: `${host}, issued by a CA`,
    names: [host],
    fits: true,
    validFrom: on(8, 1),
    validTo: on(12, 30),
    distrust: '',
    leafForms: ['1 1 aa'],
    issuerForms: ['1 1 cc'],
    ...more,
  };
}

/** An MX host that is well. */
export function ownHost(host: string, more: Partial<OwnHost> = {}): OwnHost {
  return { host, tls: [seen(certificate(host), on(9, 1))], tlsa: [seen([], on(9, 1))], ...more };
}

/** A domain that is well. */
export function ownState(more: Partial<OwnState> = {}): OwnState {
  return {
    domain: 'example.com',
    at: on(11, 20),
    policies: [seen(policy(['mx1.example.com']), on(9, 1))],
    mx: [seen(['mx1.example.com'], on(9, 1))],
    hosts: [ownHost('mx1.example.com')],
    ...more,
  };
}
