import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hostWith } from '../../tls-policy/requirements.fixture.ts';
import { reachableFrom } from './source-address.ts';

const V6 = '2001:db8::1';
const V4 = '192.0.2.1';
const both = hostWith({ kind: 'opportunistic' }, { addresses: [V6, V4] });

describe('reachableFrom', () => {
  it('skips addresses of the other family', () => {
    assert.deepEqual(reachableFrom(both, '192.0.2.9').addresses, [V4]);
    assert.deepEqual(reachableFrom(both, '2001:db8::9').addresses, [V6]);
  });

  it('leaves a host as it is where nothing is to be skipped', () => {
    assert.equal(reachableFrom(both, undefined), both);
    const only = hostWith({ kind: 'opportunistic' });
    assert.equal(reachableFrom(only, '192.0.2.9'), only);
  });

  it('refuses a host without any other address, and says why', () => {
    const { requirement, why } = reachableFrom(hostWith({ kind: 'opportunistic' }), '2001:db8::9');
    assert.ok(requirement.kind === 'refused');
    assert.equal(requirement.failure.code, 'ROUTE_LOCAL_ADDRESS');
    assert.match(why, /from local address 2001:db8::9: it has IPv4 alone/);
  });
});
