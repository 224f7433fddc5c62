import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ERRORS } from '../src/errors.ts';
import { errorsPage } from './errors-page.ts';

describe('errors page', () => {
  it('codes are in order, each with meaning, action and rule', () => {
    const page = errorsPage({
      B_CODE: { meaning: 'It broke.', action: 'Mend it.' },
      A_CODE: { meaning: 'It is late.', action: 'Wait.', rule: 'RFC 1 §2' },
    });
    assert.ok(page.indexOf('## A_CODE') < page.indexOf('## B_CODE'));
    assert.match(
      page,
      /## A_CODE\n\n- \*\*Meaning:\*\* It is late\.\n- \*\*Action:\*\* Wait\.\n- \*\*Rule:\*\* RFC 1 §2\n/,
    );
    assert.match(
      page,
      /## B_CODE\n\n- \*\*Meaning:\*\* It broke\.\n- \*\*Action:\*\* Mend it\.\n$/,
    );
  });

  it('every code of the register is a stable upper-case name with a text', () => {
    for (const [code, entry] of Object.entries(ERRORS)) {
      assert.match(code, /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/);
      assert.match(entry.meaning, /\.$/, code);
      assert.match(entry.action, /\.$/, code);
    }
  });
});
