import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../clock.fixture.ts';
import { readConfig } from '../config/load-config.ts';
import { silentLog } from '../log/log.ts';
import { recordOf } from './answerer.fixture.ts';
import { query, type QueryAnswer } from './query.ts';

async function ask(
  mapName: string,
  key: string,
  more: { readonly yaml?: string; readonly mode?: 'enforce' | 'testing' } = {},
): Promise<QueryAnswer> {
  const clock = new FakeClock();
  const { mode } = more;
  return await query({
    mapName,
    key,
    engine: {
      decide: async (nextHop) =>
        await Promise.resolve(recordOf(nextHop, clock, mode === undefined ? {} : { mode })),
    },
    config: readConfig(more.yaml ?? '').value!,
    clock,
    log: silentLog,
  });
}

describe('query', () => {
  it('the reply as the server makes it, and why it is so', async () => {
    const answer = await ask('postfix', 'd.test', { mode: 'enforce' });
    assert.equal(answer.dialect, 'postfix');
    assert.match(answer.reply, /^OK secure match=\S+ servername=hostname$/);
    assert.match(answer.why, /the MTA-STS policy of d\.test is enforced/);
  });

  it('H17: the map name chooses the dialect, an unknown one the default', async () => {
    assert.equal((await ask('sts', 'd.test')).dialect, 'sendmail');
    const yaml = 'socketmap: { default_dialect: exim }';
    assert.equal((await ask('nobody', 'd.test', { yaml })).dialect, 'exim');
  });

  it('H8: a key that is no domain: NOTFOUND, and that nobody was asked', async () => {
    for (const key of ['.d.test', '[192.0.2.1]', '', 'a b', 'd.test/x']) {
      const answer = await ask('postfix', key, { mode: 'enforce' });
      assert.equal(answer.reply, 'NOTFOUND ', key);
      assert.match(answer.why, /without a look-up/);
    }
  });

  it('F5: in a dry run it is NOTFOUND, and what it would be is told', async () => {
    const yaml = 'policy_server: { dry_run: true }';
    const answer = await ask('postfix', 'd.test', { yaml, mode: 'enforce' });
    assert.equal(answer.reply, 'NOTFOUND ');
    assert.match(answer.why, /^dry run; otherwise OK secure .*enforced/);
  });

  it('a domain without a policy: NOTFOUND, and why', async () => {
    const answer = await ask('postfix', 'd.test');
    assert.equal(answer.reply, 'NOTFOUND ');
    assert.match(answer.why, /no policy binds/);
  });
});
