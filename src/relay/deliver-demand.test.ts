import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Failure } from '../failure.ts';
import { noSts, stsPolicy } from '../tls-policy/evidence.fixture.ts';
import { rejected, type FakeServer } from '../tls-policy/network.fixture.ts';
import { fakePolicies } from '../tls-policy/policies.fixture.ts';
import {
  BOTH,
  enforcing,
  EXPIRED_CERTIFICATE,
  GOOD,
  play,
  serverFor,
  statuses,
} from './deliver.fixture.ts';
import { CONNECTIONS_PER_WALK } from './host-walk.ts';

describe('deliver: REQUIRETLS', () => {
  const envelope = { requireTls: true };
  const OFFERING: FakeServer = { ...GOOD, requireTls: true };

  it('RT-2-3, RT-4.2.1-7: over a verified host that offers it, with the option on MAIL', async () => {
    const servers = { '2001:db8::1': OFFERING };
    const played = await play({ envelope, servers, policies: enforcing() });
    assert.deepEqual(played.network.only('mail'), [
      'mail 2001:db8::1 tls r@example.test REQUIRETLS',
    ]);
  });

  it('RT-2-3: DNSSEC vouches for the MX as well as a policy does', async () => {
    const world = { secure: ['test'] };
    const played = await play({ envelope, servers: { '2001:db8::1': OFFERING }, world });
    assert.deepEqual(statuses(played), ['delivered']);
  });

  it('RT-4.2.1-3: a host that does not offer it is left with QUIT for the next one', async () => {
    const servers = { '2001:db8::1': GOOD, '192.0.2.1': GOOD, '192.0.2.2': OFFERING };
    const played = await play({ envelope, servers, policies: enforcing() });
    assert.deepEqual(played.network.only('quit')[0], 'quit 2001:db8::1');
    assert.deepEqual(played.network.only('mail'), ['mail 192.0.2.2 tls r@example.test REQUIRETLS']);
  });

  it('RT-4.2.1-4, RT-4.2.1-5: no host qualifies: not sent, and failed', async () => {
    const servers = { '2001:db8::1': GOOD, '192.0.2.1': GOOD, '192.0.2.2': GOOD };
    const unsupported = await play({ envelope, servers, policies: enforcing() });
    assert.deepEqual(statuses(unsupported), ['failed']);
    assert.deepEqual(unsupported.network.only('mail'), []);
    const unverified = await play({ envelope, servers });
    assert.deepEqual(statuses(unverified), ['failed']);
    assert.deepEqual(unverified.network.steps, []);
  });

  it('RT-4.2.1-R1: testing is not enough; what may pass by itself waits', async () => {
    const servers = { '2001:db8::1': OFFERING };
    const testing = await play({ envelope, servers, policies: enforcing(stsPolicy('testing')) });
    assert.deepEqual(statuses(testing), ['failed']);
    const down = await play({ envelope, servers: { '2001:db8::1': GOOD }, policies: enforcing() });
    assert.deepEqual(statuses(down), ['deferred']);
  });

  const DNS_DOWN: Failure = { code: 'DNS_SERVFAIL', detail: 'SERVFAIL for _mta-sts.example.test' };

  it('RT-4.2.1-R1, STS-5.1-5: while the policy is not known the message waits', async () => {
    for (const code of [
      'DNS_SERVFAIL',
      'DNS_TIMEOUT',
      'STS_FIRST_CONTACT_PENDING',
      'STS_POLICY_INVALID',
      'STS_FETCH_HELD_BACK',
      'HTTP_TIMEOUT',
    ] as const) {
      const policies = enforcing(noSts({ code, detail: 'what happened' }));
      const played = await play({ envelope, policies });
      assert.deepEqual(statuses(played), ['deferred'], code);
      const [recipient] = played.report.recipients;
      assert.ok(recipient?.status === 'deferred');
      assert.equal(recipient.failure.code, 'POLICY_REQUIRETLS_UNSURE');
      assert.match(recipient.failure.detail, /what happened$/);
      assert.deepEqual(played.network.steps, []);
    }
  });

  it('STS-5-4, STS-5.1-5: no host can carry it: not returned before the record was asked for again', async () => {
    const servers = { '2001:db8::1': GOOD, '192.0.2.1': GOOD, '192.0.2.2': GOOD };
    for (const policies of [fakePolicies(), enforcing(stsPolicy('testing')), enforcing()]) {
      const played = await play({ envelope, servers, policies });
      assert.deepEqual(statuses(played), ['failed']);
      assert.equal(played.policies.asked.at(-1), 'recheck example.test');
      assert.equal(played.report.hops[0]?.recheck, 'unchanged');
    }
  });

  it('STS-5.1-5: a newer policy that vouches for the host lets it through', async () => {
    const policies = enforcing(stsPolicy('testing'));
    policies.atSource.set('example.test', BOTH);
    const played = await play({ envelope, servers: { '2001:db8::1': OFFERING }, policies });
    assert.deepEqual(statuses(played), ['delivered']);
    assert.equal(played.report.hops[0]?.recheck, 'changed');
  });

  it('RT-4.2.1-R1, STS-5.1-5: a second look that fails is no ground to return it', async () => {
    const testing = stsPolicy('testing');
    assert.ok(testing.kind === 'policy');
    const doubtful = { ...testing, active: { ...testing.active, refreshFailure: DNS_DOWN } };
    for (const found of [doubtful, noSts(DNS_DOWN)]) {
      const policies = enforcing(testing);
      policies.atSource.set('example.test', found);
      const played = await play({ envelope, policies });
      const [recipient] = played.report.recipients;
      assert.ok(recipient?.status === 'deferred');
      assert.equal(recipient.failure.code, 'POLICY_REQUIRETLS_UNSURE');
    }
    const policies = enforcing();
    policies.atSource.set('example.test', noSts(DNS_DOWN));
    const servers = { '2001:db8::1': GOOD, '192.0.2.1': GOOD, '192.0.2.2': GOOD };
    assert.deepEqual(statuses(await play({ envelope, servers, policies })), ['deferred']);
  });

  it('RT-4.2.1-R1: hosts that were left untried may yet carry it', async () => {
    const hosts = Array.from({ length: 6 }, (_, index) => `mx${index}.many.test`);
    const addresses = hosts.map((_, host) =>
      [1, 2, 3, 4].map((last) => `198.51.100.${host * 10 + last}`),
    );
    const records = {
      'many.test': { MX: hosts.map((exchange) => ({ preference: 10, exchange })) },
      ...Object.fromEntries(hosts.map((host, index) => [host, { A: addresses[index] ?? [] }])),
    };
    const server = serverFor(...hosts);
    const servers = Object.fromEntries(addresses.flat().map((address) => [address, server]));
    const policies = fakePolicies();
    policies.now.set('many.test', stsPolicy('enforce', ['*.many.test']));
    const played = await play({
      envelope,
      to: ['r@many.test'],
      servers,
      world: { records },
      policies,
    });
    assert.equal(played.network.only('connect').length, CONNECTIONS_PER_WALK);
    assert.deepEqual(statuses(played), ['deferred']);
  });

  it('RT-5-3: a bounce goes without the option where it must', async () => {
    const bounce = { from: '', requireTls: true };
    const without = await play({ envelope: bounce, policies: enforcing() });
    assert.deepEqual(without.network.only('mail'), ['mail 2001:db8::1 tls r@example.test']);
    const servers = { '2001:db8::1': OFFERING };
    const having = await play({ envelope: bounce, servers, policies: enforcing() });
    assert.deepEqual(having.network.only('mail'), [
      'mail 2001:db8::1 tls r@example.test REQUIRETLS',
    ]);
  });
});

