import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isLoopback } from './loopback.ts';

describe('isLoopback', () => {
  it('knows what never leaves this machine', () => {
    for (const address of [
      '127.0.0.1',
      '127.9.8.7',
      '::1',
      '::ffff:127.0.0.1',
      '::FFFF:127.1.2.3',
    ]) {
      assert.equal(isLoopback(address), true, address);
    }
    for (const address of [
      '0.0.0.0',
      '::',
      '128.0.0.1',
      '::2',
      '127.evil.test',
      '::ffff:192.0.2.1',
      '',
    ]) {
      assert.equal(isLoopback(address), false, address);
    }
  });
});
