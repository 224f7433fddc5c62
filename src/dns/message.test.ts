import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decode, encode } from 'dns-packet';
import type { Answer } from 'dns-packet';
import * as fc from 'fast-check';
import { findAnswer } from './answer.ts';
import { MalformedMessage, readMessage, readName } from './message.ts';
import { isNormalName } from './name.ts';
import { writeQuery } from './query.ts';
import type { Query } from './query.ts';
import { TYPE_NUMBERS, readData } from './rdata.ts';
import { readReply } from './reply.ts';
import type { RecordOf, RrType } from './types.ts';

/** A message with one answer `a.test TYPE` whose data are these octets. */
function messageWith(type: RrType, data: readonly number[]): Uint8Array {
  const name = [1, 0x61, 4, 0x74, 0x65, 0x73, 0x74, 0];
  const number = TYPE_NUMBERS[type];
  const question = [...name, 0, number, 0, 1];
  const record = [0xc0, 12, 0, number, 0, 1, 0, 0, 0, 60, data.length >> 8, data.length & 0xff];
  return Uint8Array.from([
    0,
    7,
    0x81,
    0x80,
    0,
    1,
    0,
    1,
    0,
    0,
    0,
    0,
    ...question,
    ...record,
    ...data,
  ]);
}

function decoded<T extends RrType>(type: T, data: readonly number[]): RecordOf[T] {
  const message = readMessage(messageWith(type, data));
  return readData(message.octets, message.answers[0]!, type);
}

function label(text: string): number[] {
  return [text.length, ...Buffer.from(text, 'latin1')];
}

describe('record data on the wire', () => {
  it('DANE-6698-2.1-1: TLSA is usage, selector, matching type and the rest', () => {
    assert.deepEqual(decoded('TLSA', [3, 1, 1, 0xde, 0xad]), {
      usage: 3,
      selector: 1,
      matchingType: 1,
      data: Uint8Array.of(0xde, 0xad),
    });
    assert.deepEqual(decoded('TLSA', [255, 9, 8]), {
      usage: 255,
      selector: 9,
      matchingType: 8,
      data: Uint8Array.of(),
    });
    assert.throws(() => decoded('TLSA', [3, 1]), MalformedMessage);
  });

  it('STS-3.1-14: the character-strings of a TXT record are joined with nothing between', () => {
    assert.equal(decoded('TXT', [...label('v=STSv1; i'), ...label('d=abc')]), 'v=STSv1; id=abc');
    assert.equal(decoded('TXT', [...label('\xff\x00'), 0, ...label('b')]), '\xff\x00b');
    assert.throws(() => decoded('TXT', [5, 0x61]), MalformedMessage);
    assert.throws(() => decoded('TXT', []), MalformedMessage);
  });

  it('addresses have their length and their RFC 5952 form', () => {
    assert.equal(decoded('A', [192, 0, 2, 1]), '192.0.2.1');
    assert.throws(() => decoded('A', [192, 0, 2]), MalformedMessage);
    const v6 = (...groups: number[]): string =>
      decoded(
        'AAAA',
        groups.flatMap((group) => [group >> 8, group & 0xff]),
      );
    assert.equal(v6(0x2001, 0xdb8, 0, 0, 1, 0, 0, 1), '2001:db8::1:0:0:1');
    assert.equal(v6(0x2001, 0xdb8, 0, 1, 1, 1, 1, 1), '2001:db8:0:1:1:1:1:1');
    assert.equal(v6(0, 0, 0, 0, 0, 0, 0, 0), '::');
    assert.equal(v6(0, 0, 0, 0, 0, 0, 0, 1), '::1');
    assert.equal(v6(1, 0, 0, 0, 0, 0, 0, 0), '1::');
    assert.equal(v6(0, 0, 0, 0, 0, 0xffff, 0xc000, 0x0201), '::ffff:192.0.2.1');
  });

  it('MX, NS, DS and SOA', () => {
    const mx = [0, 10, ...label('MX'), 0xc0, 12];
    assert.deepEqual(decoded('MX', mx), { preference: 10, exchange: 'mx.a.test' });
    assert.deepEqual(decoded('MX', [0, 0, 0]), { preference: 0, exchange: '' });
    assert.equal(decoded('NS', [...label('ns'), 0]), 'ns');
    assert.equal(decoded('DS', [0x12, 0x34, 8, 2, 0xab, 0xcd]), '4660 8 2 ABCD');
    assert.equal(decoded('SOA', [0, 0, ...Array.from({ length: 20 }, () => 0)]), 'a.test');
    assert.throws(() => decoded('SOA', [0, 0, 1, 2, 3]), MalformedMessage);
    const tooLong = Array.from({ length: 23 }, () => 0);
    assert.throws(() => decoded('SOA', tooLong), MalformedMessage);
    assert.throws(() => decoded('MX', [0, 10, ...label('mx'), 0, 0]), MalformedMessage);
  });
});

