import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Answer as WireAnswer } from 'dns-packet';
import { soa, table } from './fake-dns.fixture.ts';
import type { Handler, Reaction } from './fake-dns.fixture.ts';
import { a, cname, codeOf, lookUp } from './resolver.fixture.ts';

function tlsa(name: string): WireAnswer {
  // The types of dns-packet leave out that the fields are plain numbers.
  const data = { usage: 3, selector: 1, matchingType: 1, certificate: Buffer.alloc(32, 7) };
  return { type: 'TLSA', name, ttl: 30, data } as unknown as WireAnswer;
}

describe('resolver: answers', () => {
  it('STS-3.1-1, STS-3.4-R4: the name is asked in lower-case A-labels', async () => {
    const handler = table({
      '_mta-sts.xn--bcher-kva.test/TXT': {
        answers: [
          { type: 'TXT', name: '_mta-sts.xn--bcher-kva.test', ttl: 60, data: 'v=STSv1; id=1;' },
        ],
      },
    });
    const { answer } = await lookUp(handler, '_mta-sts.BÜCHER.test.', 'TXT');
    assert.ok(answer.kind === 'records');
    assert.deepEqual(answer.records, ['v=STSv1; id=1;']);
    assert.equal(answer.name, '_mta-sts.xn--bcher-kva.test');
    assert.equal(answer.finalName, answer.name);
    assert.deepEqual(answer.chain, []);
  });

  it('STS-3.1-14: character-strings are joined, records stay apart', async () => {
    const name = '_mta-sts.d.test';
    const handler = table({
      [`${name}/TXT`]: {
        answers: [
          { type: 'TXT', name, ttl: 60, data: ['v=STSv1; i', 'd=abc'] },
          { type: 'TXT', name, ttl: 60, data: ['inbound'] },
        ],
      },
    });
    const { answer } = await lookUp(handler, name, 'TXT');
    assert.ok(answer.kind === 'records');
    assert.deepEqual(answer.records, ['v=STSv1; id=abc', 'inbound']);
  });

  it('STS-3.1-15, DANE-7672-2.1.3-1: A15: a CNAME chain inside one answer is followed', async () => {
    const handler = table({
      '_mta-sts.d.test/TXT': {
        ad: true,
        answers: [
          { type: 'TXT', name: '_mta-sts.p.test', ttl: 600, data: 'v=STSv1; id=1;' },
          cname('_mta-sts.d.test', 'Alias.Test', 100),
          cname('alias.test', '_mta-sts.p.test', 200),
        ],
      },
    });
    const { answer, asked } = await lookUp(handler, '_mta-sts.d.test', 'TXT');
    assert.ok(answer.kind === 'records');
    assert.equal(answer.finalName, '_mta-sts.p.test');
    assert.deepEqual(answer.chain, [
      { from: '_mta-sts.d.test', to: 'alias.test', security: 'secure' },
      { from: 'alias.test', to: '_mta-sts.p.test', security: 'secure' },
    ]);
    assert.equal(answer.ttl, 100);
    assert.deepEqual(asked, ['_mta-sts.d.test/TXT']);
  });

  it('STS-3.1-15: A15: a chain that leads out of the answer is followed across answers', async () => {
    const handler = table({
      'a.test/A': { ad: true, answers: [cname('a.test', 'b.test', 50)] },
      'b.test/A': { ad: true, answers: [a('b.test')] },
    });
    const { answer, asked } = await lookUp(handler, 'a.test', 'A');
    assert.ok(answer.kind === 'records');
    assert.equal(answer.security, 'secure');
    assert.equal(answer.ttl, 50);
    assert.deepEqual(asked, ['a.test/A', 'b.test/A']);
  });

  it('DANE-7672-2.1.3-1: an error in the middle of the chain fails the whole look-up', async () => {
    const handler = table({
      'a.test/A': { ad: true, answers: [cname('a.test', 'b.test')] },
      'b.test/A': { rcode: 2 },
    });
    const { answer } = await lookUp(handler, 'a.test', 'A');
    assert.equal(codeOf(answer), 'DNS_SERVFAIL');
    assert.ok(answer.kind === 'failure');
    assert.deepEqual(answer.chain, [{ from: 'a.test', to: 'b.test', security: 'secure' }]);
  });

  it('DANE-7672-2.1.3-1: G17: eight CNAMEs are followed, nine are not', async () => {
    const chain = (length: number): Reaction => ({
      ad: true,
      answers: [
        ...Array.from({ length }, (_, index) => cname(`n${index}.test`, `n${index + 1}.test`)),
        a(`n${length}.test`),
      ],
    });
    const eight = await lookUp(table({ 'n0.test/A': chain(8) }), 'n0.test', 'A');
    assert.equal(eight.answer.kind, 'records');
    const nine = await lookUp(table({ 'n0.test/A': chain(9) }), 'n0.test', 'A');
    assert.equal(codeOf(nine.answer), 'DNS_CNAME_TOO_LONG');
  });

  it('DANE-7672-2.1.3-1: G17: the limit counts across answers too', async () => {
    const handler: Handler = (query) => {
      const next = `n${Number(/\d+/.exec(query.name)![0]) + 1}.test`;
      return { ad: true, answers: [cname(query.name, next)] };
    };
    const { answer, asked } = await lookUp(handler, 'n0.test', 'A');
    assert.equal(codeOf(answer), 'DNS_CNAME_TOO_LONG');
    assert.equal(asked.length, 9);
  });

  it('DANE-7672-2.1.3-1: G17: a loop is an error, inside an answer and across answers', async () => {
    const inside = table({
      'a.test/A': { answers: [cname('a.test', 'b.test'), cname('b.test', 'a.test')] },
    });
    assert.equal(codeOf((await lookUp(inside, 'a.test', 'A')).answer), 'DNS_CNAME_LOOP');
    const across = table({
      'a.test/A': { ad: true, answers: [cname('a.test', 'b.test')] },
      'b.test/A': { ad: true, answers: [cname('b.test', 'a.test')] },
    });
    assert.equal(codeOf((await lookUp(across, 'a.test', 'A')).answer), 'DNS_CNAME_LOOP');
    const self = table({ 'a.test/A': { answers: [cname('a.test', 'a.test')] } });
    assert.equal(codeOf((await lookUp(self, 'a.test', 'A')).answer), 'DNS_CNAME_LOOP');
  });

  it('two CNAMEs of one name, and records beside a CNAME, are no answer', async () => {
    const two = table({
      'a.test/A': { answers: [cname('a.test', 'b.test'), cname('a.test', 'c.test'), a('b.test')] },
    });
    assert.equal(codeOf((await lookUp(two, 'a.test', 'A')).answer), 'DNS_ANSWER_MALFORMED');
    const beside = table({ 'a.test/A': { answers: [cname('a.test', 'b.test'), a('a.test')] } });
    assert.equal(codeOf((await lookUp(beside, 'a.test', 'A')).answer), 'DNS_ANSWER_MALFORMED');
  });

  it('records of other names in the answer are passed over', async () => {
    const handler = table({
      'a.test/A': { answers: [a('evil.test')], authorities: [soa('test', 60, 60)] },
    });
    assert.equal((await lookUp(handler, 'a.test', 'A')).answer.kind, 'nodata');
    const chaos = { ...a('a.test'), class: 'CH' } as WireAnswer;
    const otherClass = table({ 'a.test/A': { answers: [chaos] } });
    assert.equal((await lookUp(otherClass, 'a.test', 'A')).answer.kind, 'nodata');
  });

  it('a CNAME to a name that no host can have is a failure', async () => {
    const handler = table({ 'a.test/A': { answers: [cname('a.test', 'b c.test')] } });
    assert.equal(codeOf((await lookUp(handler, 'a.test', 'A')).answer), 'DNS_ANSWER_NAME');
  });

  it('an unusable mail exchanger is left out; if none remains, the look-up fails', async () => {
    const mx = (exchange: string): WireAnswer => ({
      type: 'MX',
      name: 'd.test',
      ttl: 60,
      data: { preference: 10, exchange },
    });
    const one = table({ 'd.test/MX': { answers: [mx('b@d.test'), mx('MX.d.test')] } });
    const { answer } = await lookUp(one, 'd.test', 'MX');
    assert.ok(answer.kind === 'records');
    assert.deepEqual(answer.records, [{ preference: 10, exchange: 'mx.d.test' }]);
    const none = table({ 'd.test/MX': { answers: [mx('b@d.test')] } });
    assert.equal(codeOf((await lookUp(none, 'd.test', 'MX')).answer), 'DNS_ANSWER_NAME');
  });

  it('a null MX is the root', async () => {
    const data = { preference: 0, exchange: '.' };
    const handler = table({ 'd.test/MX': { answers: [{ type: 'MX', name: 'd.test', data }] } });
    const { answer } = await lookUp(handler, 'd.test', 'MX');
    assert.ok(answer.kind === 'records');
    assert.deepEqual(answer.records, [{ preference: 0, exchange: '' }]);
  });

  it('DANE-6698-3-1, DANE-6698-2.1-1: TLSA is asked at _port._proto.host and comes decoded', async () => {
    const name = '_25._tcp.mx.test';
    const handler = table({ [`${name}/TLSA`]: { ad: true, answers: [tlsa(name)] } });
    const { answer } = await lookUp(handler, name, 'TLSA');
    assert.ok(answer.kind === 'records');
    assert.deepEqual(answer.records, [
      { usage: 3, selector: 1, matchingType: 1, data: new Uint8Array(32).fill(7) },
    ]);
  });

  it('a name that cannot be asked is refused before anything is sent', async () => {
    const { answer, asked } = await lookUp(table({}), `${'a'.repeat(70)}.test`, 'A');
    assert.equal(codeOf(answer), 'DNS_NAME_INVALID');
    assert.deepEqual(asked, []);
  });
});

