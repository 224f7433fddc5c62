import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../clock.fixture.ts';
import { createLabCa } from '../lab/pki/ca.ts';
import type { AttemptEvent } from './attempt-event.ts';
import { fakeNetwork, type FakeNetwork, type FakeServer } from './network.fixture.ts';
import {
  ADDRESS,
  BROKEN_HANDSHAKE,
  dane,
  EXPIRED,
  hostWith,
  leafOf,
  MX,
  otherDane,
  sts,
} from './requirements.fixture.ts';
import { openSession, type OpenSessionOptions, type SessionAttempt } from './session.ts';
import type { HostPolicy, Requirement } from './types.ts';

const ca = createLabCa();
const good = leafOf(ca.issue([MX]));
const real = leafOf(ca.issue(['real.test']));

interface Opened {
  readonly attempt: SessionAttempt;
  readonly network: FakeNetwork;
  readonly events: readonly AttemptEvent[];
}

async function open(
  host: HostPolicy,
  server: FakeServer,
  more: Partial<OpenSessionOptions> = {},
): Promise<Opened> {
  const network = fakeNetwork({ [ADDRESS]: { certificate: () => good, ...server } });
  const events: AttemptEvent[] = [];
  const attempt = await openSession({
    hostPolicy: host,
    address: ADDRESS,
    ca: undefined,
    heloName: 'us.test',
    clock: new FakeClock(),
    connect: network.connect,
    onAttempt: (event) => events.push(event),
    ...more,
  });
  assert.deepEqual(events, [attempt.event]);
  return { attempt, network, events };
}

const refusedUnseen: Requirement = {
  kind: 'refused',
  failure: { code: 'POLICY_MX_NOT_IN_POLICY', detail: 'no', resultType: 'validation-failure' },
  rule: 'RFC 8461 §4.1',
};

/** Every requirement that demands TLS. */
const BINDING: readonly Requirement[] = [
  { kind: 'sts', sts: sts('enforce') },
  { kind: 'dane', dane: dane(good) },
  { kind: 'dane', dane: dane(good), testing: sts('testing') },
  { kind: 'dane-and-sts', dane: dane(good), sts: sts('enforce') },
  {
    kind: 'encrypt',
    because: {
      kind: 'tlsa-unusable',
      baseDomain: MX,
      failure: { code: 'DANE_NO_MATCH', detail: 'unusable' },
    },
  },
];

