import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import {
  startTestServer,
  testFiles,
  type TestClient,
  type TestServer,
} from './submission.fixture.ts';

/** Fewer than the sessions of each test: one slot that is not given back is found out. */
const FEW = 3;
const MANY = 5;

/** The beginning of a handshake: a record is announced and does not come whole. */
const HALF_HELLO = Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00]);

/** One way in which a connection comes to its end. */
interface Ending {
  readonly name: string;
  /** TLS from the first octet. */
  readonly implicit?: true;
  end(client: TestClient, server: TestServer): Promise<void>;
}

const ENDINGS: readonly Ending[] = [
  {
    name: 'QUIT in clear',
    async end(client) {
      await client.hello();
      await client.ask('QUIT');
      await client.rest();
    },
  },
  {
    name: 'QUIT after STARTTLS',
    async end(client) {
      await secure(client);
      await client.ask('EHLO x');
      await client.ask('QUIT');
      client.socket.end();
    },
  },
  {
    name: 'a message and QUIT after STARTTLS',
    async end(client) {
      await secure(client);
      for (const command of ['EHLO x', 'MAIL FROM:<a@b.test>', 'RCPT TO:<c@d.test>', 'DATA']) {
        await client.ask(command);
      }
      assert.match(await client.ask('x: y\r\n\r\n.'), /^250 /);
      await client.ask('QUIT');
      client.socket.end();
    },
  },
  {
    name: 'an end after STARTTLS without QUIT',
    async end(client) {
      await secure(client);
      client.socket.end();
      await client.rest();
    },
  },
  {
    name: 'a reset after STARTTLS',
    async end(client) {
      await secure(client);
      client.socket.destroy();
    },
  },
  {
    name: 'a handshake that fails after STARTTLS',
    async end(client) {
      await client.hello();
      await client.ask('STARTTLS');
      await assert.rejects(client.secure({ maxVersion: 'TLSv1.1', minVersion: 'TLSv1' }));
    },
  },
  {
    name: 'nonsense for a handshake after STARTTLS',
    async end(client) {
      await client.hello();
      await client.ask('STARTTLS');
      client.send('this is no handshake\r\n');
      await client.rest();
    },
  },
  {
    name: 'a client that vanishes before its handshake after STARTTLS',
    async end(client) {
      await client.hello();
      await client.ask('STARTTLS');
      client.destroy();
    },
  },
  {
    name: 'a client that vanishes with STARTTLS, not waiting for the reply',
    async end(client) {
      await client.hello();
      client.send('STARTTLS\r\n');
      client.socket.destroySoon();
    },
  },
  {
    name: 'a client that resets with STARTTLS',
    async end(client) {
      await client.hello();
      client.send('STARTTLS\r\n');
      client.socket.resetAndDestroy();
    },
  },
  {
    name: 'a client that vanishes in the midst of its handshake after STARTTLS',
    async end(client) {
      await client.hello();
      await client.ask('STARTTLS');
      client.send(HALF_HELLO);
      client.socket.destroySoon();
    },
  },
  {
    name: 'a client that resets in the midst of its handshake after STARTTLS',
    async end(client) {
      await client.hello();
      await client.ask('STARTTLS');
      client.send(HALF_HELLO);
      client.socket.resetAndDestroy();
    },
  },
  {
    name: 'a client that falls silent in the midst of its handshake after STARTTLS',
    async end(client, server) {
      await client.hello();
      await client.ask('STARTTLS');
      client.send(HALF_HELLO);
      while (server.clock.waiting === 0) await server.clock.advance(0);
      await server.clock.advance(30_000);
      assert.equal(await client.rest(), '');
    },
  },
  {
    name: 'QUIT inside TLS from the first octet',
    implicit: true,
    async end(client) {
      await client.secure();
      await client.hello();
      await client.ask('QUIT');
      client.socket.end();
    },
  },
  {
    name: 'a reset inside TLS from the first octet',
    implicit: true,
    async end(client) {
      await client.secure();
      await client.hello();
      client.socket.destroy();
    },
  },
  {
    name: 'a handshake that fails on the TLS port',
    implicit: true,
    async end(client) {
      await assert.rejects(client.secure({ maxVersion: 'TLSv1.1', minVersion: 'TLSv1' }));
    },
  },
  {
    name: 'a client that vanishes in the midst of its handshake on the TLS port',
    implicit: true,
    async end(client) {
      await once(client.socket, 'connect');
      client.send(HALF_HELLO);
      client.socket.destroySoon();
    },
  },
  {
    name: 'a client that vanishes from the TLS port at once',
    implicit: true,
    async end(client) {
      await once(client.socket, 'connect');
      client.destroy();
    },
  },
];

async function secure(client: TestClient): Promise<void> {
  await client.hello();
  await client.startTls();
}

async function untilNobodyIsThere(server: TestServer): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (server.submission.stats().connections > 0) {
    if (performance.now() > deadline) {
      assert.fail(`${server.submission.stats().connections} connections are still counted`);
    }
    await server.clock.advance(0);
  }
}

describe('a connection gives its place back', () => {
  for (const ending of ENDINGS) {
    it(`after ${ending.name}`, async () => {
      using files = await testFiles();
      await using server = await startTestServer({
        ...files,
        maxConnectionsPerClient: FEW,
        listenTls: ['127.0.0.1:0'],
      });
      for (let count = 0; count < MANY; count += 1) {
        const port = server.ports[ending.implicit === true ? 1 : 0];
        await ending.end(server.connect(port), server);
        await untilNobodyIsThere(server);
      }
      const last = server.connect();
      assert.match(await last.hello(), /^250/);
      assert.deepEqual(server.submission.stats().connections, 1);
      assert.deepEqual(
        server.lines.filter(({ level }) => level === 'error'),
        [],
      );
    });
  }

  it('only once, so that limits hold for those who come by TLS', async () => {
    using files = await testFiles();
    await using server = await startTestServer({ ...files, maxConnectionsPerClient: FEW });
    const open: TestClient[] = [];
    for (let count = 0; count < FEW; count += 1) {
      const client = server.connect();
      await secure(client);
      open.push(client);
    }
    assert.match(await server.connect().rest(), /^421 4\.7\.0 Too many connections from you/);
    open[0]!.destroy();
    while (server.submission.stats().connections === FEW) await server.clock.advance(0);
    await secure(server.connect());
    assert.match(await server.connect().rest(), /^421 4\.7\.0 Too many connections from you/);
  });

  it('when the server is cut off, in the midst of a handshake or past it', async () => {
    using files = await testFiles();
    const server = await startTestServer({ ...files, listenTls: ['127.0.0.1:0'] });
    const done = server.connect();
    await secure(done);
    const half = server.connect();
    await half.hello();
    await half.ask('STARTTLS');
    half.send(HALF_HELLO);
    const implicit = connect({ port: server.ports[1]!, host: '127.0.0.1' });
    implicit.on('error', () => {});
    implicit.write(HALF_HELLO);
    while (server.submission.stats().connections < 3) await server.clock.advance(0);
    await server[Symbol.asyncDispose]();
    implicit.destroy();
    await untilNobodyIsThere(server);
  });
});
