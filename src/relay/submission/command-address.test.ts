import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addressIn } from './command-address.ts';

describe('the address of a refused command', () => {
  it('of RCPT and of MAIL, in any case, without parameters', () => {
    assert.deepEqual(addressIn('RCPT TO:<bob@there> NOTIFY=NEVER'), { to: 'bob@there' });
    assert.deepEqual(addressIn('mail from:<a@here.test> SIZE=99999999'), { from: 'a@here.test' });
    assert.deepEqual(addressIn('MAIL FROM:<>'), { from: '' });
  });

  it('of nothing else, and never long', () => {
    for (const text of ['DATA', 'RCPT TO:bob', 'HELO <x>']) assert.deepEqual(addressIn(text), {});
    assert.equal(addressIn(`RCPT TO:<${'x'.repeat(900)}>`).to?.length, 320);
  });
});
