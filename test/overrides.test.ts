import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { sql } from 'kysely';
import { openStore } from '../src/store/open-store.ts';
import type { Store } from '../src/store/types.ts';
import {
  addOverride,
  dropOverride,
  noteEnds,
  readAudit,
  readOverrides,
} from '../src/tls-policy/override-table.ts';
import { NOW } from '../src/tls-policy/evidence.fixture.ts';
import { override, UNTIL } from '../src/tls-policy/overrides.fixture.ts';
import type { PostgresPeer } from './peers/postgres.ts';
import { startPostgres } from './peers/postgres.ts';

interface Engine {
  readonly name: string;
  start(): Promise<string>;
  stop(): Promise<void>;
}

function sqlite(): Engine {
  return {
    name: 'SQLite',
    start: async () => await Promise.resolve('sqlite::memory:'),
    stop: async () => await Promise.resolve(),
  };
}

function postgres(): Engine {
  let peer: PostgresPeer | undefined;
  return {
    name: 'PostgreSQL',
    start: async () => {
      peer = await startPostgres();
      return peer.url;
    },
    stop: async () => await peer?.stop(),
  };
}

for (const engine of [sqlite(), postgres()]) {
  describe(`overrides on ${engine.name}`, () => {
    let store: Store;
    before(async () => {
      store = await openStore(await engine.start());
    });
    after(async () => {
      await store.close();
      await engine.stop();
    });
    beforeEach(async () => {
      await store.db.deleteFrom('override').execute();
    });

    /** The audit of a domain that only this test uses, as `action by`. */
    const audit = async (domain: string): Promise<readonly string[]> =>
      (await readAudit(store, domain)).map(({ action, by }) => `${action} ${by}`);

    it('all four kinds come back as they were written', async () => {
      const written = (['skip', 'require-tls', 'enforce-testing', 'pin'] as const).map(
        (kind, index) => override(kind, `d${index}.test`),
      );
      for (const each of written) assert.equal(await addOverride(store, each), 'added');
      assert.deepEqual(await readOverrides(store), written);
    });

    it('the same again changes nothing; another one takes its place; both are in the audit', async () => {
      const domain = 'again.test';
      assert.equal(await addOverride(store, override('skip', domain)), 'added');
      const later = { ...override('skip', domain), addedAt: NOW, addedBy: 'eve' };
      assert.equal(await addOverride(store, later), 'unchanged');
      assert.equal(await addOverride(store, { ...later, reason: 'another' }), 'changed');
      assert.equal(await addOverride(store, override('pin', domain)), 'changed');
      assert.deepEqual(await audit(domain), ['added root', 'changed eve', 'changed root']);
      const lines = await readAudit(store, domain);
      assert.deepEqual(
        lines.map((line) => [line.override.kind, line.override.reason]),
        [
          ['skip', 'a partner moves'],
          ['skip', 'another'],
          ['pin', 'a partner moves'],
        ],
      );
    });

    it('what is dropped is told, once, and stays in the audit', async () => {
      const domain = 'drop.test';
      await addOverride(store, override('skip', domain));
      const drop = { policyDomain: domain, by: 'eve', at: NOW + 5 };
      assert.deepEqual(await dropOverride(store, drop), override('skip', domain));
      assert.equal(await dropOverride(store, drop), undefined);
      assert.deepEqual(await audit(domain), ['added root', 'dropped eve']);
    });

    it('an end that came by itself is noted once, however many nodes look', async () => {
      const domain = 'end.test';
      await addOverride(store, override('skip', domain));
      assert.deepEqual(await noteEnds(store, UNTIL - 1), []);
      const seen = await Promise.all([
        noteEnds(store, UNTIL),
        noteEnds(store, UNTIL),
        noteEnds(store, UNTIL),
      ]);
      assert.equal(seen.flat().length, 1);
      assert.deepEqual(await audit(domain), ['added root', 'expired the clock']);
      const again = { ...override('skip', domain), until: UNTIL + 10, addedAt: UNTIL + 1 };
      assert.equal(await addOverride(store, again), 'added');
      assert.deepEqual((await audit(domain)).at(-1), 'added root');
    });

    it('added again before anybody looked, the old end is in the audit too', async () => {
      const domain = 'late.test';
      await addOverride(store, override('skip', domain));
      const again = { ...override('skip', domain), until: UNTIL + 10, addedAt: UNTIL + 1 };
      assert.equal(await addOverride(store, again), 'added');
      assert.deepEqual(await audit(domain), ['added root', 'expired the clock', 'added root']);
    });

    it('the database refuses to change or delete a line of the audit', async () => {
      await addOverride(store, override('skip', 'ledger.test'));
      const attempts = [
        sql`update override_audit set reason = 'forged'`,
        sql`delete from override_audit`,
      ];
      for (const attempt of attempts) {
        await assert.rejects(attempt.execute(store.db), /append-only/);
      }
      assert.equal((await readAudit(store, 'ledger.test')).length, 1);
    });
  });
}
