import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { FakeClock } from '../clock.fixture.ts';
import type { Log } from '../log/log.ts';
import { openStore } from '../store/open-store.ts';
import type { Store } from '../store/types.ts';
import { createOverrideBook, overridesOf, type OverrideBook } from './override-book.ts';
import { addOverride, dropOverride, readAudit } from './override-table.ts';
import { NOW } from './evidence.fixture.ts';
import { override, UNTIL } from './overrides.fixture.ts';

let store: Store;
let clock: FakeClock;
let book: OverrideBook;
let changed: string[];
let logged: string[];

/** The database of a test answers in its own time, so the clock's turns are followed by a reading. */
async function pass(ms: number): Promise<void> {
  await clock.advance(ms);
  await book.refresh();
}

beforeEach(async () => {
  clock = new FakeClock(NOW);
  store = await openStore('sqlite::memory:', { clock });
  changed = [];
  logged = [];
  const note = (_fields: object, text: string): void => void logged.push(text);
  const log: Log = { debug: note, info: note, warn: note, error: note };
  book = createOverrideBook({ store, clock, log, onChange: (domain) => changed.push(domain) });
});

afterEach(async () => {
  await book.close();
  await store.close();
});

describe('the book of overrides', () => {
  it('F6: what the command line writes has effect within seconds', async () => {
    await book.refresh();
    book.start();
    assert.equal(book.inForce('example.test'), undefined);
    await addOverride(store, override('skip'));
    await clock.advance(3_000);
    await book.refresh();
    assert.equal(book.inForce('example.test')?.kind, 'skip');
    assert.deepEqual(changed, ['example.test']);
    assert.deepEqual(book.numbers(), { skip: 1, 'require-tls': 0, 'enforce-testing': 0, pin: 0 });
    await dropOverride(store, { policyDomain: 'example.test', by: 'root', at: clock.now() });
    await pass(3_000);
    assert.equal(book.inForce('example.test'), undefined);
    assert.deepEqual(changed, ['example.test', 'example.test']);
    assert.match(
      logged.join('\n'),
      /example\.test: skip, override: a partner moves until 2026-02-01/,
    );
  });

  it('one that is over has no effect at once, and its end is logged and audited once', async () => {
    await addOverride(store, { ...override('skip'), until: NOW + 1000 });
    await book.refresh();
    assert.equal(book.inForce('example.test')?.kind, 'skip');
    clock.jumpTo(NOW + 1000);
    assert.equal(book.inForce('example.test'), undefined);
    assert.equal(book.numbers().skip, 0);
    await pass(3_000);
    await pass(3_000);
    assert.equal(logged.filter((line) => line.includes('ended on')).length, 1);
    const lines = await readAudit(store);
    assert.deepEqual(
      lines.map(({ action, by }) => [action, by]),
      [
        ['added', 'root'],
        ['expired', 'the clock'],
      ],
    );
    assert.deepEqual(changed, ['example.test', 'example.test']);
  });

  it('while the database is down the overrides stay, and it is said once', async () => {
    await addOverride(store, override('require-tls'));
    await book.refresh();
    await store.db.schema.alterTable('override').renameTo('elsewhere').execute();
    await pass(3_000);
    await pass(3_000);
    assert.equal(book.inForce('example.test')?.kind, 'require-tls');
    assert.equal(logged.filter((line) => line.includes('cannot be read')).length, 1);
    await store.db.schema.alterTable('elsewhere').renameTo('override').execute();
    await pass(3_000);
    assert.deepEqual(changed, ['example.test']);
  });

  it('another kind, reason, end or policy is a change; the same again is none', async () => {
    await addOverride(store, override('skip'));
    await book.refresh();
    assert.deepEqual(await book.refresh(), []);
    await addOverride(store, { ...override('skip'), until: UNTIL + 1, addedAt: NOW });
    assert.deepEqual(await book.refresh(), ['example.test']);
    await addOverride(store, { ...override('pin'), addedAt: NOW + 1 });
    assert.deepEqual(await book.refresh(), ['example.test']);
  });

  it('after its end it reads no more', async () => {
    book.start();
    await book.close();
    await addOverride(store, override('skip'));
    await clock.advance(10_000);
    assert.equal(book.inForce('example.test'), undefined);
    assert.equal(clock.waiting, 0);
  });

  it('a command sees the overrides that have effect when it asks', async () => {
    await addOverride(store, { ...override('skip'), until: NOW + 1000 });
    const overrides = await overridesOf(store, clock);
    assert.equal(overrides.inForce('example.test')?.kind, 'skip');
    await clock.advance(1000);
    assert.equal(overrides.inForce('example.test'), undefined);
  });
});
