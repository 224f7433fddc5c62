import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AttemptEvent } from '../tls-policy/attempt-event.ts';
import { FakeClock } from '../clock.fixture.ts';
import { mapResolver } from '../dns/map-resolver.fixture.ts';
import { ok } from '../failure.ts';
import { createDecider } from '../tls-policy/decider.ts';
import { parseNextHop } from '../tls-policy/next-hop.ts';
import { KNOBS, NOW } from '../tls-policy/evidence.fixture.ts';
import {
  fakeNetwork,
  greylisted,
  rejected,
  type FakeServer,
} from '../tls-policy/network.fixture.ts';
import { enforcing, EXPIRED_CERTIFICATE, GOOD, RECORDS } from './deliver.fixture.ts';
import { createRoutes } from './routes/create-routes.ts';
import { sendOne, type OwnMail, type OwnMailResult, type SendOneOptions } from './send-one.ts';

interface Sent {
  readonly result: OwnMailResult;
  readonly events: readonly AttemptEvent[];
  readonly mails: readonly string[];
}

/** Sends to a domain under an enforced policy whose one server is this. */
async function send(
  server: FakeServer,
  policies: OwnMail['policies'],
  more: Partial<SendOneOptions> & { readonly address?: string } = {},
): Promise<Sent> {
  const clock = new FakeClock(NOW);
  const resolver = mapResolver({ clock, records: RECORDS });
  const settings = { knobs: KNOBS, firstContactMs: 5_000 };
  const sts = enforcing();
  const decider = createDecider({ resolver, policies: sts, clock, settings, port: 25 });
  const network = fakeNetwork({ [more.address ?? '2001:db8::1']: server });
  const routes = createRoutes([], { port: 25 });
  assert.ok(routes.ok);
  const events: AttemptEvent[] = [];
  const mail = {
    reversePath: '',
    to: 'reports@example.test',
    content: Buffer.from('Subject: x\r\n\r\n'),
    policies,
  };
  const result = await sendOne(mail, {
    engine: {
      ...decider,
      policies: { ...sts, recheck: async () => await Promise.resolve(ok('unchanged')) } as never,
      ca: undefined,
    },
    clock,
    config: {
      smtp: { port: 25, heloName: 'us.test', localAddress: undefined },
      tls: { caFile: undefined, opportunisticMinVersion: 'TLSv1.2' },
      mtaSts: { firstContactRelayMs: 5_000 },
      relay: { listen: [], listenTls: [] },
    } as never,
    routes: routes.value,
    connect: network.connect,
    onAttempt: (event) => events.push(event),
    ...more,
  });
  return { result, events, mails: network.only('mail') };
}

describe('sending one mail of our own', () => {
  it('RPT-3-14, RPT-5.3-1: a report goes out although the host fails the enforced policy', async () => {
    const { result, mails } = await send(EXPIRED_CERTIFICATE, 'ignore');
    assert.equal(result.kind, 'accepted');
    assert.equal(mails.length, 1);
    const clear = await send({ ...GOOD, noStartTls: true }, 'ignore');
    assert.equal(clear.result.kind, 'accepted');
    assert.deepEqual(clear.mails, ['mail 2001:db8::1 clear reports@example.test']);
  });

  it('RPT-3-15: its session is not counted', async () => {
    assert.deepEqual((await send(GOOD, 'ignore')).events, []);
    assert.deepEqual((await send(EXPIRED_CERTIFICATE, 'ignore')).events, []);
    assert.equal((await send(GOOD, 'enforce')).events.length, 1);
  });

  it('other mail of ours waits for the policy as any mail does', async () => {
    const { result, mails } = await send(EXPIRED_CERTIFICATE, 'enforce');
    assert.equal(result.kind, 'later');
    assert.deepEqual(mails, []);
  });

  it('S8: a 4xx is later, a 5xx is refused, and both say why', async () => {
    const later = await send({ ...GOOD, answer: greylisted }, 'ignore');
    assert.equal(later.result.kind, 'later');
    const refused = await send({ ...GOOD, answer: rejected }, 'ignore');
    assert.equal(refused.result.kind, 'refused');
  });

  it('RPT-7-1: a stranger may not name a host of our own network, unless its block is allowed', async () => {
    const { result, mails } = await send(GOOD, 'ignore', { allowAddresses: [] });
    assert.ok(result.kind === 'refused', JSON.stringify(result));
    const { code, detail } = result.failure;
    assert.equal(code, 'REPORT_SEND_ADDRESS_REFUSED');
    assert.match(detail, /^mx1\.example\.test at \S+ may not be reached \(for documentation\)$/);
    assert.deepEqual(mails, []);
    const halfway = { allowAddresses: ['192.0.2.2/32'] };
    assert.equal((await send(GOOD, 'ignore', halfway)).result.kind, 'later');
    const allowed = await send(GOOD, 'ignore', { allowAddresses: ['2001:db8::/32'] });
    assert.equal(allowed.result.kind, 'accepted');
  });

  it('the route of the operator leads anywhere', async () => {
    const hop = parseNextHop('[192.0.2.9]', 25);
    assert.ok(hop.ok);
    const route = { name: 'out', nextHop: hop.value, tls: 'policy' } as const;
    const { result } = await send(GOOD, 'ignore', {
      address: '192.0.2.9',
      allowAddresses: [],
      routes: { of: () => route },
    });
    assert.equal(result.kind, 'accepted', JSON.stringify(result));
  });
});
