import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { unbroken } from './unbroken.ts';

describe('text of help', () => {
  it('goes on where its source began a new line in the midst of a paragraph', () => {
    assert.equal(
      unbroken('Exit code: 0 done, 66 nothing was\nstored.'),
      'Exit code: 0 done, 66 nothing was stored.',
    );
    assert.equal(unbroken('a\nb\nc.\nd'), 'a b c. d');
  });

  it('keeps paragraphs and lists', () => {
    for (const text of [
      'One\n\ntwo',
      'Checks:\n  record   the TXT record\n  policy   the file\n\nExit code: 0.',
      '',
    ]) {
      assert.equal(unbroken(text), text);
    }
  });
});
