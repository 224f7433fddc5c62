import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { table } from './fake-dns.fixture.ts';
import type { Handler } from './fake-dns.fixture.ts';
import { a, cname, codeOf, lookUp } from './resolver.fixture.ts';

describe('resolver: security', () => {
  it('DANE-7672-2.1.1-1, DANE-7672-2.1.1-3: AD makes an answer secure, its absence insecure', async () => {
    const handler = table({
      's.test/A': { ad: true, answers: [a('s.test')] },
      'i.test/A': { answers: [a('i.test')] },
    });
    const secure = (await lookUp(handler, 's.test', 'A')).answer;
    assert.ok(secure.kind === 'records');
    assert.equal(secure.security, 'secure');
    const insecure = (await lookUp(handler, 'i.test', 'A')).answer;
    assert.ok(insecure.kind === 'records');
    assert.equal(insecure.security, 'insecure');
  });

  const signedThenUnsigned = (linkSecure: boolean): Handler =>
    table({
      'mx.test/A': {
        answers: [cname('mx.test', 'mid.test'), cname('mid.test', 'end.test'), a('end.test')],
      },
      'mx.test/CNAME': { ad: linkSecure, answers: [cname('mx.test', 'mid.test', 40)] },
      'mid.test/CNAME': { answers: [cname('mid.test', 'end.test')] },
    });

  it('DANE-7672-2.1.3-3: an insecure answer with a chain is followed by a question for each link', async () => {
    const { answer, asked } = await lookUp(signedThenUnsigned(true), 'mx.test', 'A');
    assert.ok(answer.kind === 'records');
    assert.equal(answer.security, 'insecure');
    assert.deepEqual(
      answer.chain.map((link) => link.security),
      ['secure', 'insecure'],
    );
    assert.equal(answer.ttl, 40);
    assert.deepEqual(asked, ['mx.test/A', 'mx.test/CNAME', 'mid.test/CNAME']);
  });

  it('DANE-7672-2.1.3-2: after an insecure link everything is insecure, and nothing more is asked', async () => {
    const { answer, asked } = await lookUp(signedThenUnsigned(false), 'mx.test', 'A');
    assert.ok(answer.kind === 'records');
    assert.deepEqual(
      answer.chain.map((link) => link.security),
      ['insecure', 'insecure'],
    );
    assert.deepEqual(asked, ['mx.test/A', 'mx.test/CNAME']);
  });

  it('DANE-7672-2.1.3-2: secure, then insecure, then "secure" is insecure', async () => {
    const handler = table({
      'a.test/A': { ad: true, answers: [cname('a.test', 'b.test')] },
      'b.test/A': { answers: [cname('b.test', 'c.test')] },
      'b.test/CNAME': { answers: [cname('b.test', 'c.test')] },
      'c.test/A': { ad: true, answers: [a('c.test')] },
    });
    const { answer } = await lookUp(handler, 'a.test', 'A');
    assert.ok(answer.kind === 'records');
    assert.equal(answer.security, 'insecure');
    assert.deepEqual(
      answer.chain.map((link) => link.security),
      ['secure', 'insecure'],
    );
  });

  it('DANE-7672-2.1.3-3: secure links do not make an insecure end secure', async () => {
    const handler = table({
      'mx.test/A': { answers: [cname('mx.test', 'end.test'), a('end.test')] },
      'mx.test/CNAME': { ad: true, answers: [cname('mx.test', 'end.test')] },
    });
    const { answer } = await lookUp(handler, 'mx.test', 'A');
    assert.ok(answer.kind === 'records');
    assert.equal(answer.security, 'insecure');
    assert.equal(answer.chain[0]?.security, 'secure');
  });

  it('DANE-7672-2.1.3-1: if a link cannot be asked for, or is gone, the look-up fails', async () => {
    const combined = { answers: [cname('mx.test', 'end.test'), a('end.test')] };
    const broken = table({ 'mx.test/A': combined, 'mx.test/CNAME': { rcode: 2 } });
    assert.equal(codeOf((await lookUp(broken, 'mx.test', 'A')).answer), 'DNS_SERVFAIL');
    const gone = table({ 'mx.test/A': combined });
    assert.equal(codeOf((await lookUp(gone, 'mx.test', 'A')).answer), 'DNS_CHAIN_CHANGED');
  });

  it('a question for a CNAME itself is not followed', async () => {
    const handler = table({
      'a.test/CNAME': { ad: true, answers: [cname('a.test', 'B.test')] },
    });
    const { answer } = await lookUp(handler, 'a.test', 'CNAME');
    assert.ok(answer.kind === 'records');
    assert.deepEqual(answer.records, ['b.test']);
    assert.deepEqual(answer.chain, []);
    assert.equal(answer.finalName, 'a.test');
  });

  it('DANE-7672-2.1.1-2: SERVFAIL with a DNSSEC reason is bogus, indeterminate among them', async () => {
    for (const code of [5, 6, 7, 8, 9, 10, 11, 12]) {
      const handler = table({ 'a.test/A': { rcode: 2, ede: [{ code, text: 'no\nsuch key' }] } });
      const { answer, asked } = await lookUp(handler, 'a.test', 'A');
      assert.ok(answer.kind === 'failure');
      assert.equal(answer.failure.code, 'DNS_BOGUS');
      assert.equal(answer.failure.resultType, 'dnssec-invalid');
      assert.deepEqual(answer.extendedErrors, [{ code, text: 'nosuch key' }]);
      assert.deepEqual(asked, ['a.test/A'], 'no second question for it');
    }
    for (const code of [0, 22, 23]) {
      const handler = table({ 'a.test/A': { rcode: 2, ede: [{ code }] } });
      assert.equal(codeOf((await lookUp(handler, 'a.test', 'A')).answer), 'DNS_SERVFAIL');
    }
  });

  it('DANE-7672-2.1.1-2: a doubtful answer that a resolver lets pass is bogus too', async () => {
    const handler = table({ 'a.test/A': { answers: [a('a.test')], ede: [{ code: 6 }] } });
    assert.equal(codeOf((await lookUp(handler, 'a.test', 'A')).answer), 'DNS_BOGUS');
    const stale = table({ 'a.test/A': { answers: [a('a.test')], ede: [{ code: 3 }] } });
    const { answer } = await lookUp(stale, 'a.test', 'A');
    assert.ok(answer.kind === 'records');
    assert.deepEqual(answer.extendedErrors, [{ code: 3, text: '' }]);
  });

  it('DANE-7672-2.1.1-1: plain SERVFAIL is bogus if there is an answer with checking off', async () => {
    const handler: Handler = (query) =>
      query.packet.flag_cd === true ? { answers: [a('a.test')] } : { rcode: 2 };
    const { answer, asked } = await lookUp(handler, 'a.test', 'A');
    assert.equal(codeOf(answer), 'DNS_BOGUS');
    assert.equal(asked.length, 2);
    const failing = await lookUp(() => ({ rcode: 2 }), 'a.test', 'A');
    assert.equal(codeOf(failing.answer), 'DNS_SERVFAIL');
  });
});