describe('names on the wire', () => {
  it('a dot inside a label does not become two labels', () => {
    const { name } = readName(Uint8Array.from([...label('evil.victim'), ...label('test'), 0]), 0);
    assert.equal(name, 'evil\\.victim.test');
    assert.equal(isNormalName(name), false);
  });

  it('octets that are not printable ASCII are escaped, not guessed at', () => {
    const { name } = readName(Uint8Array.from([...label('\xff\x00 '), ...label('\\'), 0]), 0);
    assert.equal(name, '\\255\\000\\032.\\\\');
    assert.equal(isNormalName(name), false);
  });

  it('a name is at most 255 octets, pointers included', () => {
    const long = label('a'.repeat(62));
    const octets = Uint8Array.from([...long, ...long, ...long, ...long, ...label('aa'), 0]);
    assert.throws(() => readName(octets, 0), /too long/);
    const fits = Uint8Array.from([...long, ...long, ...long, ...long, ...label('a'), 0]);
    assert.equal(readName(fits, 0).name.length, 253);
  });

  it('pointers go backwards, so that they cannot turn in a circle', () => {
    const padded = (...octets: number[]): Uint8Array =>
      Uint8Array.from([...Array.from({ length: 12 }, () => 0), ...octets]);
    assert.throws(() => readName(padded(0xc0, 12), 12), MalformedMessage);
    assert.throws(() => readName(padded(0xc0, 14, 0), 12), MalformedMessage);
    assert.throws(() => readName(padded(1, 0x61, 0xc0, 12), 12), MalformedMessage);
    assert.throws(() => readName(padded(0xc0, 2), 12), MalformedMessage);
    assert.throws(() => readName(padded(0x80, 0), 12), MalformedMessage);
    assert.throws(() => readName(padded(5, 0x61), 12), MalformedMessage);
  });
});

const QUERY: Query = { ...writeQuery('a.test', 'MX'), id: 7 };

function goodReply(): Buffer {
  const answers: Answer[] = [
    { type: 'CNAME', name: 'a.test', ttl: 30, data: 'b.test' },
    { type: 'MX', name: 'b.test', ttl: 60, data: { preference: 10, exchange: 'mx.b.test' } },
    { type: 'MX', name: 'b.test', ttl: 60, data: { preference: 20, exchange: 'mx2.b.test' } },
  ];
  return encode({
    type: 'response',
    id: 7,
    flags: 0x1a0,
    questions: [{ type: 'MX', name: 'a.test' }],
    answers,
  });
}

/** Reads octets as the resolver does, and gives what would be believed. */
function believed(octets: Uint8Array): unknown {
  const reply = readReply(octets, QUERY);
  if (reply.kind !== 'message' || reply.rcode !== 0) return undefined;
  const found = findAnswer(reply.message, { name: 'a.test', type: 'MX', passed: [] });
  return found.kind === 'records' ? found.records : undefined;
}

describe('hostile messages', () => {
  it('the whole message is read before any of it is believed', () => {
    const good = goodReply();
    assert.deepEqual(believed(good), [
      { preference: 10, exchange: 'mx.b.test' },
      { preference: 20, exchange: 'mx2.b.test' },
    ]);
    for (let length = 0; length < good.length; length += 1) {
      assert.equal(believed(good.subarray(0, length)), undefined, `${length} octets`);
    }
  });

  it('fuzz: any octets are read or refused, never a crash', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => {
        const reply = readReply(octets, QUERY);
        assert.ok(['mismatch', 'truncated', 'malformed', 'message'].includes(reply.kind));
      }),
      { numRuns: 3000 },
    );
  });

  it('fuzz: octets behind the right header and question are read or refused', () => {
    const head = goodReply().subarray(0, 24);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (tail) => {
        believed(Buffer.concat([head, tail]));
      }),
      { numRuns: 3000 },
    );
  });

  it('fuzz: a changed message is refused or gives names that can be used', () => {
    const good = goodReply();
    const change = fc.tuple(fc.nat(good.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
        const octets = Buffer.from(good);
        for (const [at, value] of changes) octets[at] = value;
        const records = believed(octets) as readonly RecordOf['MX'][] | undefined;
        if (records === undefined) return;
        assert.equal(octets.readUInt16BE(0), 7);
        for (const { exchange } of records) assert.ok(exchange === '' || isNormalName(exchange));
      }),
      { numRuns: 4000 },
    );
  });

  it('fuzz: reads what another encoder writes', () => {
    const part = fc.string({
      unit: fc.constantFrom(...Array.from('abcxyz019-_')),
      minLength: 1,
      maxLength: 63,
    });
    const name = fc
      .array(part, { minLength: 1, maxLength: 4 })
      .map((labels) => labels.join('.'))
      .filter((text) => text.length <= 253);
    fc.assert(
      fc.property(name, fc.nat(0x7fff_ffff), fc.nat(0xffff), (exchange, ttl, preference) => {
        const answers: Answer[] = [
          { type: 'MX', name: exchange, ttl, data: { preference, exchange } },
        ];
        const octets = encode({ type: 'response', id: 7, answers });
        const message = readMessage(octets);
        const record = message.answers[0]!;
        assert.equal(record.name, exchange);
        assert.equal(record.ttl, ttl);
        assert.deepEqual(readData(octets, record, 'MX'), { preference, exchange });
      }),
      { numRuns: 500 },
    );
  });
});

describe('writeQuery', () => {
  it('sets RD and AD, and EDNS of 1232 octets without DO', () => {
    const { octets, id } = writeQuery('_25._tcp.mx.example', 'TLSA');
    const packet = decode(Buffer.from(octets)) as ReturnType<typeof decode> & {
      readonly flag_ad?: boolean;
      readonly flag_cd?: boolean;
      readonly flag_rd?: boolean;
    };
    assert.equal(packet.id, id);
    assert.equal(packet.flag_rd, true);
    assert.equal(packet.flag_ad, true);
    assert.equal(packet.flag_cd, false);
    assert.deepEqual(packet.questions, [
      { name: '_25._tcp.mx.example', type: 'TLSA', class: 'IN' },
    ]);
    const [opt] = packet.additionals ?? [];
    assert.ok(opt?.type === 'OPT');
    assert.equal(opt.udpPayloadSize, 1232);
    assert.equal(opt.flag_do, false);
  });

  it('takes another identifier each time', () => {
    const ids = new Set(Array.from({ length: 100 }, () => writeQuery('a.test', 'A').id));
    assert.ok(ids.size > 90);
  });
});
