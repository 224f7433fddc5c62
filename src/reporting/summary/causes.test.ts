import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RESULT_TYPES } from '../../failure.ts';
import { type Cause, causesOf, type FailureFacts } from './causes.ts';
import { dayOf } from '../day.ts';
import type { ReportedType } from './meanings.ts';
import { certificate, on, ownHost, ownState, policy, seen } from './own-state.fixture.ts';
import type { OwnHost, OwnState } from './own-state-types.ts';

const MX = 'mx1.example.com';

function facts(type: ReportedType, more: Partial<FailureFacts> = {}): FailureFacts {
  const days = { firstDay: dayOf(on(11, 10)), lastDay: dayOf(on(11, 18)) };
  return { type, mxHost: MX, ...days, ...more };
}

function at(host: Partial<OwnHost>): OwnState {
  return ownState({ hosts: [ownHost(MX, host)] });
}

function texts(causes: readonly Cause[]): readonly string[] {
  return causes.map(({ kind, text }) => `${kind}: ${text}`);
}

describe('causes of failures', () => {
  it('a certificate that ran out on the day on which the failures begin, and what became of it', () => {
    const old = certificate(MX, { validTo: on(11, 10) });
    const ran = 'the certificate of mx1.example.com expired on 2026-11-10';
    assert.deepEqual(
      texts(causesOf(facts('certificate-expired'), at({ tls: [seen(old, on(9, 1))] }))),
      [`explains: ${ran}, the failures begin that day`],
    );
    const tls = [seen(certificate(MX), on(11, 19)), seen(old, on(9, 1), on(11, 18))];
    assert.deepEqual(texts(causesOf(facts('certificate-expired'), at({ tls }))), [
      `denies: ${ran}, the failures begin that day; another one is served since 2026-11-19`,
    ]);
    const later = facts('certificate-expired', { firstDay: dayOf(on(11, 11)) });
    assert.match(causesOf(later, at({ tls }))[0]!.text, /begin the day after/);
    assert.match(causesOf(facts('certificate-expired'), at({}))[0]!.text, /another server may/);
  });

  it('a certificate for another name, and one that nobody trusts', () => {
    const other = certificate(MX, { names: ['www.example.com'], fits: false });
    assert.deepEqual(
      texts(causesOf(facts('certificate-host-mismatch'), at({ tls: [seen(other, on(9, 1))] }))),
      [
        'explains: the certificate of mx1.example.com is for www.example.com, not for mx1.example.com (since 2026-09-01 or longer)',
      ],
    );
    const self = certificate(MX, { distrust: 'self-signed certificate' });
    const tls = [seen(self, on(11, 10)), seen(certificate(MX), on(9, 1), on(11, 9))];
    assert.deepEqual(texts(causesOf(facts('certificate-not-trusted'), at({ tls }))), [
      'explains: we do not trust it either: self-signed certificate (changed on 2026-11-10)',
    ]);
    assert.equal(causesOf(facts('certificate-not-trusted'), at({}))[0]!.kind, 'denies');
  });

  it('STARTTLS: not offered to us either, again, or hidden on the way', () => {
    const none = { kind: 'no-starttls' } as const;
    const type = facts('starttls-not-supported');
    assert.match(texts(causesOf(type, at({ tls: [seen(none, on(11, 9))] })))[0]!, /^explains/);
    const tls = [seen(certificate(MX), on(11, 19)), seen(none, on(11, 9), on(11, 18))];
    assert.match(causesOf(type, at({ tls }))[0]!.text, /again since 2026-11-19/);
    assert.match(causesOf(type, at({}))[0]!.text, /stands between/);
  });

  it('the policy lists another host than the MX; a policy of before did', () => {
    const wrong = ownState({
      policies: [seen(policy(['mx1.example.com']), on(9, 1))],
      mx: [seen(['mx2.example.com'], on(11, 10)), seen([MX], on(9, 1), on(11, 9))],
      hosts: [],
    });
    assert.deepEqual(
      texts(causesOf(facts('validation-failure', { mxHost: 'mx2.example.com' }), wrong)),
      [
        'explains: the policy lists mx1.example.com, but the MX is mx2.example.com ' +
          '(policy since 2026-09-01 or longer, MX changed on 2026-11-10)',
      ],
    );
    const mended = ownState({
      policies: [
        seen(policy([MX]), on(11, 15)),
        seen(policy(['old.example.com'], { maxAge: 864_000 }), on(9, 1), on(11, 14)),
      ],
    });
    assert.match(
      causesOf(facts('validation-failure'), mended)[0]!.text,
      /policy of before 2026-11-14 did not list mx1\.example\.com; senders may use it until 2026-11-24/,
    );
    assert.deepEqual(causesOf(facts('validation-failure'), ownState()), []);
  });

  it('a host that is no MX host: any more, or never was', () => {
    const mx = [seen(['mx2.example.com'], on(11, 19)), seen([MX], on(9, 1), on(11, 18))];
    const moved = ownState({ mx, hosts: [] });
    assert.match(
      texts(causesOf(facts('certificate-expired'), moved))[0]!,
      /^denies: .* no MX host any more since 2026-11-18/,
    );
    const never = facts('certificate-expired', { mxHost: 'evil.example' });
    assert.match(texts(causesOf(never, ownState()))[0]!, /^explains: evil\.example is not an MX/);
  });

  it('TLSA records that do not fit what is served since a day; any usage', () => {
    const tls = [
      seen(certificate(MX, { leafForms: ['1 1 bb'] }), on(11, 10)),
      seen(certificate(MX), on(9, 1), on(11, 9)),
    ];
    const tlsa = [seen(['3 1 1 aa'], on(9, 1))];
    assert.deepEqual(texts(causesOf(facts('tlsa-invalid'), at({ tls, tlsa }))), [
      'explains: no TLSA record of mx1.example.com fits the certificate it serves: the certificate changed on 2026-11-10',
    ]);
    const kind = (records: readonly string[]): string =>
      causesOf(facts('tlsa-invalid'), at({ tlsa: [seen(records, on(9, 1))] }))[0]!.kind;
    assert.equal(kind(['3 1 1 AA']), 'denies');
    assert.equal(kind(['2 1 1 cc']), 'denies');
    assert.equal(kind(['2 1 1 aa']), 'explains');
    assert.equal(kind(['3 1 1 cc']), 'explains');
    const whole = at({ tlsa: [seen(['3 1 0 aabb'], on(9, 1))] });
    assert.deepEqual(causesOf(facts('tlsa-invalid'), whole), [], 'a whole key is not compared');
  });

  it('DNSSEC and mandatory DANE: our own look-ups fail too; the records are gone', () => {
    const tlsaFailure = { code: 'DANE_TLSA_BOGUS', detail: 'the answer is forged' } as const;
    assert.deepEqual(texts(causesOf(facts('dnssec-invalid'), at({ tlsaFailure }))), [
      'explains: our resolver says so too: the answer is forged',
    ]);
    assert.equal(causesOf(facts('dnssec-invalid'), at({}))[0]!.kind, 'denies');
    const mxFailure = { code: 'DNS_TIMEOUT', detail: 'no answer' } as const;
    assert.deepEqual(
      texts(causesOf(facts('dnssec-invalid'), ownState({ mxFailure }))),
      ['unseen: we could not look: no answer'],
      'a resolver that is away says nothing about the zone',
    );
    const tlsa = [seen([], on(11, 10)), seen(['3 1 1 aa'], on(9, 1), on(11, 9))];
    assert.match(
      causesOf(facts('dane-required'), at({ tlsa }))[0]!.text,
      /are gone since 2026-11-10/,
    );
  });

  it('the policy host: we get the same failure, another one, or none', () => {
    const policyFailure = {
      code: 'HTTP_STATUS',
      detail: 'mta-sts.example.com answered 404, not 200',
      resultType: 'sts-policy-fetch-error',
    } as const;
    const own = ownState({ policyFailure });
    const cause = (type: ReportedType, state: OwnState): string =>
      texts(causesOf(facts(type, { mxHost: '' }), state))[0]!;
    assert.match(cause('sts-policy-fetch-error', own), /explains: we cannot either: .*404/);
    assert.match(cause('sts-webpki-invalid', own), /another failure: .*404/);
    assert.match(cause('sts-policy-invalid', ownState()), /^denies: we can fetch the policy/);
    const away = ownState({ policyFailure: { code: 'DNS_TIMEOUT', detail: 'no answer' } });
    assert.match(cause('sts-policy-fetch-error', away), /^unseen: /);
    const none = ownState({ policies: [seen(undefined, on(9, 1))] });
    assert.match(cause('sts-policy-fetch-error', none), /no _mta-sts record now/);
  });

  it('no cause is made up where nothing is known, and every type is taken', () => {
    const nothing = ownState({ policies: [], mx: [], hosts: [] });
    for (const type of [...RESULT_TYPES, 'unknown'] as const) {
      assert.deepEqual(causesOf(facts(type), nothing), []);
      assert.ok(causesOf(facts(type, { mxHost: '' }), ownState()).length <= 1);
    }
  });

  it('no host is named: only a host with a fault is', () => {
    const none = { kind: 'no-starttls' } as const;
    const state = ownState({
      mx: [seen([MX, 'mx2.example.com'], on(9, 1))],
      hosts: [ownHost(MX), ownHost('mx2.example.com', { tls: [seen(none, on(9, 1))] })],
    });
    const causes = causesOf(facts('starttls-not-supported', { mxHost: '' }), state);
    assert.deepEqual(
      causes.map(({ text }) => text),
      ['mx2.example.com offers no STARTTLS to us either (since 2026-09-01 or longer)'],
    );
  });
});
