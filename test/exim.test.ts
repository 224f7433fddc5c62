import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { EXIM } from './peers/exim-scenes.ts';
import { type MtaBench, playScenes, startMta } from './peers/mta-suite.ts';

/** Debian's Exim with the include that is shipped, between the product and the lab's MX hosts. */
let bench: MtaBench;

before(() => {
  bench = startMta('exim');
});
after(async () => {
  await bench.stop();
});

describe('Exim delivers where the map lets it, and waits where it does not', () => {
  playScenes(() => bench, EXIM);
});

describe('Exim and smtp-sts serve', () => {
  afterEach(async () => {
    await bench.obey({ do: 'end', signal: 'SIGTERM' });
  });

  it('H13: the service down: no domain gets mail in clear; with it back, what waited goes out', async () => {
    const { obey, send, look } = bench;
    await obey({ do: 'domain', plan: { name: 'down.test', sts: { mode: 'enforce' } } });
    await obey({ do: 'domain', plan: { name: 'plain.test', mx: [{ fault: 'strip-starttls' }] } });
    for (const domain of ['down.test', 'plain.test']) {
      const { outcome, log } = await send(`bob@${domain}`);
      assert.equal(outcome, 'deferred', log);
      assert.match(log, /R=sts_defer .* is not known now: DOWN/);
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

  it('I7: a UNIX socket that Exim may open', async () => {
    const { obey, send, look } = bench;
    await obey({ do: 'domain', plan: { name: 'good.unix.test', sts: { mode: 'enforce' } } });
    const mx = [{ certificate: 'expired' }] as const;
    await obey({ do: 'domain', plan: { name: 'bad.unix.test', mx, sts: { mode: 'enforce' } } });
    await obey({ do: 'serve' });
    const good = await send('bob@good.unix.test');
    assert.equal(good.outcome, 'delivered', good.log);
    assert.match(good.log, / CV=yes /);
    const bad = await send('bob@bad.unix.test');
    assert.equal(bad.outcome, 'deferred', bad.log);
    assert.deepEqual(await look('bad.unix.test'), { messages: [], mail: 0 });
  });

  it('H13: exim -be: the answer in full although Exim half-closes behind its question', async () => {
    const { obey, ask } = bench;
    await obey({ do: 'domain', plan: { name: 'keys.test', sts: { mode: 'enforce' } } });
    await obey({ do: 'serve' });
    assert.equal(await ask('keys.test'), '29:OK secure match=mx1.keys.test,');
    assert.equal(await ask('KEYS.test'), '29:OK secure match=mx1.keys.test,');
    assert.equal(await ask('[127.0.0.1]'), '9:NOTFOUND ,');
    assert.equal(await ask('no-such.test'), '9:NOTFOUND ,');
  });
});