describe('openSession under a requirement that binds', () => {
  it('TLS-3207-4.1-1: the verdict comes right after the handshake, before any mail', async () => {
    for (const requirement of BINDING) {
      const { attempt, network } = await open(hostWith(requirement), {});
      assert.equal(attempt.kind, 'ready');
      assert.deepEqual(network.steps, [
        `connect ${ADDRESS}`,
        `starttls ${ADDRESS} ${MX}`,
        `judged ${ADDRESS} yes`,
      ]);
      await attempt.session.send({ from: '', recipients: [{ address: 'a@b.test' }] }, []);
    }
  });

  it('STS-5-1, STS-5-R1, DANE-7672-2.2-1: without TLS no second connection and no mail', async () => {
    const servers: readonly FakeServer[] = [
      { noStartTls: true },
      { startTlsFailure: BROKEN_HANDSHAKE },
    ];
    for (const requirement of BINDING) {
      for (const server of servers) {
        const { attempt, network } = await open(hostWith(requirement), server);
        assert.equal(attempt.kind, 'refused');
        assert.equal(attempt.verdict?.deliver, false);
        assert.deepEqual(network.only('connect'), [`connect ${ADDRESS}`]);
        assert.deepEqual(network.only('mail'), []);
      }
    }
  });

  it('TLS-9325-1, STS-7.2-1: the lower floor of opportunistic TLS is not for them', async () => {
    for (const requirement of BINDING) {
      const { attempt, network } = await open(
        hostWith(requirement),
        { protocol: 'TLSv1.1' },
        { opportunisticMinVersion: 'TLSv1' },
      );
      assert.equal(attempt.kind, 'refused');
      assert.equal(attempt.failure.code, 'TLS_VERSION_TOO_OLD');
      assert.deepEqual(network.only('judged'), []);
    }
  });

  it('STS-5-1: a certificate that fails closes the session; the event says why', async () => {
    const host = hostWith({ kind: 'sts', sts: sts('enforce') });
    const { attempt, network } = await open(host, { pkix: { trusted: false, failure: EXPIRED } });
    assert.equal(attempt.kind, 'refused');
    assert.deepEqual(attempt.event.failure, EXPIRED);
    assert.equal(attempt.event.verdict?.tls, 'encrypted');
    assert.equal(network.steps.at(-1), `judged ${ADDRESS} no`);
  });

  it('STS-App-B-1: a connection that fails is not a policy failure', async () => {
    const failure = { code: 'DIAL_FAILED', detail: 'connection refused' } as const;
    for (const requirement of BINDING) {
      const { attempt } = await open(hostWith(requirement), { unreachable: failure });
      assert.equal(attempt.kind, 'unreachable');
      assert.equal(attempt.event.failure?.resultType, undefined);
      assert.equal(attempt.event.address, ADDRESS);
    }
  });

  it('a connection that is lost after a good handshake is unreachable, not refused', async () => {
    const afterTlsFailure = { code: 'DIAL_FAILED', detail: 'lost' } as const;
    const { attempt } = await open(hostWith({ kind: 'sts', sts: sts('enforce') }), {
      afterTlsFailure,
    });
    assert.equal(attempt.kind, 'unreachable');
  });

  it('DANE-7672-2.1.2-3: a host that is refused unseen is not connected to', async () => {
    const { attempt, network } = await open(hostWith(refusedUnseen), {});
    assert.equal(attempt.kind, 'refused');
    assert.deepEqual(network.steps, []);
    assert.equal(attempt.event.address, undefined);
    assert.equal(attempt.event.failure?.code, 'POLICY_MX_NOT_IN_POLICY');
  });
});

describe('openSession without a requirement that binds', () => {
  it('no STARTTLS: the same connection serves in clear', async () => {
    const { attempt, network } = await open(hostWith({ kind: 'opportunistic' }), {
      noStartTls: true,
    });
    assert.equal(attempt.kind, 'ready');
    assert.equal(attempt.verdict.tls, 'none');
    assert.deepEqual(network.steps, [`connect ${ADDRESS}`]);
    assert.equal(attempt.event.secondTry, undefined);
    assert.equal(attempt.event.failure?.resultType, 'starttls-not-supported');
  });

  it('DANE-7672-2.2-3: a broken handshake: a second connection in clear, on record', async () => {
    const { attempt, network } = await open(hostWith({ kind: 'opportunistic' }), {
      startTlsFailure: BROKEN_HANDSHAKE,
    });
    assert.equal(attempt.kind, 'ready');
    assert.equal(network.only('connect').length, 2);
    assert.equal(attempt.event.secondTry, 'clear');
    assert.deepEqual(attempt.event.failure, BROKEN_HANDSHAKE);
  });

  it('TLS-9325-1: TLS 1.1 is not taken by default: clear text, on record', async () => {
    const { attempt, network } = await open(hostWith({ kind: 'opportunistic' }), {
      protocol: 'TLSv1.1',
    });
    assert.equal(attempt.kind, 'ready');
    assert.equal(attempt.event.secondTry, 'clear');
    assert.equal(attempt.event.failure?.code, 'TLS_VERSION_TOO_OLD');
    assert.equal(network.only('connect').length, 2);
  });

  it('TLS-9325-1: where the operator allows it, TLS 1.1 takes the place of clear text', async () => {
    const { attempt, network } = await open(
      hostWith({ kind: 'opportunistic' }),
      { protocol: 'TLSv1.1' },
      { opportunisticMinVersion: 'TLSv1.1' },
    );
    assert.equal(attempt.kind, 'ready');
    assert.equal(attempt.event.tls?.protocol, 'TLSv1.1');
    assert.equal(attempt.verdict.tls, 'encrypted');
    assert.equal(network.only('connect').length, 1);
  });

  it('STS-5-2: testing never blocks; what it would refuse is reported', async () => {
    const servers: readonly (readonly [FakeServer, string])[] = [
      [{ noStartTls: true }, 'starttls-not-supported'],
      [{ startTlsFailure: BROKEN_HANDSHAKE }, 'validation-failure'],
      [{ pkix: { trusted: false, failure: EXPIRED } }, 'certificate-expired'],
      [{ certificate: () => real }, 'certificate-host-mismatch'],
    ];
    for (const [server, resultType] of servers) {
      const host = hostWith({ kind: 'opportunistic', testing: sts('testing') });
      const { attempt } = await open(host, server);
      assert.equal(attempt.kind, 'ready');
      assert.equal(attempt.event.failure?.resultType, resultType);
    }
  });
});

