import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { manPage } from './man-page.ts';

const page = await manPage();

describe('man page', () => {
  it('has every command with its options, exit codes and examples', () => {
    for (const name of ['explain', 'query <key>', 'doctor', 'serve', 'policies list']) {
      assert.ok(page.includes(`.SS "${name}`), name);
    }
    assert.match(page, /^\.B "\\-\\-postfix\\-config <dir>"$/m);
    assert.match(page, /^Exit code: 0 all is well/m);
    assert.match(page, /^ {2}smtp\\-sts query example\.com$/m);
  });

  it('no line of text is taken for a request, and no hyphen for a dash', () => {
    const requests = /^\.(?:TH|SH|SS|TP|B|BR|I|RI|PP|nf|fi)(?: |$)/;
    for (const line of page.split('\n').slice(1)) {
      if (line.startsWith('.')) assert.match(line, requests);
      assert.ok(!line.startsWith("'"), line);
      if (!line.startsWith('.TH')) assert.doesNotMatch(line, /(?<!\\)-/, line);
    }
  });
});
