import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../clock.fixture.ts';
import { loadConfig } from '../config/load-config.ts';
import { mapResolver } from '../dns/map-resolver.fixture.ts';
import type { DnsResolver } from '../dns/resolver.ts';
import { silentLog } from '../log/log.ts';
import { createReplaceableResolver } from './replaceable-resolver.ts';

const SETTINGS = loadConfig().value!.dns;

function rig() {
  const clock = new FakeClock();
  const closed: string[] = [];
  const resolver = createReplaceableResolver({
    settings: { ...SETTINGS, resolvers: ['127.0.0.1'] },
    clock,
    log: silentLog,
    create: (options) => {
      const name = options?.resolvers?.[0] ?? '';
      const map = mapResolver({ clock, records: { 'd.test': { A: [name] } } });
      return {
        lookup: map.lookup.bind(map),
        upstreams: [],
        stats: () => assert.fail('not asked for'),
        close: () => void closed.push(name),
      } satisfies DnsResolver;
    },
  });
  return { clock, closed, resolver };
}

describe('a resolver that is exchanged', () => {
  it('I5: new questions go to the new one; the old one ends once it has answered', async () => {
    const { clock, closed, resolver } = rig();
    const address = async (): Promise<unknown> => {
      const answer = await resolver.lookup('d.test', 'A');
      return answer.kind === 'records' ? answer.records[0] : answer.kind;
    };
    assert.equal(await address(), '127.0.0.1');
    resolver.replace({ ...SETTINGS, resolvers: ['127.0.0.2'] });
    assert.equal(await address(), '127.0.0.2');
    assert.deepEqual(closed, []);
    await clock.advance(60_000);
    assert.deepEqual(closed, ['127.0.0.1']);
  });

  it('at the end all of them end, each once', async () => {
    const { clock, closed, resolver } = rig();
    resolver.replace({ ...SETTINGS, resolvers: ['127.0.0.2'] });
    resolver.close();
    await clock.advance(60_000);
    assert.deepEqual(closed, ['127.0.0.1', '127.0.0.2']);
  });
});
