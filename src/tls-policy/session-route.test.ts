import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { FakeClock } from '../clock.fixture.ts';
import { createLabCa } from '../lab/pki/ca.ts';
import { startScript, type ScriptServer } from '../smtp/script-server.fixture.ts';
import type { Credentials } from '../smtp/types.ts';
import { fakeNetwork, type FakeNetwork, type FakeServer } from './network.fixture.ts';
import { ADDRESS, dane, EXPIRED, hostWith, leafOf, MX, sts } from './requirements.fixture.ts';
import { openSession, type OpenSessionOptions, type SessionAttempt } from './session.ts';
import type { HopDemand, Requirement } from './types.ts';

const ca = createLabCa();
const good = leafOf(ca.issue([MX]));
const other = leafOf(ca.issue(['other.test']));
const demand: HopDemand = { kind: 'verify', route: '*', because: 'password' };
const pkix: Requirement = { kind: 'pkix', host: MX, demand };
const auth: Credentials = { user: 'relay', password: () => 'secret' };

interface Opened {
  readonly attempt: SessionAttempt;
  readonly network: FakeNetwork;
}

/** A session with a host that must show `pkix` unless said otherwise, with AUTH. */
async function open(server: FakeServer, more: Partial<OpenSessionOptions> = {}): Promise<Opened> {
  const network = fakeNetwork({
    [more.address ?? ADDRESS]: { certificate: () => good, ...server },
  });
  const attempt = await openSession({
    hostPolicy: hostWith(pkix, { demand }),
    address: ADDRESS,
    ca: undefined,
    heloName: 'us.test',
    clock: new FakeClock(),
    connect: network.connect,
    auth,
    ...more,
  });
  return { attempt, network };
}

function failureOf(attempt: SessionAttempt): string {
  return attempt.kind === 'ready' ? 'none' : attempt.failure.code;
}

describe('openSession with credentials', () => {
  it('says them after the verdict and before it hands the session out', async () => {
    const { attempt, network } = await open({});
    assert.equal(attempt.kind, 'ready');
    assert.deepEqual(network.steps, [
      `connect ${ADDRESS}`,
      `starttls ${ADDRESS} ${MX}`,
      `judged ${ADDRESS} yes`,
      `auth ${ADDRESS} tls relay`,
    ]);
  });

  it('DANE is as good as the web PKI', async () => {
    const host = hostWith({ kind: 'dane', dane: dane(other) }, { demand });
    const { attempt, network } = await open({ certificate: () => other }, { hostPolicy: host });
    assert.equal(attempt.kind, 'ready');
    assert.equal(network.only('auth').length, 1);
  });

  const BAD: readonly (readonly [what: string, server: FakeServer])[] = [
    ['a certificate for another name', { certificate: () => other }],
    ['an expired certificate', { pkix: { trusted: false, failure: EXPIRED } }],
    ['no STARTTLS', { noStartTls: true }],
    ['TLS 1.1', { protocol: 'TLSv1.1' }],
    [
      'a broken handshake',
      {
        startTlsFailure: {
          code: 'TLS_HANDSHAKE_CLOSED',
          detail: 'broken',
          resultType: 'validation-failure',
        },
      },
    ],
  ];
  for (const [what, server] of BAD) {
    it(`TLS-3207-6-1: ${what} gets no password, whatever the message lifts`, async () => {
      for (const policyUse of ['follow', 'report-only'] as const) {
        const { attempt, network } = await open(server, { policyUse });
        assert.equal(attempt.kind, 'refused', policyUse);
        assert.deepEqual(network.only('auth'), []);
        assert.equal(network.only('connect').length, 1, 'no second connection in clear');
      }
    });
  }

  it('TLS-3207-6-1: a message may lift a policy, and not the demand of the route', async () => {
    const lifted = hostWith({ kind: 'sts', sts: sts('enforce') }, { demand });
    const refused = hostWith(
      { kind: 'refused', failure: { code: 'ROUTE_HOST_UNVOUCHED', detail: 'no' }, rule: 'x' },
      { demand },
    );
    const encrypt: HopDemand = { kind: 'encrypt', route: '*', because: 'setting' };
    const onlyTls = hostWith({ kind: 'sts', sts: sts('enforce') }, { demand: encrypt });
    const wrong = { certificate: () => other };
    const use = { policyUse: 'report-only' } as const;
    assert.equal((await open(wrong, { ...use, hostPolicy: lifted })).attempt.kind, 'refused');
    assert.equal((await open({}, { ...use, hostPolicy: refused })).attempt.kind, 'refused');
    const spared = await open(wrong, { ...use, hostPolicy: onlyTls, auth: undefined });
    assert.equal(spared.attempt.kind, 'ready');
    const clear = await open({ noStartTls: true }, { ...use, hostPolicy: onlyTls });
    assert.equal(clear.attempt.kind, 'refused');
  });

  it('nothing but a demand for verified TLS makes a good certificate good enough', async () => {
    const anyone = hostWith({ kind: 'opportunistic' });
    const { attempt, network } = await open({}, { hostPolicy: anyone });
    assert.equal(attempt.kind, 'unreachable');
    assert.equal(failureOf(attempt), 'ROUTE_AUTH_UNSAFE');
    assert.deepEqual(network.only('auth'), []);
    assert.deepEqual(network.only('quit'), [`quit ${ADDRESS}`]);
  });

  it('to loopback they may go in clear', async () => {
    const anyone = hostWith({ kind: 'opportunistic' });
    const more = { hostPolicy: anyone, address: '127.0.0.1' };
    const { attempt, network } = await open({ noStartTls: true }, more);
    assert.equal(attempt.kind, 'ready');
    assert.deepEqual(network.only('auth'), ['auth 127.0.0.1 clear relay']);
  });

  it('a refusal is no fault of a policy: no session, and QUIT', async () => {
    const authFailure = { code: 'ROUTE_AUTH_REFUSED', detail: '535' } as const;
    const { attempt, network } = await open({ authFailure });
    assert.equal(attempt.kind, 'unreachable');
    assert.equal(failureOf(attempt), 'ROUTE_AUTH_REFUSED');
    assert.equal(attempt.event.outcome, 'unreachable');
    assert.equal(attempt.event.tls?.protocol, 'TLSv1.3');
    assert.deepEqual(network.only('quit'), [`quit ${ADDRESS}`]);
  });
});

