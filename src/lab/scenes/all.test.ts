import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SCENES } from './all.ts';

describe('scenes', () => {
  it('each has a name of its own that can stand as a DNS label', () => {
    const names = SCENES.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    for (const name of names) assert.match(name, /^[a-z0-9.-]{1,50}$/);
  });

  it('each names the requirements it proves, once', () => {
    for (const { name, requirements } of SCENES) {
      assert.equal(new Set(requirements).size, requirements.length, name);
    }
  });

  it('few have no requirement of the catalogue to prove', () => {
    assert.deepEqual(
      SCENES.filter(({ requirements }) => requirements.length === 0).map(({ name }) => name),
      [
        'stall-endless-reply',
        'dns-all-truncated',
        'routing-plain',
        'routing-greylist',
        'routing-rejected',
      ],
    );
  });

  it('each that does not deliver says for what reason', () => {
    assert.deepEqual(
      SCENES.filter(
        ({ expected, code }) => (expected === 'delivered') !== (code === undefined),
      ).map(({ name }) => name),
      [],
    );
  });
});
