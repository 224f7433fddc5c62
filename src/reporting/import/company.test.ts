import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createCompany } from './company.ts';

describe('company', () => {
  it('is complete when enough are there, or nobody else is on the way', async () => {
    const company = createCompany(4);
    const gone: string[] = [];
    const arrive = (name: string, count: number): Promise<unknown> =>
      company.arrive(count).then(() => gone.push(name));
    for (const count of [3, 2, 1]) company.expect(count);
    const first = arrive('a', 3);
    await Promise.resolve();
    assert.deepEqual(gone, []);
    await Promise.all([first, arrive('b', 2)]);
    assert.deepEqual(gone, ['a', 'b']);
    await arrive('c', 1);
    assert.deepEqual(gone, ['a', 'b', 'c']);
  });
});