describe('deliver: TLS-Required: No', () => {
  const tlsRequiredNo = { present: true, submitted: true, use: 'submission' } as const;

  it('RT-3-3, RT-4.2.2-1: policies do not stand in the way, and what they said is kept', async () => {
    const servers = { '2001:db8::1': EXPIRED_CERTIFICATE };
    const played = await play({ servers, policies: enforcing(), more: { tlsRequiredNo } });
    assert.deepEqual(statuses(played), ['delivered']);
    assert.equal(
      played.report.hops[0]?.attempts[0]?.verdict?.wouldFail?.resultType,
      'certificate-expired',
    );
    const clear = await play({
      servers: { '2001:db8::1': { ...GOOD, noStartTls: true } },
      policies: enforcing(),
      more: { tlsRequiredNo },
    });
    assert.deepEqual(clear.network.only('mail'), ['mail 2001:db8::1 clear r@example.test']);
  });

  it('RT-3-3: hosts outside the policy are tried too', async () => {
    const policies = enforcing(stsPolicy('enforce', ['elsewhere.test']));
    const played = await play({ policies, more: { tlsRequiredNo } });
    assert.deepEqual(statuses(played), ['delivered']);
  });

  it('RT-4.2.2-2: a server that insists on TLS which cannot be had: failed', async () => {
    const insists = { ...GOOD, noStartTls: true, answer: rejected };
    const played = await play({ servers: { '2001:db8::1': insists }, more: { tlsRequiredNo } });
    assert.deepEqual(statuses(played), ['failed']);
  });

  it('RT-4.1-3: REQUIRETLS wins', async () => {
    const servers = { '2001:db8::1': EXPIRED_CERTIFICATE };
    const envelope = { requireTls: true };
    const played = await play({
      servers,
      envelope,
      policies: enforcing(),
      more: { tlsRequiredNo },
    });
    assert.deepEqual(played.network.only('mail'), []);
  });
});