describe('openSession over real TLS', () => {
  const certificate = ca.issue([MX]);
  const wrong = ca.issue(['other.test']);
  const PLAIN = Buffer.from('\0relay\0secret').toString('base64');
  const greeted = `S: 220 ${MX}
      C: EHLO us.test`;
  const inside = `S: 250-${MX}
      S: 250 AUTH PLAIN
      C: AUTH PLAIN ${PLAIN}
      S: 235 ok`;

  async function real(
    t: TestContext,
    script: string,
    more: Partial<OpenSessionOptions> & { readonly certificate?: typeof wrong } = {},
  ): Promise<{ readonly attempt: SessionAttempt; readonly server: ScriptServer }> {
    const { certificate: shown = certificate, ...options } = more;
    const server = await startScript(script, { key: shown.key, cert: shown.chain });
    t.after(async () => await server.close());
    const attempt = await openSession({
      hostPolicy: hostWith(pkix, { demand, port: server.port }),
      address: '127.0.0.1',
      ca: [ca.rootPem],
      heloName: 'us.test',
      clock: new FakeClock(),
      auth,
      ...options,
    });
    if (attempt.kind === 'ready') t.after(() => attempt.session.destroy());
    return { attempt, server };
  }

  it('TLS-3207-6-1: STARTTLS, verdict, AUTH', async (t) => {
    const { attempt, server } = await real(
      t,
      `${greeted}
      S: 250-${MX}
      S: 250 STARTTLS
      C: STARTTLS
      S: 220 ready
      T:
      C: EHLO us.test
      ${inside}`,
    );
    assert.equal(attempt.kind, 'ready');
    assert.equal(attempt.verdict.tls, 'authenticated');
    await server.done;
  });

  it('TLS-3207-4.1-2: the wrong certificate hears QUIT and no password', async (t) => {
    const { attempt, server } = await real(
      t,
      `${greeted}
      S: 250-${MX}
      S: 250 STARTTLS
      C: STARTTLS
      S: 220 ready
      T:
      C: QUIT
      E:`,
      { certificate: wrong },
    );
    assert.equal(attempt.kind, 'refused');
    assert.equal(failureOf(attempt), 'TLS_CERTIFICATE_NAME_MISMATCH');
    await server.done;
  });

  it('TLS from the first octet: verdict, greeting, EHLO, AUTH', async (t) => {
    const script = `T:\n${greeted}\n${inside}`;
    const { attempt, server } = await real(t, script, { tlsStart: 'implicit' });
    assert.equal(attempt.kind, 'ready');
    assert.equal(attempt.verdict.tls, 'authenticated');
    assert.equal(attempt.event.banner, MX);
    await server.done;
  });

  it('TLS from the first octet: the wrong certificate is refused, and it is told where', async (t) => {
    const more = { tlsStart: 'implicit', certificate: wrong } as const;
    const { attempt, server } = await real(t, 'T:\nE:', more);
    assert.equal(attempt.kind, 'refused');
    assert.equal(failureOf(attempt), 'TLS_CERTIFICATE_NAME_MISMATCH');
    assert.equal(attempt.event.address, '127.0.0.1');
    assert.equal(attempt.event.tls?.servername, MX);
    await server.done;
    assert.deepEqual(server.received, []);
  });

  it('TLS from the first octet: clear text is refused and never followed', async (t) => {
    const open_ = hostWith({ kind: 'opportunistic' });
    for (const policyUse of ['follow', 'report-only'] as const) {
      const server = await startScript(`S: 220 ${MX}`);
      t.after(async () => await server.close());
      const { attempt } = await real(t, 'Z:', {
        tlsStart: 'implicit',
        policyUse,
        hostPolicy: { ...open_, port: server.port },
        auth: undefined,
      });
      assert.equal(attempt.kind, 'refused');
      assert.doesNotMatch(server.raw().toString('latin1'), /EHLO/);
    }
  });

  it('TLS from the first octet: nobody who listens is unreachable', async (t) => {
    const server = await startScript('Z:');
    await server.close();
    const hostPolicy = hostWith(pkix, { demand, port: server.port });
    const { attempt } = await real(t, 'Z:', { tlsStart: 'implicit', hostPolicy });
    assert.equal(attempt.kind, 'unreachable');
  });
});
