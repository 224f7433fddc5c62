import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { type MtaBench, playScenes, startMta } from './peers/mta-suite.ts';
import { POSTFIX } from './peers/postfix-scenes.ts';

/** Debian's Postfix, as docs/postfix.md sets it up, between the product and the lab's MX hosts. */
let bench: MtaBench;

before(() => {
  bench = startMta('postfix');
});
after(async () => {
  await bench.stop();
});

describe('Postfix delivers where the map lets it, and waits where it does not', () => {
  playScenes(() => bench, POSTFIX);
});

describe('Postfix and smtp-sts serve', () => {
  afterEach(async () => {
    await bench.obey({ do: 'end', signal: 'SIGTERM' });
  });

  it('H1: the service down: no domain gets mail in clear; with it back, what waited goes out', async () => {
    const { obey, send, look } = bench;
    await obey({ do: 'domain', plan: { name: 'down.test', sts: { mode: 'enforce' } } });
    await obey({ do: 'domain', plan: { name: 'plain.test', mx: [{ fault: 'strip-starttls' }] } });
    for (const domain of ['down.test', 'plain.test']) {
      const { outcome, log } = await send(`bob@${domain}`);
      assert.equal(outcome, 'deferred', log);
      assert.match(log, /dsn=4\.7\.5/);
      assert.deepEqual(await look(domain), { messages: [], mail: 0 });
    }
    await obey({ do: 'serve' });
    for (const [domain, way] of [
      ['down.test', 'tls'],
      ['plain.test', 'clear'],
    ] as const) {
      await obey({ do: 'retry', recipient: `bob@${domain}` });
      assert.deepEqual((await look(domain)).messages, [way]);
    }
  });

  it('I7: a UNIX socket that Postfix may open', async () => {
    const { obey, send, look } = bench;
    await obey({ do: 'domain', plan: { name: 'good.unix.test', sts: { mode: 'enforce' } } });
    await obey({
      do: 'domain',
      plan: {
        name: 'bad.unix.test',
        mx: [{ certificate: 'expired' }],
        sts: { mode: 'enforce' },
      },
    });
    await obey({ do: 'serve' });
    const good = await send('bob@good.unix.test');
    assert.equal(good.outcome, 'delivered', good.log);
    assert.match(good.log, /Verified TLS connection/);
    assert.deepEqual((await look('good.unix.test')).messages, ['tls']);
    const bad = await send('bob@bad.unix.test');
    assert.equal(bad.outcome, 'deferred', bad.log);
    assert.deepEqual(await look('bad.unix.test'), { messages: [], mail: 0 });
  });

  it('E17, STS-3.3-R6: kill -9 between two messages; record, policy host and STARTTLS gone: it waits', async () => {
    const { obey, send, look } = bench;
    await obey({ do: 'domain', plan: { name: 'kept.test', sts: { mode: 'enforce' } } });
    await obey({ do: 'serve' });
    assert.equal((await send('bob@kept.test')).outcome, 'delivered');
    await obey({ do: 'end', signal: 'SIGKILL' });
    const gone = { records: [], policy: 'down', host: 'strip-starttls' } as const;
    await obey({ do: 'attack', domain: 'kept.test', ...gone });
    await obey({ do: 'serve' });
    const { outcome, log } = await send('carol@kept.test');
    assert.equal(outcome, 'deferred', log);
    assert.match(log, /TLS is required, but was not offered/);
    assert.deepEqual(await look('kept.test'), { messages: ['tls'], mail: 1 });
  });

  it('H8, H9, H10, H11, H17: postmap -q: every way to write a key', async () => {
    const { obey, ask } = bench;
    await obey({ do: 'domain', plan: { name: 'keys.test', sts: { mode: 'enforce' } } });
    await obey({ do: 'domain', plan: { name: 'münchen.test', sts: { mode: 'enforce' } } });
    const mx = [{ host: 'relay.test' }];
    const sts = { mode: 'enforce', mx: ['relay.test'] } as const;
    await obey({ do: 'domain', plan: { name: 'relay.test', mx, sts } });
    await obey({ do: 'serve' });
    const secure = (name: string): string => `secure match=${name} servername=hostname`;
    for (const key of ['keys.test', 'KEYS.test', 'keys.test.', 'keys.test:25']) {
      assert.equal(await ask(key), secure('mx1.keys.test'), key);
    }
    assert.equal(await ask('münchen.test'), secure('mx1.xn--mnchen-3ya.test'));
    for (const key of ['[relay.test]', '[RELAY.test]:25', '[relay.test]:587']) {
      assert.equal(await ask(key), secure('relay.test'), key);
    }
    for (const key of [
      '.keys.test',
      '.test',
      '[127.0.0.1]',
      '[IPv6:::1]:25',
      '127.0.0.1',
      '/var/run/lmtp',
      'no-such.test',
      'x'.repeat(300),
      `${'y'.repeat(64)}.test`,
      '}{ policy_type=sts',
    ]) {
      assert.equal(await ask(key), undefined, key);
    }
    const map = (name: string): string => `socketmap:inet:127.0.0.1:8461:${name}`;
    assert.equal(await ask('keys.test', map('QUERY')), secure('mx1.keys.test'));
    assert.equal(await ask('keys.test', map('no-such-map')), secure('mx1.keys.test'));
    assert.match((await ask('keys.test', map('postfix-tlsrpt'))) ?? '', /policy_type=sts /);
  });
});
