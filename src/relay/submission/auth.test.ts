import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { hashPassword } from './password.ts';
import {
  plainWord,
  startTestServer,
  TEST_COST,
  testFiles,
  type TestClient,
  type TestServer,
} from './submission.fixture.ts';
import { userLine } from './users-file.ts';

const RIGHT = plainWord('alice', 'secret');
const WRONG = plainWord('alice', 'wrong');

async function inTls(server: TestServer): Promise<TestClient> {
  const client = server.connect();
  if (server.settings.trustedNetworks.length === 0) {
    while (server.clock.waiting === 0) await server.clock.advance(0);
    await server.clock.advance(100);
  }
  await client.hello();
  await client.startTls();
  assert.match(await client.ask('EHLO client.test'), /^250[ -]AUTH PLAIN LOGIN\r$/m);
  return client;
}

/** A wrong password is answered late. */
async function askLate(server: TestServer, client: TestClient, command: string): Promise<string> {
  const before = server.clock.waiting;
  client.send(`${command}\r\n`);
  while (server.clock.waiting === before) await server.clock.advance(0);
  await server.clock.advance(8_000);
  return await client.reply();
}

describe('AUTH', () => {
  it('TLS-3207-6-1: is neither offered nor taken in clear', async () => {
    using files = await testFiles();
    await using server = await startTestServer({ ...files });
    const client = server.connect();
    assert.doesNotMatch(await client.hello(), /AUTH/);
    assert.match(await client.ask(`AUTH PLAIN ${RIGHT}`), /^538 5\.7\.11 /);
  });

  it('is not there without a users file', async () => {
    using files = await testFiles();
    await using server = await startTestServer({
      certFile: files.certFile,
      keyFile: files.keyFile,
    });
    const client = server.connect();
    await client.hello();
    await client.startTls();
    assert.doesNotMatch(await client.ask('EHLO x'), /AUTH/);
    assert.match(await client.ask(`AUTH PLAIN ${RIGHT}`), /^502 5\.5\.1 /);
    assert.match(await client.ask('MAIL FROM:<a@b.test> AUTH=<>'), /^555 5\.5\.4 /);
  });

  it('lets a user send from anywhere, and marks the message as submitted', async () => {
    using files = await testFiles();
    await using server = await startTestServer({ ...files, trustedNetworks: [] });
    const client = await inTls(server);
    assert.match(await client.ask(`AUTH PLAIN ${RIGHT}`), /^235 2\.7\.0 /);
    assert.doesNotMatch(await client.ask('EHLO client.test'), /AUTH/);
    assert.match(await client.ask('AUTH LOGIN'), /^503 5\.5\.1 /);
    assert.match(await client.ask('MAIL FROM:<a@b.test> AUTH=<>'), /^250 /);
    assert.match(await client.ask('RCPT TO:<c@d.test>'), /^250 /);
    await client.ask('DATA');
    await client.ask('TLS-Required: No\r\n\r\n.');
    const { message, content } = server.queue.kept[0]!;
    assert.equal(message.origin.via, 'submission');
    assert.equal(message.origin.user, 'alice');
    assert.equal(message.tlsRequiredNo, true);
    assert.match(content, / with ESMTPSA id M1\r\n/);
    assert.doesNotMatch(content, /alice/);
    assert.deepEqual(server.counted.accepted, ['submission']);
  });

  it('speaks PLAIN in two steps and LOGIN', async () => {
    using files = await testFiles();
    await using server = await startTestServer({ ...files });
    const plain = await inTls(server);
    assert.equal(await plain.ask('AUTH PLAIN'), '334 \r\n');
    assert.match(await plain.ask(RIGHT), /^235 2\.7\.0 /);
    const login = await inTls(server);
    assert.equal(await login.ask('AUTH LOGIN'), '334 VXNlcm5hbWU6\r\n');
    assert.equal(await login.ask(word('bob')), '334 UGFzc3dvcmQ6\r\n');
    assert.match(await login.ask(word('geheim')), /^235 2\.7\.0 /);
  });

  it('refuses what is no exchange: 501, 504, 503', async () => {
    using files = await testFiles();
    await using server = await startTestServer({ ...files, maxErrors: 20 });
    const client = await inTls(server);
    assert.match(await client.ask('AUTH'), /^504 5\.5\.4 /);
    assert.match(await client.ask('AUTH CRAM-MD5'), /^504 5\.5\.4 /);
    assert.match(await client.ask('AUTH PLAIN !'), /^501 5\.5\.2 /);
    assert.match(await client.ask('AUTH PLAIN ='), /^501 5\.5\.2 /);
    assert.match(await client.ask('AUTH PLAIN'), /^334 /);
    assert.match(await client.ask('*'), /^501 5\.5\.2 /);
    assert.match(await client.ask('AUTH LOGIN'), /^334 /);
    assert.match(await client.ask('a b'), /^501 5\.5\.2 /);
    assert.match(await client.ask('NOOP'), /^250 /);
    await client.ask('MAIL FROM:<a@b.test>');
    assert.match(await client.ask('AUTH LOGIN'), /^503 5\.5\.1 /);
  });

  it('a wrong password, an unknown user and acting for another are all 535 5.7.8, and late', async () => {
    using files = await testFiles();
    await using server = await startTestServer({ ...files });
    for (const answer of [
      WRONG,
      plainWord('nobody', 'secret'),
      plainWord('alice', 'secret', 'bob'),
      plainWord('', 'secret', 'alice'),
    ]) {
      const client = await inTls(server);
      assert.equal(
        await askLate(server, client, `AUTH PLAIN ${answer}`),
        '535 5.7.8 Wrong name or password\r\n',
      );
      assert.match(await client.ask('NOOP'), /^250 /);
      client.destroy();
    }
    assert.equal(server.counted.authFailures, 4);
    assert.deepEqual(new Set(server.counted.refused), new Set(['credentials']));
    assert.equal(server.submission.stats().authFailures, 4);
    assert.ok(!JSON.stringify(server.lines).includes('secret'));
  });

  it('a client with too many wrong passwords is sent away, over all its connections, for a while', async () => {
    using files = await testFiles();
    await using server = await startTestServer({ ...files, maxErrors: 100 });
    const client = await inTls(server);
    let last = '';
    for (let attempt = 0; attempt < 30 && !last.startsWith('421'); attempt += 1) {
      last = await askLate(server, client, `AUTH PLAIN ${WRONG}`);
    }
    assert.equal(last, '421 4.7.0 Too many wrong passwords from you\r\n');
    const other = await inTls(server);
    assert.match(await other.ask(`AUTH PLAIN ${RIGHT}`), /^421 4\.7\.0 /);
    await server.clock.advance(60_000);
    const later = await inTls(server);
    assert.match(await later.ask(`AUTH PLAIN ${RIGHT}`), /^235 /);
  });

  it('of many guesses at once no more are checked than may be wrong', async () => {
    using files = await testFiles();
    await using server = await startTestServer({ ...files });
    const clients = await Promise.all(Array.from({ length: 40 }, async () => await inTls(server)));
    for (const [at, client] of clients.entries()) {
      client.send(`AUTH PLAIN ${plainWord('alice', `guess ${at}`)}\r\n`);
    }
    while (server.counted.refused.length < clients.length) await server.clock.advance(0);
    await server.clock.advance(8_000);
    const replies = await Promise.all(clients.map(async (client) => await client.reply()));
    const codes = replies.map((reply) => reply.slice(0, 3));
    assert.equal(server.counted.authFailures, 10);
    assert.equal(codes.filter((code) => code === '535').length, 9);
    assert.equal(codes.filter((code) => code === '421').length, 31);
  });

  it('many sessions of one client with the right password are all let in', async () => {
    using files = await testFiles();
    await using server = await startTestServer({ ...files });
    const clients = await Promise.all(Array.from({ length: 40 }, async () => await inTls(server)));
    const replies = await Promise.all(
      clients.map(async (client) => await client.ask(`AUTH PLAIN ${RIGHT}`)),
    );
    assert.ok(replies.every((reply) => reply.startsWith('235 ')));
  });

  it('reads the users file again when it changed; one that is open to all is not used', async () => {
    using files = await testFiles();
    await using server = await startTestServer({ ...files });
    const client = await inTls(server);
    writeFileSync(
      files.usersFile,
      `# changed\n${userLine('carol', await hashPassword('new', TEST_COST))}\n`,
    );
    assert.match(await client.ask(`AUTH PLAIN ${plainWord('carol', 'new')}`), /^235 /);
    const gone = await inTls(server);
    assert.match(await askLate(server, gone, `AUTH PLAIN ${RIGHT}`), /^535 /);
    chmodSync(files.usersFile, 0o644);
    const refused = await inTls(server);
    assert.match(await refused.ask(`AUTH PLAIN ${plainWord('carol', 'new')}`), /^454 4\.7\.0 /);
    assert.ok(server.lines.some(({ fields }) => fields['code'] === 'RELAY_USERS_EXPOSED'));
    const reloaded = await server.submission.reload(server.settings);
    assert.equal(!reloaded.ok && reloaded.failure.code, 'RELAY_USERS_EXPOSED');
  });
});

function word(text: string): string {
  return Buffer.from(text).toString('base64');
}
