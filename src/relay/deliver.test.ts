import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { stsPolicy } from '../tls-policy/evidence.fixture.ts';
import { ACCEPTED, type FakeServer, greylisted, rejected } from '../tls-policy/network.fixture.ts';
import {
  BOTH,
  enforcing,
  EXPIRED_CERTIFICATE,
  GOOD,
  play,
  RECORDS,
  statuses,
} from './deliver.fixture.ts';
import { plainRoute } from './routes/choice.ts';

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

  it('those whom a server has no room for in a transaction have the next one at once', async () => {
    let asked = new Set<string>();
    const picky: FakeServer = {
      ...GOOD,
      answer: (recipient) => {
        if (asked.has(recipient.address)) asked = new Set();
        asked.add(recipient.address);
        const who = recipient.address;
        if (asked.size <= 3) return { recipient: who, status: 'delivered', reply: ACCEPTED };
        const reply = { code: 452, enhanced: '4.5.3', lines: ['too many'] };
        const failure = { code: 'SMTP_RCPT_REFUSED', detail: '452 too many' } as const;
        return { recipient: who, status: 'deferred', failure, reply };
      },
    };
    const to = Array.from({ length: 8 }, (_, index) => `r${index}@example.test`);
    const { report, network } = await play({ to, servers: { '2001:db8::1': picky } });
    assert.ok(report.recipients.every(({ status }) => status === 'delivered'));
    assert.deepEqual(
      network.only('mail').map((step) => step.split(' ').at(-1)!.split(',').length),
      [8, 5, 2],
    );
    assert.equal(network.only('connect').length, 1);
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
    const route = () => plainRoute({ kind: 'host', host: 'relay.isp.test', port: 587 });
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
