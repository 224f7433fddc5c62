import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../clock.fixture.ts';
import { mapResolver, type MapWorld } from '../dns/map-resolver.fixture.ts';
import { createLabCa } from '../lab/pki/ca.ts';
import type { Envelope } from '../smtp/types.ts';
import { createDecider } from '../tls-policy/decider.ts';
import { KNOBS, NOW, stsPolicy } from '../tls-policy/evidence.fixture.ts';
import {
  fakeNetwork,
  greylisted,
  rejected,
  type FakeNetwork,
  type FakeServer,
} from '../tls-policy/network.fixture.ts';
import { fakePolicies, type FakePolicies } from '../tls-policy/policies.fixture.ts';
import { EXPIRED, leafOf } from '../tls-policy/requirements.fixture.ts';
import { deliver, type DeliverOptions } from './deliver.ts';
import type { DeliveryReport } from './types.ts';

const ca = createLabCa();
const certificate = leafOf(
  ca.issue(['mx1.example.test', 'mx2.example.test', 'out.test', 'relay.isp.test']),
);
const GOOD: FakeServer = { certificate: () => certificate };
const EXPIRED_CERTIFICATE: FakeServer = { ...GOOD, pkix: { trusted: false, failure: EXPIRED } };

/** example.test: mx1 (10) with two addresses, mx2 (20). */
const RECORDS: MapWorld['records'] = {
  'example.test': {
    MX: [
      { preference: 10, exchange: 'mx1.example.test' },
      { preference: 20, exchange: 'mx2.example.test' },
    ],
  },
  'mx1.example.test': { A: ['192.0.2.1'], AAAA: ['2001:db8::1'] },
  'mx2.example.test': { A: ['192.0.2.2'] },
  'null.test': { MX: [{ preference: 0, exchange: '' }] },
  'other.test': { MX: [{ preference: 10, exchange: 'out.test' }] },
  'out.test': { A: ['192.0.2.3'] },
  'relay.isp.test': { A: ['192.0.2.4'] },
};
const BOTH = stsPolicy('enforce', ['mx1.example.test', 'mx2.example.test']);

interface Scene {
  readonly world?: Partial<MapWorld>;
  readonly servers?: Readonly<Record<string, FakeServer>>;
  readonly envelope?: Partial<Envelope>;
  readonly to?: readonly string[];
  readonly policies?: FakePolicies;
  readonly more?: Partial<DeliverOptions>;
}

interface Played {
  readonly report: DeliveryReport;
  readonly network: FakeNetwork;
  readonly policies: FakePolicies;
  readonly resolver: ReturnType<typeof mapResolver>;
}

async function play(scene: Scene): Promise<Played> {
  const clock = new FakeClock(NOW);
  const resolver = mapResolver({ clock, records: RECORDS, ...scene.world });
  const policies = scene.policies ?? fakePolicies();
  const decider = createDecider({
    resolver,
    policies,
    clock,
    knobs: KNOBS,
    port: 25,
    firstContactMs: 5000,
  });
  const network = fakeNetwork(scene.servers ?? { '2001:db8::1': GOOD, '192.0.2.3': GOOD });
  const to = scene.to ?? ['r@example.test'];
  const report = await deliver({
    engine: { ...decider, policies: policies as never, ca: undefined },
    config: { smtp: { port: 25, heloName: 'us.test', localAddress: undefined } },
    clock,
    envelope: {
      from: 'a@us.test',
      recipients: to.map((address) => ({ address })),
      ...scene.envelope,
    },
    message: [],
    random: () => 0.5,
    connect: network.connect,
    ...scene.more,
  });
  return { report, network, policies, resolver };
}

function enforcing(status = BOTH): FakePolicies {
  const policies = fakePolicies();
  policies.now.set('example.test', status);
  return policies;
}

const statuses = ({ report }: Played): readonly string[] =>
  report.recipients.map(({ status }) => status);