describe('openSession for mail marked TLS-Required: No', () => {
  it('RT-3-3, RT-4.2.2-1: STARTTLS is tried, policies are checked, and nothing is enforced', async () => {
    const policyUse = 'report-only' as const;
    const bad: FakeServer = { pkix: { trusted: false, failure: EXPIRED } };
    const enforced = hostWith({ kind: 'sts', sts: sts('enforce') });
    const seen = await open(enforced, bad, { policyUse });
    assert.equal(seen.attempt.kind, 'ready');
    assert.deepEqual(seen.attempt.verdict.wouldFail, EXPIRED);
    assert.equal(seen.network.only('starttls').length, 1);

    const mismatch = await open(hostWith({ kind: 'dane', dane: otherDane() }), {}, { policyUse });
    assert.equal(mismatch.attempt.kind, 'ready');

    const clear = await open(enforced, { noStartTls: true }, { policyUse });
    assert.equal(clear.attempt.kind, 'ready');
    assert.equal(clear.attempt.event.failure?.resultType, 'starttls-not-supported');

    const refused = await open(hostWith(refusedUnseen), {}, { policyUse });
    assert.equal(refused.attempt.kind, 'ready');
    assert.equal(refused.attempt.event.failure?.code, 'POLICY_MX_NOT_IN_POLICY');
  });
});

describe('openSession where DANE and STS want different SNI names', () => {
  const host = hostWith(
    { kind: 'dane-and-sts', dane: dane(good, 'real.test'), sts: sts('enforce') },
    { servername: 'real.test' },
  );
  // One key under two names: the TLSA record matches both certificates only if it is for both.
  const both = hostWith(
    {
      kind: 'dane-and-sts',
      dane: {
        ...dane(good, 'real.test'),
        usable: [...dane(good).usable, ...dane(real).usable],
      },
      sts: sts('enforce'),
    },
    { servername: 'real.test' },
  );

  it('the base domain goes first, then the MX host on a second connection', async () => {
    const certificate = (sni: string | undefined) => (sni === MX ? good : real);
    const { attempt, network } = await open(both, { certificate });
    assert.equal(attempt.kind, 'ready');
    assert.equal(attempt.event.secondTry, 'other-sni');
    assert.deepEqual(network.only('starttls'), [
      `starttls ${ADDRESS} real.test`,
      `starttls ${ADDRESS} ${MX}`,
    ]);
  });

  it('the first verdict stands where the second connection does no better', async () => {
    const { attempt } = await open(both, { certificate: () => real });
    assert.equal(attempt.kind, 'refused');
    assert.equal(attempt.failure.resultType, 'certificate-host-mismatch');
  });

  it('no second connection where one certificate is good for both', async () => {
    const { attempt, network } = await open(host, {});
    assert.equal(attempt.kind, 'ready');
    assert.equal(network.only('connect').length, 1);
  });
});
