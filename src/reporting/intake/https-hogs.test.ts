import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { FakeClock, settle } from '../../clock.fixture.ts';
import { silentLog } from '../../log/log.ts';
import { post, rawClient } from './http-client.fixture.ts';
import { startHttpsReceiver } from './https-receiver.ts';
import { fakeIntake, receiveSettings } from './intake.fixture.ts';

const GZIP_REPORT = gzipSync('{"organization-name":"Example"}');

interface TestReceiver extends AsyncDisposable {
  readonly url: string;
  readonly clock: FakeClock;
}

async function start(): Promise<TestReceiver> {
  const clock = new FakeClock();
  const settings = receiveSettings();
  const options = { intake: fakeIntake(), settings: () => settings, clock, log: silentLog };
  const receiver = await startHttpsReceiver(options);
  return {
    url: receiver.url,
    clock,
    async [Symbol.asyncDispose]() {
      const closed = receiver.close();
      await clock.advance(10_000);
      await closed;
    },
  };
}

describe('the HTTPS endpoint for reports, under those who want all of it', () => {
  it('I16, S7: who sends all but the last octet holds no more than its share, and not for long', async () => {
    await using server = await start();
    const head = 'POST /v1/reports HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n';
    using clients = new DisposableStack();
    const evil = Array.from({ length: 5 }, () => clients.use(rawClient(server.url)));
    for (const client of evil) {
      client.send(head);
      client.send(Buffer.alloc(1_999_999, '{'));
    }
    const refused = await Promise.race(evil.map(async (client) => await client.until('}\n')));
    assert.match(refused, /^HTTP\/1\.1 503 .*REPORT_RECEIVER_BUSY/s);
    const other = clients.adopt(new Agent({ localAddress: '127.0.0.9' }), (one) => one.destroy());
    assert.equal((await post(server.url, GZIP_REPORT, { agent: other })).status, 202);
    for (let turn = 0; turn < 3; turn += 1) {
      await settle();
      await server.clock.advance(5_000);
    }
    const answers = await Promise.all(evil.map(async (client) => await client.until('}\n')));
    assert.equal(answers.filter((each) => each.startsWith('HTTP/1.1 408 ')).length, 4);
    assert.equal((await post(server.url, GZIP_REPORT)).status, 202);
  });

  it('a large report that goes on coming is taken, however slowly its last octets come', async () => {
    await using server = await start();
    using client = rawClient(server.url);
    client.send('POST /v1/reports HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n');
    for (const piece of [100_000, 100_000, 99_999]) {
      client.send(Buffer.alloc(piece, '{'));
      for (let turn = 0; turn < 20; turn += 1) await settle();
      await server.clock.advance(5_000);
    }
    client.send('}');
    assert.match(await client.until('}\n'), /^HTTP\/1\.1 202 /);
  });
});
