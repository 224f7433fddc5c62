import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { groupRecipients } from './group-recipients.ts';
import { plainRoute } from './routes/choice.ts';

const group = (...addresses: readonly string[]) =>
  groupRecipients(
    addresses.map((address) => ({ address })),
    { port: 25 },
  );

describe('groupRecipients', () => {
  it('SMTP-4.5.4.1-2, STS-1.1-1: one group for each domain, whatever its spelling', () => {
    const { groups, invalid } = group('a@one.test', 'b@two.test', 'c@ONE.test');
    assert.deepEqual(invalid, []);
    assert.deepEqual(
      groups.map(({ nextHop, recipients }) => [nextHop, recipients.map(({ address }) => address)]),
      [
        [{ kind: 'domain', domain: 'one.test', port: 25 }, ['a@one.test', 'c@ONE.test']],
        [{ kind: 'domain', domain: 'two.test', port: 25 }, ['b@two.test']],
      ],
    );
  });

  it('STS-3.4-3: a subdomain is a domain of its own', () => {
    assert.equal(group('a@one.test', 'a@mail.one.test').groups.length, 2);
  });

  it('STS-3.4-2: address literals stand for themselves', () => {
    const { groups } = group('a@[192.0.2.1]', 'a@[IPv6:2001:db8::1]');
    assert.deepEqual(
      groups.map(({ nextHop }) => nextHop),
      [
        { kind: 'address', address: '192.0.2.1', port: 25 },
        { kind: 'address', address: '2001:db8::1', port: 25 },
      ],
    );
  });

  it('STS-3.4-1: a route replaces the domain by a smart host', () => {
    const smart = { kind: 'host', host: 'relay.isp.test', port: 587 } as const;
    const { groups } = groupRecipients([{ address: 'a@one.test' }, { address: 'b@two.test' }], {
      port: 25,
      route: () => plainRoute(smart),
    });
    assert.equal(groups.length, 1);
    assert.deepEqual(groups[0]?.nextHop, smart);
    assert.equal(groups[0].recipients.length, 2);
  });

  it('STS-3.4-1: a route takes address literals too, and is told of them as they are written', () => {
    const smart = { kind: 'host', host: 'relay.isp.test', port: 587 } as const;
    const asked: string[] = [];
    const addresses = ['a@[192.0.2.1]', 'a@[IPv6:2001:DB8::1]', 'a@one.test'];
    const { groups, invalid } = groupRecipients(
      addresses.map((address) => ({ address })),
      {
        port: 25,
        route: (domain) => {
          asked.push(domain);
          return domain === 'one.test' ? undefined : plainRoute(smart);
        },
      },
    );
    assert.deepEqual(invalid, []);
    assert.deepEqual(asked, ['[192.0.2.1]', '[IPv6:2001:db8::1]', 'one.test']);
    assert.deepEqual(
      groups.map(({ nextHop, recipients }) => [nextHop.kind, recipients.length]),
      [
        ['host', 2],
        ['domain', 1],
      ],
    );
  });

  it('an address that leads nowhere does not hold the others up', () => {
    const { groups, invalid } = group('nobody', 'a@', 'a@[relay.isp.test]', 'a@one.test');
    assert.equal(groups.length, 1);
    assert.equal(invalid.length, 3);
    for (const { failure } of invalid) assert.equal(failure.code, 'POLICY_RECIPIENT_INVALID');
  });
});
