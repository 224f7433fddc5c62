import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { FakeClock } from '../../clock.fixture.ts';
import { ContentBudget, ROOM_WAIT_MS } from './content-budget.ts';
import { startTestServer, type TestClient, type TestServer } from './submission.fixture.ts';

const LINE = `${'x'.repeat(98)}\r\n`;

/** So many octets of a content that does not end. */
async function begin(server: TestServer, octets: number): Promise<TestClient> {
  const client = server.connect();
  await client.toContent();
  client.send(`Subject: x\r\n\r\n${LINE.repeat(octets / 100)}`);
  return client;
}

async function until(isTrue: () => boolean): Promise<void> {
  for (let turns = 0; !isTrue(); turns += 1) {
    assert.ok(turns < 20_000, 'it never came to that');
    await turn();
  }
}

describe('the budget of contents', () => {
  it('lets wait beyond it, wakes when there is room, and not for ever', async () => {
    const clock = new FakeClock();
    const budget = new ContentBudget(clock, 100);
    budget.change(100);
    assert.equal(await budget.room(), true);
    budget.change(1);
    const woken = budget.room();
    const alsoWoken = budget.room();
    assert.equal(budget.waiting, 2);
    budget.change(50);
    budget.change(-50);
    assert.equal(budget.waiting, 2);
    budget.change(-1);
    assert.deepEqual(await Promise.all([woken, alsoWoken]), [true, true]);
    budget.change(1);
    const late = budget.room();
    await clock.advance(ROOM_WAIT_MS);
    assert.equal(await late, false);
    assert.deepEqual([budget.waiting, clock.waiting], [0, 0]);
  });

  it('is shared: one waits until another has ended, and both are taken', async () => {
    await using server = await startTestServer({}, { contentBudget: 200_000 });
    const held = (): number => server.submission.stats().contentHeld;
    const first = await begin(server, 150_000);
    await until(() => held() > 140_000);
    const second = await begin(server, 150_000);
    await until(() => held() > 200_000);
    assert.match(await first.ask('.'), /^250 /);
    assert.match(await second.ask('.'), /^250 /);
    assert.equal(held(), 0);
  });

  it('a client that waits too long for room is told 452 4.3.1 at the end, and what it held is free', async () => {
    await using server = await startTestServer({}, { contentBudget: 200_000 });
    const held = (): number => server.submission.stats().contentHeld;
    const first = await begin(server, 150_000);
    await until(() => held() > 140_000);
    const before = server.clock.waiting;
    const second = await begin(server, 150_000);
    await until(() => held() > 200_000 && server.clock.waiting > before);
    await server.clock.advance(ROOM_WAIT_MS);
    assert.match(await second.ask('.'), /^452 4\.3\.1 Too much mail comes in at once/);
    assert.match(await second.ask('MAIL FROM:<a@b.test>'), /^250 /);
    assert.match(await first.ask('.'), /^250 /);
    assert.equal(held(), 0);
    assert.equal(server.queue.underWay, 0);
  });

  it('bounds what many unfinished contents hold; who leaves gives it back', async () => {
    await using server = await startTestServer({}, { contentBudget: 1_000_000 });
    const held = (): number => server.submission.stats().contentHeld;
    const clients = await Promise.all(
      Array.from({ length: 20 }, async () => await begin(server, 200_000)),
    );
    await until(() => held() > 1_000_000);
    for (let turns = 0; turns < 200; turns += 1) await turn();
    // Each may have come with one read of its socket more.
    assert.ok(held() < 1_000_000 + 20 * 65_536, String(held()));
    for (const client of clients) client.destroy();
    // Of who waits for room nothing is read, not even that he has left.
    for (let waits = 0; server.submission.stats().connections > 0; waits += 1) {
      assert.ok(waits < 20);
      await server.clock.advance(ROOM_WAIT_MS);
      for (let turns = 0; turns < 50; turns += 1) await turn();
    }
    await until(() => held() === 0);
    await until(() => server.queue.underWay === 0);
  });

  it('counts what the queue keeps of a part, and what it has written no more', async () => {
    await using server = await startTestServer();
    const held = (): number => server.submission.stats().contentHeld;
    const client = await begin(server, 2_000_000);
    const sum = (): number => server.queue.writes.reduce((total, size) => total + size, 0);
    await until(() => sum() > 1_900_000);
    assert.ok(held() < 400_000, String(held()));
    assert.match(await client.ask('.'), /^250 /);
    assert.equal(held(), 0);
  });
});
