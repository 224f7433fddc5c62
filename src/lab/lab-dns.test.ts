import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { AUTHENTIC_DATA, DNSSEC_OK, decode, encode, RECURSION_DESIRED } from 'dns-packet';
import type { DecodedPacket, RecordType } from 'dns-packet';
import { startLabDns } from './lab-dns.ts';
import type { LabDns } from './types.ts';

interface AskOptions {
  readonly flags?: number;
  readonly edns?: boolean;
  readonly dnssecOk?: boolean;
}

function query(name: string, type: RecordType, options: AskOptions = {}): Buffer {
  const opt = {
    type: 'OPT',
    name: '.',
    udpPayloadSize: 1232,
    flags: options.dnssecOk === true ? DNSSEC_OK : 0,
  };
  return encode({
    type: 'query',
    id: 77,
    flags: options.flags ?? RECURSION_DESIRED | AUTHENTIC_DATA,
    questions: [{ type, name }],
    additionals: options.edns === false ? [] : [opt as never],
  });
}

/** The first datagram that comes back; undefined after `waitMs` of silence. */
async function sendUdp(dns: LabDns, bytes: Uint8Array, waitMs = 1000): Promise<Buffer | undefined> {
  const socket = createSocket('udp4');
  try {
    return await new Promise<Buffer | undefined>((resolve) => {
      const timer = setTimeout(() => resolve(undefined), waitMs);
      socket.once('message', (message) => {
        clearTimeout(timer);
        resolve(message);
      });
      socket.send(bytes, dns.port, dns.address);
    });
  } finally {
    socket.close();
  }
}

async function ask(
  dns: LabDns,
  name: string,
  type: RecordType,
  options?: AskOptions,
): Promise<DecodedPacket> {
  const reply = await sendUdp(dns, query(name, type, options));
  assert.ok(reply !== undefined, 'no answer');
  return decode(reply);
}

async function askTcp(dns: LabDns, name: string, type: RecordType): Promise<DecodedPacket> {
  const bytes = query(name, type);
  const prefix = Buffer.from([bytes.length >> 8, bytes.length & 255]);
  const socket = connect(dns.port, dns.address);
  // Split inside the length field: the server has to put it together.
  socket.write(prefix.subarray(0, 1));
  socket.write(Buffer.concat([prefix.subarray(1), bytes]));
  let received = Buffer.alloc(0);
  for await (const chunk of socket) {
    received = Buffer.concat([received, chunk as Buffer]);
    if (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) break;
  }
  return decode(received.subarray(2));
}

/** The data of the first record. */
function firstData(packet: DecodedPacket): unknown {
  const [record] = packet.answers ?? [];
  assert.ok(record !== undefined, 'no record');
  return (record as unknown as { data: unknown }).data;
}

/** The EDNS options of an answer. */
function ednsOptions(packet: DecodedPacket): readonly { code: number; data: Buffer }[] {
  const [opt] = packet.additionals ?? [];
  assert.ok(opt !== undefined, 'no OPT');
  return (opt as unknown as { options: { code: number; data: Buffer }[] }).options;
}

const rcode = (packet: DecodedPacket): string => (packet as unknown as { rcode: string }).rcode;

