import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createSingleFlight } from './single-flight.ts';

describe('createSingleFlight', () => {
  it('runs equal questions once, and anew when the answer is in', async () => {
    const flight = createSingleFlight<number>();
    let runs = 0;
    const task = async (): Promise<number> => Promise.resolve((runs += 1));
    const answers = await Promise.all(
      Array.from({ length: 100 }, async () => flight.run('a', task)),
    );
    assert.deepEqual(new Set(answers), new Set([1]));
    assert.equal(await flight.run('a', task), 2);
    assert.equal(flight.size, 0);
  });

  it('who stops waiting does not stop the others', async () => {
    const flight = createSingleFlight<string>();
    const gate = Promise.withResolvers<string>();
    const stop = new AbortController();
    const impatient = flight.run('a', async () => gate.promise, stop.signal);
    const patient = flight.run('a', async () => gate.promise);
    stop.abort(new Error('enough'));
    await assert.rejects(impatient, /enough/);
    gate.resolve('done');
    assert.equal(await patient, 'done');
    await flight.settled();
  });

  it('a failure is shared and forgotten', async () => {
    const flight = createSingleFlight<number>();
    await assert.rejects(
      flight.run('a', async () => Promise.reject(new Error('bug'))),
      /bug/,
    );
    assert.equal(await flight.run('a', async () => Promise.resolve(7)), 7);
  });
});