describe('deliver', () => {
  it('delivers to the best host and says how', async () => {
    const played = await play({});
    assert.deepEqual(played.network.only('mail'), ['mail 2001:db8::1 tls r@example.test']);
    const [recipient] = played.report.recipients;
    assert.equal(recipient?.status, 'delivered');
    assert.equal(recipient.host, 'mx1.example.test');
    assert.equal(recipient.address, '2001:db8::1');
    assert.equal(recipient.verdict?.tls, 'authenticated');
    assert.equal(played.report.hops[0]?.recheck, 'not-needed');
    assert.deepEqual(played.network.only('quit'), ['quit 2001:db8::1']);
  });

  it('SMTP-5.1-4: the addresses of a host in turn, then the next host', async () => {
    const second = await play({ servers: { '192.0.2.1': GOOD } });
    assert.deepEqual(second.network.only('connect'), ['connect 2001:db8::1', 'connect 192.0.2.1']);
    assert.deepEqual(statuses(second), ['delivered']);
    const third = await play({ servers: { '192.0.2.2': GOOD } });
    assert.deepEqual(third.network.only('mail'), ['mail 192.0.2.2 tls r@example.test']);
  });

  it('STS-App-B-1: nobody answers: deferred, and no policy is to blame', async () => {
    const played = await play({ servers: {}, policies: enforcing() });
    assert.deepEqual(statuses(played), ['deferred']);
    const hop = played.report.hops[0];
    assert.deepEqual(
      hop?.attempts.map(({ outcome, failure }) => [outcome, failure?.resultType]),
      Array.from({ length: 3 }, () => ['unreachable', undefined]),
    );
    assert.equal(hop?.recheck, 'not-needed');
  });

  it('STS-5.1-4, STS-5-1, STS-App-B-2: a host that fails validation is passed over for the next', async () => {
    const servers = {
      '2001:db8::1': EXPIRED_CERTIFICATE,
      '192.0.2.1': { ...GOOD, noStartTls: true },
      '192.0.2.2': GOOD,
    };
    const played = await play({ servers, policies: enforcing() });
    assert.deepEqual(played.network.only('mail'), ['mail 192.0.2.2 tls r@example.test']);
    assert.deepEqual(
      played.report.hops[0]?.attempts.map(({ failure }) => failure?.resultType),
      ['certificate-expired', 'starttls-not-supported', undefined],
    );
  });

  it('STS-5.1-4: MX10 outside the policy, MX20 in it: MX20', async () => {
    const policies = enforcing(stsPolicy('enforce', ['mx2.example.test']));
    const played = await play({ servers: { '2001:db8::1': GOOD, '192.0.2.2': GOOD }, policies });
    assert.deepEqual(played.network.only('connect'), ['connect 192.0.2.2']);
    const [refused] = played.report.hops[0]?.attempts ?? [];
    assert.equal(refused?.failure?.reasonCode, 'sts-mx-mismatch');
  });

  it('STS-5-5, STS-5-1: all hosts fail: deferred, never failed, and no mail in clear', async () => {
    const servers = {
      '2001:db8::1': EXPIRED_CERTIFICATE,
      '192.0.2.1': EXPIRED_CERTIFICATE,
      '192.0.2.2': { ...GOOD, noStartTls: true },
    };
    const played = await play({ servers, policies: enforcing() });
    assert.deepEqual(statuses(played), ['deferred']);
    assert.deepEqual(played.network.only('mail'), []);
    const [recipient] = played.report.recipients;
    assert.ok(recipient?.status === 'deferred');
    assert.equal(recipient.failure.resultType, 'certificate-expired');
  });

  it('STS-5-4, STS-5.1-5: after a policy failure the record is looked up again; unchanged: wait', async () => {
    const played = await play({
      servers: { '2001:db8::1': EXPIRED_CERTIFICATE },
      policies: enforcing(),
    });
    assert.equal(played.policies.asked.at(-1), 'recheck example.test');
    assert.equal(played.report.hops[0]?.recheck, 'unchanged');
    assert.deepEqual(statuses(played), ['deferred']);
  });

  it('STS-5-4: a newer policy is followed at once', async () => {
    const policies = enforcing(stsPolicy('enforce', ['old.example.test']));
    const { active } = BOTH.kind === 'policy' ? BOTH : assert.fail();
    policies.atSource.set('example.test', { kind: 'policy', active: { ...active, id: 'id2' } });
    const played = await play({ policies });
    assert.deepEqual(statuses(played), ['delivered']);
    const [hop] = played.report.hops;
    assert.equal(hop?.recheck, 'changed');
    assert.equal(hop.decision.policy.sts?.id, 'id2');
    assert.deepEqual(
      hop.attempts.map(({ outcome }) => outcome),
      ['refused', 'refused', 'ready'],
    );
  });

  it('SMTP-5.1-5, STS-8.4-1: the loop rule looks at the whole MX list, refused hosts too', async () => {
    const policies = enforcing(stsPolicy('enforce', ['mx2.example.test']));
    const own = { names: ['mx1.example.test'], addresses: [] };
    const played = await play({ policies, servers: { '192.0.2.2': GOOD }, more: { own } });
    assert.deepEqual(played.network.only('connect'), []);
    const [recipient] = played.report.recipients;
    assert.ok(recipient?.status === 'failed');
    assert.equal(recipient.failure.code, 'POLICY_MAIL_LOOP');
    const backup = { names: ['mx2.example.test'], addresses: [] };
    assert.deepEqual(statuses(await play({ more: { own: backup } })), ['delivered']);
  });

  it('NMX-3-1, SMTP-5.1-1: null MX and NXDOMAIN fail at once; a failing MX look-up waits', async () => {
    const to = ['a@null.test', 'b@nowhere.test', 'c@example.test', 'not an address'];
    const played = await play({ to, world: { failing: { 'example.test/MX': 'servfail' } } });
    assert.deepEqual(statuses(played), ['failed', 'failed', 'deferred', 'failed']);
    assert.deepEqual(played.network.steps, []);
    assert.deepEqual(
      played.report.recipients.map(({ recipient }) => recipient),
      to,
    );
  });

  it('SMTP-4.5.4.1-2: one transaction for all recipients of a domain, none for two domains', async () => {
    const played = await play({ to: ['a@example.test', 'b@other.test', 'c@example.test'] });
    assert.deepEqual(played.network.only('mail').toSorted(), [
      'mail 192.0.2.3 tls b@other.test',
      'mail 2001:db8::1 tls a@example.test,c@example.test',
    ]);
    assert.deepEqual(statuses(played), ['delivered', 'delivered', 'delivered']);
  });

  it('STS-5-R2: two domains on one host have a session each, under their own policies', async () => {
    const records = {
      ...RECORDS,
      'twin.test': { MX: [{ preference: 10, exchange: 'mx1.example.test' }] },
    };
    const played = await play({
      to: ['a@example.test', 'b@twin.test'],
      world: { records },
      policies: enforcing(),
    });
    assert.equal(played.network.only('connect').length, 2);
    const kinds = played.report.hops.map(({ attempts }) => attempts[0]?.requirement.kind);
    assert.deepEqual(kinds, ['sts', 'opportunistic']);
  });

  it('more than a hundred recipients go in portions', async () => {
    const to = Array.from({ length: 101 }, (_, index) => `r${index}@example.test`);
    const played = await play({ to });
    assert.equal(played.network.only('mail').length, 2);
    assert.equal(played.network.only('connect').length, 1);
    assert.ok(statuses(played).every((status) => status === 'delivered'));
  });

  it('a deferred recipient is tried at the next host, a rejected one is not', async () => {
    const servers = {
      '2001:db8::1': {
        ...GOOD,
        answer: (recipient: { readonly address: string }) =>
          recipient.address.startsWith('no') ? rejected(recipient) : greylisted(recipient),
      },
      '192.0.2.2': GOOD,
    };
    const played = await play({ servers, to: ['no@example.test', 'later@example.test'] });
    assert.deepEqual(statuses(played), ['failed', 'delivered']);
    assert.deepEqual(played.network.only('mail').at(-1), 'mail 192.0.2.2 tls later@example.test');
    const stuck = await play({ servers: { '2001:db8::1': servers['2001:db8::1'] } });
    assert.deepEqual(statuses(stuck), ['deferred']);
    assert.ok(stuck.report.recipients[0]?.status === 'deferred');
    assert.equal(stuck.report.recipients[0].reply?.code, 451);
  });

  it('STS-3.4-2: an address literal needs neither DNS nor policy', async () => {
    const played = await play({ to: ['a@[192.0.2.3]'] });
    assert.deepEqual(statuses(played), ['delivered']);
    assert.deepEqual(played.resolver.asked, []);
    assert.deepEqual(played.policies.asked, []);
    assert.deepEqual(played.network.only('starttls'), ['starttls 192.0.2.3 -']);
  });

  it('STS-3.4-1: a route sends everything to the smart host, under its own policy', async () => {
    const route = () => ({ kind: 'host', host: 'relay.isp.test', port: 587 }) as const;
    const played = await play({ servers: { '192.0.2.4': GOOD }, more: { route } });
    assert.deepEqual(statuses(played), ['delivered']);
    assert.deepEqual(played.policies.asked, ['lookup relay.isp.test relay.isp.test']);
    assert.equal(played.resolver.count('example.test', 'MX'), 0);
  });

  it('whoever stops the delivery gets what was done; the rest waits', async () => {
    const signal = AbortSignal.abort();
    const played = await play({ more: { signal } });
    assert.deepEqual(statuses(played), ['deferred']);
    assert.deepEqual(played.network.steps, []);
  });
});

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
