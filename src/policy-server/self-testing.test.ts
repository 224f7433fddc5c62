import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../clock.fixture.ts';
import { mapResolver } from '../dns/map-resolver.fixture.ts';
import { createTrustSwitch } from '../dns/trust-switch.ts';
import { createLog } from '../log/log.ts';
import { createMetrics } from '../metrics/metrics.ts';
import { startSelfTesting } from './self-testing.ts';

const A = ['192.0.2.1'];
const NAMES = { signed: 'signed.test', unsigned: 'unsigned.test', bogus: 'bogus.test' };
const HOUR = 3_600_000;

function resolverWith(secure: readonly string[]): ReturnType<typeof mapResolver> {
  return mapResolver({
    records: { 'signed.test': { A }, 'unsigned.test': { A } },
    secure,
    failing: { 'bogus.test': 'bogus' },
  });
}

describe('self-testing', () => {
  it('G24, DANE-7672-2.1.1-1: DANE is off, loudly, while the resolver is proven wrong', async () => {
    const clock = new FakeClock();
    const honest = resolverWith(['signed.test']);
    const liar = resolverWith(['signed.test', 'unsigned.test']);
    let current = liar;
    const resolver: typeof honest = {
      ...honest,
      lookup: async (name, type, options) => await current.lookup(name, type, options),
    };
    const lines: string[] = [];
    const trust = createTrustSwitch(resolver);
    const metrics = createMetrics();
    let changes = 0;
    const testing = startSelfTesting({
      names: NAMES,
      intervalMs: HOUR,
      resolver,
      trust,
      onTrustChange: () => (changes += 1),
      clock,
      log: createLog('info', { format: 'text', sink: { write: (line) => lines.push(line) } }),
      metrics,
    });
    await clock.advance(1);
    assert.deepEqual([trust.trusted, changes], [false, 1]);
    assert.match(lines.join(''), /WARN the resolver does not validate, DANE is off/);
    assert.match(await metrics.text(), /self_test\{state="not-validating"\} 1/);
    current = honest;
    await clock.advance(HOUR);
    assert.deepEqual([trust.trusted, changes], [true, 2]);
    assert.equal(testing.latest?.conclusion, 'validating');
    await clock.advance(HOUR);
    assert.equal(lines.length, 2, 'an unchanged conclusion is logged once');
    testing.stop();
  });

  it('what proves nothing changes nothing', async () => {
    const clock = new FakeClock();
    const resolver = mapResolver({ records: {} });
    const trust = createTrustSwitch(resolver);
    const testing = startSelfTesting({
      names: NAMES,
      intervalMs: HOUR,
      resolver,
      trust,
      onTrustChange: () => assert.fail('nothing was proven'),
      clock,
      log: createLog('silent'),
      metrics: createMetrics(),
    });
    await clock.advance(1);
    assert.equal(trust.trusted, true);
    assert.equal(testing.latest?.conclusion, 'untested');
    testing.stop();
  });

  it('a resolver that is not there yet is tried again soon', async () => {
    const clock = new FakeClock();
    const names = { signed: 'signed.test', unsigned: '', bogus: '' };
    let current = mapResolver({ records: {}, failing: { 'signed.test': 'timeout' } });
    const resolver: typeof current = {
      ...current,
      lookup: async (name, type, options) => await current.lookup(name, type, options),
    };
    const testing = startSelfTesting({
      names,
      intervalMs: HOUR,
      resolver,
      trust: createTrustSwitch(resolver),
      onTrustChange: () => assert.fail('nothing was proven'),
      clock,
      log: createLog('silent'),
      metrics: createMetrics(),
    });
    await clock.advance(1);
    assert.equal(testing.latest?.conclusion, 'unreachable');
    current = resolverWith(['signed.test']);
    await clock.advance(30_000);
    assert.equal(testing.latest?.conclusion, 'validating');
    testing.stop();
  });
});
