import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isRouteFault } from './route-fault.ts';

describe('isRouteFault', () => {
  it('is what the operator must mend, not what passes by itself', () => {
    assert.equal(isRouteFault({ code: 'ROUTE_AUTH_REFUSED', detail: '535' }), true);
    assert.equal(isRouteFault({ code: 'ROUTE_HOST_UNVOUCHED', detail: 'no' }), true);
    assert.equal(isRouteFault({ code: 'ROUTE_AUTH_TEMPORARY', detail: '454' }), false);
    assert.equal(isRouteFault({ code: 'SMTP_RCPT_REFUSED', detail: '550' }), false);
  });
});
