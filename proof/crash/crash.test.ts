import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { openStore } from '../../src/store/open-store.ts';
import { policiesOver, policyOf } from './crash-policies.ts';
import { inspect } from './crash.ts';

describe('crash proof: what it would notice', () => {
  let folder: string;
  let path: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'smtp-sts-crash-test-'));
    path = join(folder, 'store.db');
    const store = await openStore(`sqlite:${path}`);
    const policies = policiesOver(store, () => 5);
    await policies.refresh('a.test');
    await policies.refresh('torn.test');
    await policies.close();
    await store.db
      .updateTable('sts_policy')
      .set({ policy_text: policyOf('torn.test', 4).text })
      .where('policy_domain', '=', 'torn.test')
      .execute();
    await store.close();
  });

  after(() => {
    rmSync(folder, { recursive: true });
  });

  it('a policy that is there, or a newer one, is no loss', async () => {
    const found = await inspect(path, new Map([['a.test', 5]]));
    assert.deepEqual(found, { lost: 0, duplicated: 0, faults: [] });
    assert.equal((await inspect(path, new Map([['a.test', 4]]))).lost, 0);
  });

  it('a policy that is gone, older, or mixed of two versions is a loss', async () => {
    const acknowledged = new Map([
      ['gone.test', 1],
      ['a.test', 6],
      ['torn.test', 5],
    ]);
    const found = await inspect(path, acknowledged);
    assert.equal(found.lost, 3);
    assert.match(found.faults[0] ?? '', /^gone\.test: version 1 is gone/);
    assert.match(found.faults[1] ?? '', /^a\.test: version 6 is back to 5$/);
    assert.match(found.faults[2] ?? '', /^torn\.test: version 5 has the text of another$/);
  });
});
