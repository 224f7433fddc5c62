import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { FakeClock } from '../clock.fixture.ts';
import { startFakeDns } from './fake-dns.fixture.ts';
import type { Handler } from './fake-dns.fixture.ts';
import { followResolvConf, parseResolvConf } from './resolv-conf.ts';
import type { ResolvConf } from './resolv-conf.ts';
import { createResolver } from './resolver.ts';
import { upstreamText } from './upstream.ts';

function names(conf: ResolvConf): string[] {
  return conf.upstreams.map(upstreamText);
}

/** A folder of its own, gone at the end. */
function withFolder(): { readonly path: string; readonly [Symbol.dispose]: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'resolv-conf-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}

describe('parseResolvConf', () => {
  it('I6: reads name servers of both families, with scope, in order', () => {
    const conf = parseResolvConf(
      '# by hand\nsearch example.test\nnameserver 192.0.2.1\n nameserver\t2001:db8::1 ; second\r\nnameserver fe80::1%eth0\nnameserver ::1\n',
      false,
    );
    assert.deepEqual(names(conf), ['192.0.2.1#53', '2001:db8::1#53', 'fe80::1%eth0#53', '::1#53']);
    assert.deepEqual(
      conf.upstreams.map((upstream) => upstream.trusted),
      [false, false, false, true],
    );
  });

  it('reads the options for waiting, bounded', () => {
    const options = parseResolvConf('options rotate timeout:2 attempts:4 edns0', false);
    assert.deepEqual([options.timeoutMs, options.attempts], [2000, 4]);
    const large = parseResolvConf('options timeout:900 attempts:90', false);
    assert.deepEqual([large.timeoutMs, large.attempts], [30_000, 5]);
    const wrong = parseResolvConf('options timeout:0 attempts:x', false);
    assert.deepEqual([wrong.timeoutMs, wrong.attempts], [undefined, undefined]);
  });

  it('without a usable name server the one on this machine is meant', () => {
    for (const text of ['search example.test', 'nameserver', 'nameserver dns.example.test']) {
      assert.deepEqual(names(parseResolvConf(text, false)), ['127.0.0.1#53'], text);
    }
  });
});

describe('followResolvConf', () => {
  it('I6: notices a file that is written, renamed into place, or a link that is swapped', async () => {
    using folder = withFolder();
    const path = join(folder.path, 'resolv.conf');
    const clock = new FakeClock();
    const changes: string[][] = [];
    writeFileSync(path, 'nameserver 192.0.2.1\n');
    const conf = followResolvConf({
      path,
      trusted: false,
      clock,
      onChange: (next) => changes.push(names(next)),
    });
    assert.deepEqual(names(conf()), ['192.0.2.1#53']);

    writeFileSync(path, 'nameserver 192.0.2.2\n');
    assert.deepEqual(names(conf()), ['192.0.2.1#53'], 'not looked at again yet');
    await clock.advance(2000);
    assert.deepEqual(names(conf()), ['192.0.2.2#53']);

    writeFileSync(join(folder.path, 'new'), 'nameserver 192.0.2.3\n');
    renameSync(join(folder.path, 'new'), path);
    await clock.advance(2000);
    assert.deepEqual(names(conf()), ['192.0.2.3#53']);

    writeFileSync(join(folder.path, 'target'), 'nameserver 192.0.2.4\n');
    unlinkSync(path);
    symlinkSync('target', path);
    await clock.advance(2000);
    assert.deepEqual(names(conf()), ['192.0.2.4#53']);
    assert.deepEqual(changes, [['192.0.2.2#53'], ['192.0.2.3#53'], ['192.0.2.4#53']]);
  });

  it('I6: a file that is away or empty changes nothing, and is read when it is back', async () => {
    using folder = withFolder();
    const path = join(folder.path, 'resolv.conf');
    const clock = new FakeClock();
    const conf = followResolvConf({ path, trusted: false, clock });
    assert.deepEqual(names(conf()), ['127.0.0.1#53']);
    writeFileSync(path, 'nameserver 192.0.2.1\n');
    await clock.advance(2000);
    assert.deepEqual(names(conf()), ['192.0.2.1#53']);
    writeFileSync(path, '');
    await clock.advance(2000);
    assert.deepEqual(names(conf()), ['192.0.2.1#53']);
    unlinkSync(path);
    await clock.advance(2000);
    assert.deepEqual(names(conf()), ['192.0.2.1#53']);
    writeFileSync(path, 'search example.test\n');
    await clock.advance(2000);
    assert.deepEqual(names(conf()), ['127.0.0.1#53']);
  });

  it('I6: the resolver goes over to the new name server', async () => {
    using folder = withFolder();
    const path = join(folder.path, 'resolv.conf');
    const says =
      (data: string): Handler =>
      (query) => ({ answers: [{ type: 'A', name: query.name, ttl: 0, data }] });
    await using first = await startFakeDns(says('192.0.2.1'));
    await using second = await startFakeDns(says('192.0.2.2'));
    const clock = new FakeClock();
    writeFileSync(path, `nameserver ${first.address}\n`);
    const resolver = createResolver({ clock, resolvConfPath: path });
    const ask = async (): Promise<readonly string[]> => {
      const answer = await resolver.lookup('a.test', 'A');
      return answer.kind === 'records' ? answer.records : [];
    };
    assert.deepEqual(await ask(), ['192.0.2.1']);
    writeFileSync(path, `nameserver ${second.address}\n`);
    await clock.advance(2000);
    assert.deepEqual(await ask(), ['192.0.2.2']);
    resolver.close();
  });
});
