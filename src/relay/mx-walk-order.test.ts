import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { HostPolicy } from '../tls-policy/types.ts';
import { walkOrder, withoutLoops } from './mx-walk-order.ts';

function host(name: string, preference: number, more: Partial<HostPolicy> = {}): HostPolicy {
  return {
    host: name,
    preference,
    port: 25,
    addresses: [`192.0.2.${preference}`],
    requirement: { kind: 'opportunistic' },
    servername: name,
    level: { mx: 'none', tls: 'none' },
    why: '',
    ...more,
  };
}

const names = (hosts: readonly HostPolicy[]): readonly string[] => hosts.map(({ host }) => host);

describe('withoutLoops', () => {
  const hosts = [host('a.test', 10), host('us.test', 20), host('b.test', 20), host('c.test', 30)];
  const own = { names: ['us.test'], addresses: [] };

  it('SMTP-5.1-5: our own preference and all worse ones go', () => {
    assert.deepEqual(names(withoutLoops(hosts, own)), ['a.test']);
  });

  it('SMTP-5.1-5: we are known by our address too', () => {
    const byAddress = { names: [], addresses: ['192.0.2.20'] };
    assert.deepEqual(names(withoutLoops(hosts, byAddress)), ['a.test']);
  });

  it('SMTP-5.1-5: where we are the best, nothing is left', () => {
    assert.deepEqual(withoutLoops([host('us.test', 5), ...hosts], own), []);
  });

  it('whoever is not in the list keeps it whole', () => {
    assert.deepEqual(withoutLoops(hosts, { names: ['else.test'], addresses: [] }), hosts);
  });

  it('SMTP-5.1-5, STS-8.4-1: a refused host counts: the rule looks at the whole list', () => {
    const failure = { code: 'POLICY_MX_NOT_IN_POLICY', detail: 'no' } as const;
    const refused = host('us.test', 10, { requirement: { kind: 'refused', failure, rule: '' } });
    assert.deepEqual(withoutLoops([refused, host('valid.test', 20)], own), []);
  });
});

describe('walkOrder', () => {
  it('SMTP-5.1-4, DANE-7672-2.2.1-1: by preference, equals by lot, security aside', () => {
    const lots = [0.9, 0.1, 0.5, 0.2];
    const hosts = [host('d.test', 20), host('c.test', 10), host('a.test', 10), host('b.test', 10)];
    const order = walkOrder(hosts, () => lots.shift() ?? 0);
    assert.deepEqual(names(order), ['c.test', 'b.test', 'a.test', 'd.test']);
  });
});
