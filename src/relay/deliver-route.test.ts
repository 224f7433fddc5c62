import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Outcome } from '../failure.ts';
import type { SmtpConnectOptions, SmtpSession } from '../smtp/types.ts';
import { stsPolicy } from '../tls-policy/evidence.fixture.ts';
import { fakeNetwork, rejected, type FakeServer } from '../tls-policy/network.fixture.ts';
import { EXPIRED_CERTIFICATE, GOOD, play, serverFor, statuses } from './deliver.fixture.ts';
import { fakePolicies } from '../tls-policy/policies.fixture.ts';
import { isRouteFault } from './routes/route-fault.ts';
import type { RouteChoice } from './routes/types.ts';

const SMART: RouteChoice = {
  name: '*',
  nextHop: { kind: 'host', host: 'relay.isp.test', port: 587 },
  tls: 'policy',
};
const WITH_AUTH: RouteChoice = { ...SMART, auth: { user: 'relay', password: () => 'secret' } };
/** A domain whose MX hosts take the mail; two hosts, three addresses. */
const BY_MX: RouteChoice = {
  ...WITH_AUTH,
  nextHop: { kind: 'domain', domain: 'example.test', port: 25 },
};

const via = (route: RouteChoice) => ({ more: { route: () => route } });

describe('deliver by a route', () => {
  it('says who we are inside verified TLS, and then sends', async () => {
    const played = await play({ ...via(WITH_AUTH), servers: { '192.0.2.4': GOOD } });
    assert.deepEqual(statuses(played), ['delivered']);
    assert.deepEqual(played.network.steps.slice(-3), [
      'auth 192.0.2.4 tls relay',
      'mail 192.0.2.4 tls r@example.test',
      'quit 192.0.2.4',
    ]);
  });

  it('TLS-3207-6-1: mail waits where the smart host shows less than the route asks', async () => {
    for (const [route, server, code] of [
      [WITH_AUTH, EXPIRED_CERTIFICATE, 'TLS_CERTIFICATE_EXPIRED'],
      [WITH_AUTH, serverFor('other.test'), 'TLS_CERTIFICATE_NAME_MISMATCH'],
      [{ ...SMART, tls: 'verify' }, { noStartTls: true }, 'SMTP_STARTTLS_NOT_OFFERED'],
      [{ ...SMART, tls: 'encrypt' }, { noStartTls: true }, 'SMTP_STARTTLS_NOT_OFFERED'],
    ] as const) {
      const played = await play({ ...via(route), servers: { '192.0.2.4': server } });
      const [recipient] = played.report.recipients;
      assert.equal(recipient?.status, 'deferred');
      assert.equal(recipient.failure.code, code);
      assert.deepEqual(played.network.only('mail'), []);
      assert.deepEqual(played.network.only('auth'), []);
    }
    const encrypted = await play({
      ...via({ ...SMART, tls: 'encrypt' }),
      servers: { '192.0.2.4': EXPIRED_CERTIFICATE },
    });
    assert.deepEqual(statuses(encrypted), ['delivered']);
  });

  it('the record of the decision says why', async () => {
    const { report } = await play({ ...via(WITH_AUTH), servers: { '192.0.2.4': GOOD } });
    const decision = report.hops[0]?.decision;
    assert.equal(decision?.evidence.demand?.because, 'password');
    assert.equal(decision.policy.hosts[0]?.requirement.kind, 'pkix');
    assert.match(decision.policy.hosts[0].why, /the route of \* has a password/);
  });

  it('a refused password defers, and is said once in a walk', async () => {
    const authFailure = { code: 'ROUTE_AUTH_REFUSED', detail: '535 no' } as const;
    const server = { ...GOOD, authFailure };
    const servers = { '2001:db8::1': server, '192.0.2.1': server, '192.0.2.2': server };
    const played = await play({ ...via(BY_MX), servers });
    const [recipient] = played.report.recipients;
    assert.equal(recipient?.status, 'deferred');
    assert.deepEqual(recipient.failure, authFailure);
    assert.deepEqual(played.network.only('auth'), ['auth 2001:db8::1 tls relay']);
    assert.equal(played.network.only('connect').length, 1);
  });

  it('another server may do where one cannot check passwords now', async () => {
    const authFailure = { code: 'ROUTE_AUTH_TEMPORARY', detail: '454' } as const;
    const servers = { '2001:db8::1': { ...GOOD, authFailure }, '192.0.2.1': GOOD };
    assert.deepEqual(statuses(await play({ ...via(BY_MX), servers })), ['delivered']);
  });

  it('TLS-3207-6-1: TLS-Required: No does not open a way for a password', async () => {
    const tlsRequiredNo = { present: true, submitted: true, use: 'always' } as const;
    const more = { ...via(WITH_AUTH).more, tlsRequiredNo };
    const played = await play({ more, servers: { '192.0.2.4': EXPIRED_CERTIFICATE } });
    assert.deepEqual(statuses(played), ['deferred']);
    assert.deepEqual(played.network.only('auth'), []);
  });

  it('a smart host that wants AUTH makes mail wait; without a route it is refused mail', async () => {
    for (const code of [530, 534, 535, 538]) {
      const answer: FakeServer['answer'] = ({ address }) => ({
        recipient: address,
        status: 'failed',
        failure: { code: 'SMTP_MAIL_REFUSED', detail: `${code} who are you` },
        reply: { code, lines: ['who are you'] },
      });
      const servers = { '192.0.2.4': { ...GOOD, answer }, '192.0.2.3': { ...GOOD, answer } };
      const played = await play({ ...via(SMART), servers });
      const [recipient] = played.report.recipients;
      assert.equal(recipient?.status, 'deferred');
      assert.equal(recipient.failure.code, 'ROUTE_AUTH_WANTED');
      assert.match(recipient.failure.detail, /^the route \* has no user .*who are you/);
      assert.ok(isRouteFault(recipient.failure));
      assert.deepEqual(statuses(await play({ to: ['r@other.test'], servers })), ['failed']);
    }
    const servers = { '192.0.2.4': { ...GOOD, answer: rejected } };
    assert.deepEqual(statuses(await play({ ...via(SMART), servers })), ['failed']);
  });

  it('no mail is returned for a route that leads nowhere', async () => {
    for (const domain of ['nowhere.test', 'null.test']) {
      const nextHop = { kind: 'domain', domain, port: 25 } as const;
      assert.deepEqual(statuses(await play(via({ ...SMART, nextHop }))), ['deferred']);
    }
    const ours = {
      ...SMART,
      nextHop: { kind: 'domain', domain: 'example.test', port: 25 },
    } as const;
    const own = { names: ['mx1.example.test', 'mx2.example.test'], addresses: [] };
    const played = await play({ more: { route: () => ours, own } });
    assert.deepEqual(statuses(played), ['deferred']);
    assert.deepEqual(statuses(await play({ to: ['r@null.test'] })), ['failed']);
  });

  it('two routes to one host are two deliveries', async () => {
    const route = (domain: string): RouteChoice => (domain === 'one.test' ? WITH_AUTH : SMART);
    const to = ['a@one.test', 'b@two.test', 'c@three.test'];
    const played = await play({ to, more: { route }, servers: { '192.0.2.4': GOOD } });
    assert.deepEqual(statuses(played), ['delivered', 'delivered', 'delivered']);
    assert.deepEqual([...played.network.only('mail')].toSorted(), [
      'mail 192.0.2.4 tls a@one.test',
      'mail 192.0.2.4 tls b@two.test,c@three.test',
    ]);
    assert.equal(played.network.only('auth').length, 1);
  });

  describe('the connection', () => {
    async function connections(
      route: RouteChoice | undefined,
      servers: Parameters<typeof fakeNetwork>[0] = { '192.0.2.4': GOOD, '192.0.2.1': GOOD },
    ): Promise<{
      readonly seen: readonly SmtpConnectOptions[];
      readonly status: readonly string[];
    }> {
      const seen: SmtpConnectOptions[] = [];
      const network = fakeNetwork(servers);
      const connect = async (options: SmtpConnectOptions): Promise<Outcome<SmtpSession>> => {
        seen.push(options);
        return await network.connect(options);
      };
      const more = { connect, ...(route === undefined ? {} : { route: () => route }) };
      return { seen, status: statuses(await play({ more })) };
    }

    it('has the EHLO name and the local address of the route', async () => {
      const { seen } = await connections({
        ...SMART,
        heloName: 'out.us.test',
        localAddress: '192.0.2.9',
      });
      assert.deepEqual(
        seen.map(({ heloName, localAddress, port }) => [heloName, localAddress, port]),
        [['out.us.test', '192.0.2.9', 587]],
      );
      const plain = await connections(undefined);
      assert.equal(plain.seen[0]?.heloName, 'us.test');
      assert.equal(plain.seen[0].localAddress, undefined);
    });

    it('skips addresses that the local address cannot reach', async () => {
      const nextHop = { kind: 'domain', domain: 'example.test', port: 25 } as const;
      const { seen, status } = await connections({ ...SMART, nextHop, localAddress: '192.0.2.9' });
      assert.deepEqual(
        seen.map(({ address }) => address),
        ['192.0.2.1'],
      );
      assert.deepEqual(status, ['delivered']);
      const none = await play({
        more: { route: () => ({ ...SMART, localAddress: '2001:db8::9' }) },
      });
      const [recipient] = none.report.recipients;
      assert.equal(recipient?.status, 'deferred');
      assert.equal(recipient.failure.code, 'ROUTE_LOCAL_ADDRESS');
    });

    it('begins with TLS on port 465 alone', async () => {
      const nextHop = { kind: 'host', host: 'relay.isp.test', port: 465 } as const;
      const { seen } = await connections({ ...SMART, nextHop, tls: 'verify' });
      assert.equal(seen[0]?.implicitTls?.servername, 'relay.isp.test');
      const { seen: others } = await connections({ ...SMART, tls: 'verify' });
      assert.equal(others[0]?.implicitTls, undefined);
    });
  });

  it('STS-3.4-1: the policies of the smart host hold beside the demand of the route', async () => {
    const policies = fakePolicies();
    policies.now.set('relay.isp.test', stsPolicy('enforce', ['relay.isp.test']));
    for (const tls of ['policy', 'encrypt', 'verify'] as const) {
      for (const [server, status] of [
        [GOOD, 'delivered'],
        [EXPIRED_CERTIFICATE, 'deferred'],
      ] as const) {
        const servers = { '192.0.2.4': server };
        const played = await play({ ...via({ ...SMART, tls }), policies, servers });
        assert.deepEqual(statuses(played), [status], tls);
        const [host] = played.report.hops[0]?.decision.policy.hosts ?? [];
        assert.equal(host?.requirement.kind, 'sts');
      }
    }
  });
});