describe('lab DNS', () => {
  let dns: LabDns;
  before(async () => {
    dns = await startLabDns();
    dns.zone('signed.test', 'secure');
    dns.zone('plain.test', 'insecure');
    dns.zone('bogus.test', 'bogus');
    dns.zone('broken.test', 'servfail');
    dns.zone('silent.test', 'timeout');
    dns.zone('cut.test', 'truncated');
    dns.zone('junk.test', 'garbage');
    dns.add(
      { type: 'A', name: 'mx.signed.test', value: '127.0.0.2', ttl: 42 },
      { type: 'MX', name: 'signed.test', preference: 10, exchange: 'mx.signed.test' },
      { type: 'MX', name: 'null.plain.test', preference: 0, exchange: '' },
      { type: 'A', name: 'mx.plain.test', value: '127.0.0.3' },
      { type: 'CNAME', name: 'in.signed.test', value: 'mx.signed.test' },
      { type: 'CNAME', name: 'out.signed.test', value: 'mx.plain.test' },
      { type: 'CNAME', name: 'back.plain.test', value: 'mx.signed.test' },
      { type: 'CNAME', name: 'bad.signed.test', value: 'mx.bogus.test' },
      { type: 'CNAME', name: 'loop.signed.test', value: 'loop.signed.test' },
      { type: 'TXT', name: 'long.signed.test', value: ['x'.repeat(200), 'y'.repeat(200)] },
      { type: 'TXT', name: '*.wild.signed.test', value: 'wild' },
      { type: 'TXT', name: 'real.wild.signed.test', value: 'real' },
      { type: 'TXT', name: 'cut.test', value: 'whole' },
      { type: 'A', name: 'bücher.plain.test', value: '127.0.0.4' },
      {
        type: 'TLSA',
        name: '_25._tcp.mx.signed.test',
        usage: 3,
        selector: 1,
        matchingType: 1,
        data: new Uint8Array(32).fill(7),
      },
    );
  });
  after(() => dns.close());

  it('answers from a signed zone with AD, from an unsigned one without', async () => {
    const signed = await ask(dns, 'mx.signed.test', 'A');
    assert.equal(signed.flag_ad, true);
    assert.deepEqual(signed.answers?.[0], {
      ...signed.answers?.[0],
      type: 'A',
      name: 'mx.signed.test',
      ttl: 42,
      data: '127.0.0.2',
    });
    const plain = await ask(dns, 'mx.plain.test', 'A');
    assert.equal(plain.flag_ad, false);
    assert.equal(rcode(plain), 'NOERROR');
  });

  it('sets AD only if AD or DO was asked for', async () => {
    const neither = await ask(dns, 'mx.signed.test', 'A', { flags: RECURSION_DESIRED });
    assert.equal(neither.flag_ad, false);
    const dnssecOk = await ask(dns, 'mx.signed.test', 'A', {
      flags: RECURSION_DESIRED,
      dnssecOk: true,
    });
    assert.equal(dnssecOk.flag_ad, true);
  });

  it('follows CNAMEs; AD only where every link is signed', async () => {
    const inside = await ask(dns, 'in.signed.test', 'A');
    assert.deepEqual(
      inside.answers?.map((answer) => answer.type),
      ['CNAME', 'A'],
    );
    assert.equal(inside.flag_ad, true);
    assert.equal((await ask(dns, 'out.signed.test', 'A')).flag_ad, false);
    assert.equal((await ask(dns, 'back.plain.test', 'A')).flag_ad, false);
    assert.equal((await ask(dns, 'out.signed.test', 'CNAME')).flag_ad, true);
    assert.equal(rcode(await ask(dns, 'bad.signed.test', 'A')), 'SERVFAIL');
    assert.equal(rcode(await ask(dns, 'loop.signed.test', 'A')), 'SERVFAIL');
  });

  it('tells NXDOMAIN from NODATA, both with the SOA of the zone', async () => {
    const missing = await ask(dns, 'nowhere.signed.test', 'A');
    assert.equal(rcode(missing), 'NXDOMAIN');
    assert.equal(missing.authorities?.[0]?.type, 'SOA');
    assert.equal(missing.authorities?.[0]?.name, 'signed.test');
    const nodata = await ask(dns, 'mx.signed.test', 'AAAA');
    assert.equal(rcode(nodata), 'NOERROR');
    assert.equal(nodata.authorities?.[0]?.type, 'SOA');
    // A name that only has names below it exists (RFC 8020).
    assert.equal(rcode(await ask(dns, '_tcp.mx.signed.test', 'TLSA')), 'NOERROR');
  });

  it('expands a wildcard only where the name does not exist', async () => {
    const wild = await ask(dns, 'any.wild.signed.test', 'TXT');
    assert.equal(wild.answers?.[0]?.name, 'any.wild.signed.test');
    assert.equal(String(firstData(wild)), 'wild');
    const real = await ask(dns, 'real.wild.signed.test', 'TXT');
    assert.equal(String(firstData(real)), 'real');
  });

  it('says bogus with SERVFAIL and EDE 6, and broken without', async () => {
    const bogus = await ask(dns, 'x.bogus.test', 'A');
    assert.equal(rcode(bogus), 'SERVFAIL');
    const [option] = ednsOptions(bogus);
    assert.deepEqual([...option!.data], [0, 6]);
    assert.equal(option!.code, 15);
    const broken = await ask(dns, 'x.broken.test', 'A');
    assert.equal(rcode(broken), 'SERVFAIL');
    assert.equal(ednsOptions(broken).length, 0);
  });

  it('cuts UDP answers and gives them whole over TCP', async () => {
    const cut = await ask(dns, 'cut.test', 'TXT');
    assert.equal(cut.flag_tc, true);
    assert.equal(cut.answers?.length, 0);
    const whole = await askTcp(dns, 'cut.test', 'TXT');
    assert.equal(whole.flag_tc, false);
    assert.equal(String(firstData(whole)), 'whole');
  });

  it('holds back what does not fit without EDNS', async () => {
    dns.add({ type: 'TXT', name: 'long.signed.test', value: 'z'.repeat(200) });
    assert.equal((await ask(dns, 'long.signed.test', 'TXT', { edns: false })).flag_tc, true);
    assert.equal((await ask(dns, 'long.signed.test', 'TXT')).flag_tc, false);
  });

  it('says nothing, or nonsense, where told to', async () => {
    assert.equal(await sendUdp(dns, query('x.silent.test', 'A'), 50), undefined);
    assert.match(String(await sendUdp(dns, query('x.junk.test', 'A'))), /^not a DNS/);
  });

  it('survives garbage', async () => {
    assert.equal(await sendUdp(dns, Buffer.from('x'), 30), undefined);
    const broken = Buffer.concat([query('mx.signed.test', 'A').subarray(0, 20)]);
    const reply = await sendUdp(dns, broken);
    assert.equal(reply?.[3], 1, 'FORMERR');
    assert.equal(rcode(await ask(dns, 'mx.signed.test', 'A')), 'NOERROR');
  });

  it('may be changed while it runs: overrides, removals', async () => {
    dns.override('_25._tcp.mx.signed.test', 'bogus', 'TLSA');
    assert.equal(rcode(await ask(dns, '_25._tcp.mx.signed.test', 'TLSA')), 'SERVFAIL');
    assert.equal(rcode(await ask(dns, '_25._tcp.mx.signed.test', 'A')), 'NOERROR');
    dns.override('_25._tcp.mx.signed.test', undefined, 'TLSA');
    const back = await ask(dns, '_25._tcp.mx.signed.test', 'TLSA');
    assert.equal(back.answers?.[0]?.type, 'TLSA');
    dns.remove('_25._tcp.mx.signed.test', 'TLSA');
    assert.equal(rcode(await ask(dns, '_25._tcp.mx.signed.test', 'TLSA')), 'NXDOMAIN');
  });

  it('knows null MX and A-labels', async () => {
    const nullMx = await ask(dns, 'null.plain.test', 'MX');
    assert.deepEqual(firstData(nullMx), {
      preference: 0,
      exchange: '.',
    });
    assert.equal((await ask(dns, 'xn--bcher-kva.plain.test', 'A')).answers?.length, 1);
  });

  it('answers SOA and NS at the top of a zone', async () => {
    assert.equal((await ask(dns, 'signed.test', 'SOA')).answers?.[0]?.type, 'SOA');
    assert.equal((await ask(dns, 'signed.test', 'NS')).answers?.[0]?.type, 'NS');
  });

  it('keeps a log of questions', async () => {
    dns.forget();
    await ask(dns, 'MX.signed.test', 'A');
    await askTcp(dns, 'cut.test', 'TXT');
    assert.deepEqual(dns.queries, [
      { name: 'mx.signed.test', type: 'A', transport: 'udp' },
      { name: 'cut.test', type: 'TXT', transport: 'tcp' },
    ]);
  });
});
