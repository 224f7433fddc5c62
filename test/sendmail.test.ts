import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { type MtaBench, playScenes, startMta } from './peers/mta-suite.ts';
import { BY_UNIX } from './peers/sendmail.ts';
import { SENDMAIL } from './peers/sendmail-scenes.ts';

/** Debian's Sendmail with `FEATURE(sts)`, between the product and the lab's MX hosts. */
let bench: MtaBench;

before(() => {
  bench = startMta('sendmail');
});
after(async () => {
  await bench.stop();
});

describe('Sendmail delivers where the map lets it, and waits where it does not', () => {
  playScenes(() => bench, SENDMAIL);
});

describe('Sendmail and smtp-sts serve', () => {
  afterEach(async () => {
    await bench.obey({ do: 'end', signal: 'SIGTERM' });
  });

  it('H17, H18, I7: sendmail -bt: what /map sts says', async () => {
    const { obey, ask } = bench;
    const mx = ['mx1.keys.test', '*.keys.test'];
    await obey({ do: 'domain', plan: { name: 'keys.test', sts: { mode: 'enforce', mx } } });
    const tested = { name: 'tested.test', sts: { mode: 'testing' } } as const;
    await obey({ do: 'domain', plan: tested });
    await obey({ do: 'domain', plan: { name: 'bogus.test', zone: 'bogus' } });
    await obey({ do: 'serve' });
    const secure = 'secure match=mx1.keys.test:.keys.test servername=hostname';
    assert.match((await ask('keys.test')) ?? '', new RegExp(`returns ${secure} \\(0\\)`));
    assert.match((await ask('keys.test', BY_UNIX)) ?? '', new RegExp(`returns ${secure} \\(0\\)`));
    assert.match((await ask('KEYS.test')) ?? '', new RegExp(`returns ${secure} \\(0\\)`));
    assert.match((await ask('tested.test')) ?? '', /\(tested\.test\) no match \(68\)/);
    assert.match((await ask('no-such.test')) ?? '', /\(no-such\.test\) no match \(68\)/);
    assert.match((await ask('bogus.test')) ?? '', /\(bogus\.test\) no match \(75\)/);
  });

  it('H18: the service down: no domain gets mail; with it back, what waited goes out', async () => {
    const { obey, send, look } = bench;
    await obey({ do: 'domain', plan: { name: 'down.test', sts: { mode: 'enforce' } } });
    const { outcome, log } = await send('bob@down.test');
    assert.equal(outcome, 'deferred', log);
    assert.match(log, /450 4\.7\.0 .*STS lookup temp fail/);
    assert.deepEqual((await look('down.test')).messages, []);
    await obey({ do: 'serve' });
    await obey({ do: 'retry', recipient: 'bob@down.test' });
    assert.deepEqual((await look('down.test')).messages, ['tls']);
  });
});
