import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dialectOf } from './dialect.ts';

describe('dialectOf', () => {
  for (const [name, dialect] of [
    ['postfix', 'postfix'],
    ['QUERY', 'postfix'],
    ['postfix-tlsrpt', 'postfix-tlsrpt'],
    ['QUERYwithTLSRPT', 'postfix-tlsrpt'],
    ['sts', 'sendmail'],
    ['sendmail', 'sendmail'],
    ['exim', 'exim'],
    ['requiretls', 'requiretls'],
  ] as const) {
    it(`H17: map ${name} is answered as ${dialect}`, () => {
      assert.equal(dialectOf(name, 'exim'), dialect);
      assert.equal(dialectOf(name, 'requiretls'), dialect);
    });
  }

  for (const name of ['', 'Postfix', 'query', 'constructor', '__proto__', 'test', 'münchen']) {
    it(`H17: map ${JSON.stringify(name)} is not known and gets the default`, () => {
      assert.equal(dialectOf(name, 'postfix'), 'postfix');
      assert.equal(dialectOf(name, 'sendmail'), 'sendmail');
    });
  }
});