describe('resolver: denials', () => {
  it('DANE-7672-2.1.1-4: A13: NXDOMAIN and NODATA are answers, secure or not', async () => {
    const handler = table({
      'no.test/TLSA': { rcode: 3, ad: true, authorities: [soa('test', 60, 60)] },
      'none.test/TLSA': { authorities: [soa('test', 60, 60)] },
    });
    const no = (await lookUp(handler, 'no.test', 'TLSA')).answer;
    assert.ok(no.kind === 'nxdomain');
    assert.equal(no.security, 'secure');
    const none = (await lookUp(handler, 'none.test', 'TLSA')).answer;
    assert.ok(none.kind === 'nodata');
    assert.equal(none.security, 'insecure');
  });

  it('G26: the negative TTL is the lesser of the TTL and the MINIMUM of the SOA', async () => {
    const ttlOf = async (authorities: WireAnswer[]): Promise<number | undefined> => {
      const { answer } = await lookUp(table({ 'a.test/A': { authorities } }), 'a.test', 'A');
      return answer.kind === 'nodata' ? answer.ttl : undefined;
    };
    assert.equal(await ttlOf([soa('test', 900, 60)]), 60);
    assert.equal(await ttlOf([soa('test', 30, 3600)]), 30);
    assert.equal(await ttlOf([]), 0);
    assert.equal(await ttlOf([soa('other', 30, 3600)]), 0);
  });

  it('G26: the chain bounds the negative TTL, and NXDOMAIN at its end is of its end', async () => {
    const handler = table({
      'a.test/A': {
        rcode: 3,
        ad: true,
        answers: [cname('a.test', 'b.test', 20)],
        authorities: [soa('test', 60, 60)],
      },
    });
    const { answer } = await lookUp(handler, 'a.test', 'A');
    assert.ok(answer.kind === 'nxdomain');
    assert.equal(answer.finalName, 'b.test');
    assert.equal(answer.ttl, 20);
  });

  it('a referral says nothing, so it is no NODATA', async () => {
    const authorities: WireAnswer[] = [{ type: 'NS', name: 'test', ttl: 60, data: 'ns.test' }];
    const { answer } = await lookUp(table({ 'a.test/A': { authorities } }), 'a.test', 'A');
    assert.equal(codeOf(answer), 'DNS_NOT_RECURSIVE');
  });

  it('NXDOMAIN together with records is a contradiction', async () => {
    const handler = table({ 'a.test/A': { rcode: 3, answers: [a('a.test')] } });
    assert.equal(codeOf((await lookUp(handler, 'a.test', 'A')).answer), 'DNS_ANSWER_MALFORMED');
  });

  it('a TTL with its top bit set counts as 0, and long ones are cut', async () => {
    const handler = table({
      'top.test/A': { answers: [a('top.test', 0xffff_ffff)] },
      'long.test/A': { answers: [a('long.test', 0x7fff_ffff)] },
    });
    const top = (await lookUp(handler, 'top.test', 'A')).answer;
    assert.ok(top.kind === 'records');
    assert.equal(top.ttl, 0);
    const long = (await lookUp(handler, 'long.test', 'A', { maxTtl: 600 })).answer;
    assert.ok(long.kind === 'records');
    assert.equal(long.ttl, 600);
  });

  it('of a set without end a bounded number is read', async () => {
    const answers = Array.from({ length: 300 }, () => a('a.test'));
    const { answer } = await lookUp(table({ 'a.test/A': { answers } }), 'a.test', 'A');
    assert.ok(answer.kind === 'records');
    assert.equal(answer.records.length, 64);
  });
});
