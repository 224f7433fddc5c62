import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { connect } from 'node:tls';
import * as fc from 'fast-check';
import { serverNameOf } from './client-hello.ts';

/** The first octets that a real client sends. */
async function helloFor(servername: string): Promise<Buffer> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const heard = new Promise<Buffer>((resolve) => {
    server.on('connection', (socket) => {
      socket.on('error', () => undefined);
      socket.once('data', (chunk: Buffer) => {
        socket.destroy();
        resolve(chunk);
      });
    });
  });
  const client = connect({ port, host: '127.0.0.1', servername });
  client.on('error', () => undefined);
  const hello = await heard;
  client.destroy();
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  return hello;
}

describe('server name of a ClientHello', () => {
  it('finds the name, its absence, and that octets are missing', async () => {
    const hello = await helloFor('mta-sts.a.test');
    assert.deepEqual(serverNameOf(hello), { kind: 'name', name: 'mta-sts.a.test' });
    assert.deepEqual(serverNameOf(hello.subarray(0, 20)), { kind: 'incomplete' });
    assert.deepEqual(serverNameOf(hello.subarray(0, 3)), { kind: 'incomplete' });
    assert.deepEqual(serverNameOf(await helloFor('')), { kind: 'none' });
    assert.deepEqual(serverNameOf(Buffer.from('GET / HTTP/1.1')), { kind: 'none' });
  });

  it('fuzz: never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => {
        const record = Buffer.concat([
          Buffer.from([0x16, 3, 1, 0, octets.length]),
          Buffer.from(octets),
        ]);
        assert.notEqual(serverNameOf(record).kind, 'incomplete');
      }),
      { numRuns: 500 },
    );
  });
});
