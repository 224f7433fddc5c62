import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { FakeClock } from '../clock.fixture.ts';
import type { Outcome } from '../failure.ts';
import { askSocketmap } from './socketmap-client.ts';

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

async function serverThat(answers: (socket: Socket, request: string) => void): Promise<number> {
  const server = createServer((socket) => {
    open.push(() => socket.destroy());
    socket.on('error', () => undefined);
    socket.on('data', (octets) => answers(socket, octets.toString()));
  });
  open.push(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function ask(port: number, clock = new FakeClock()): Promise<Outcome<string>> {
  return await askSocketmap({
    address: { kind: 'tcp', host: '127.0.0.1', port },
    mapName: 'postfix',
    key: 'd.test',
    timeoutMs: 1_000,
    clock,
  });
}

function codeOf(outcome: Outcome<string>): string {
  return outcome.ok ? `OK ${outcome.value}` : outcome.failure.code;
}

describe('asking a socketmap server', () => {
  it('H1: the request is one netstring, and the reply is its payload', async () => {
    let seen = '';
    const port = await serverThat((socket, request) => {
      seen = request;
      socket.write('9:NOTF');
      setImmediate(() => socket.write('OUND ,'));
    });
    assert.deepEqual(await ask(port), { ok: true, value: 'NOTFOUND ' });
    assert.equal(seen, '14:postfix d.test,');
  });

  it('what is no netstring, and a connection that ends without one', async () => {
    const http = await serverThat((socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'));
    assert.equal(codeOf(await ask(http)), 'SOCKETMAP_ANSWER_INVALID');
    const closing = await serverThat((socket) => socket.end());
    assert.equal(codeOf(await ask(closing)), 'SOCKETMAP_ANSWER_INVALID');
  });

  it('nobody listens', async () => {
    const port = await serverThat(() => undefined);
    for (const close of open.splice(0)) close();
    assert.equal(codeOf(await ask(port)), 'SOCKETMAP_UNREACHABLE');
  });

  it('no answer in time', async () => {
    const clock = new FakeClock();
    const asked = Promise.withResolvers<undefined>();
    const port = await serverThat(() => asked.resolve(undefined));
    const answer = ask(port, clock);
    await asked.promise;
    await clock.advance(1_000);
    assert.equal(codeOf(await answer), 'SOCKETMAP_TIMEOUT');
  });
});
