import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
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

const STRANGERS = { trustedNetworks: ['10.0.0.0/8'] };

async function logIn(server: TestServer, user: string, password: string): Promise<TestClient> {
  const client = server.connect();
  while (server.clock.waiting === 0) await server.clock.advance(0);
  await server.clock.advance(100);
  await client.hello();
  await client.startTls();
  await client.ask('EHLO x');
  assert.match(await client.ask(`AUTH PLAIN ${plainWord(user, password)}`), /^235 /);
  return client;
}

async function send(client: TestClient): Promise<string> {
  await client.ask('MAIL FROM:<a@b.test>');
  const told = await client.ask('RCPT TO:<c@d.test>');
  if (!told.startsWith('250')) {
    await client.ask('RSET');
    return told;
  }
  await client.ask('DATA');
  return await client.ask('x: y\r\n\r\n.');
}

/** Keeps only users whose line matches. */
function keepUsers(file: string, wanted: RegExp, ...more: readonly string[]): void {
  const lines = readFileSync(file, 'utf8').split('\n');
  writeFileSync(file, [...lines.filter((line) => wanted.test(line)), ...more, ''].join('\n'));
}

describe('at the next MAIL the rules in force count', () => {
  it('a user who was taken out of the file is sent away, the others stay', async () => {
    using files = await testFiles();
    await using server = await startTestServer({ ...files, ...STRANGERS });
    const alice = await logIn(server, 'alice', 'secret');
    const bob = await logIn(server, 'bob', 'geheim');
    assert.match(await send(alice), /^250 /);
    keepUsers(files.usersFile, /^bob /);
    assert.ok((await server.submission.reload(server.settings)).ok);
    assert.match(await alice.ask('NOOP'), /^250 /);
    assert.match(await alice.ask('MAIL FROM:<a@b.test>'), /^421 4\.7\.0 /);
    await alice.rest();
    assert.match(await send(bob), /^250 /);
    assert.deepEqual(server.counted.refused, ['credentials']);
  });

  it('a new password ends what was begun with the old one', async () => {
    using files = await testFiles();
    await using server = await startTestServer({ ...files, ...STRANGERS });
    const alice = await logIn(server, 'alice', 'secret');
    keepUsers(files.usersFile, /^bob /, userLine('alice', await hashPassword('new', TEST_COST)));
    assert.ok((await server.submission.reload(server.settings)).ok);
    assert.match(await alice.ask('MAIL FROM:<a@b.test>'), /^421 4\.7\.0 /);
    assert.match(await send(await logIn(server, 'alice', 'new')), /^250 /);
  });

  it('without a users file nobody is a user any more', async () => {
    using files = await testFiles();
    await using server = await startTestServer({ ...files, ...STRANGERS });
    const alice = await logIn(server, 'alice', 'secret');
    const without = { ...server.settings, usersFile: undefined };
    assert.ok((await server.submission.reload(without)).ok);
    assert.match(await alice.ask('MAIL FROM:<a@b.test>'), /^421 4\.7\.0 /);
  });

  it('a file that cannot be read changes nothing', async () => {
    using files = await testFiles();
    await using server = await startTestServer({ ...files, ...STRANGERS });
    const alice = await logIn(server, 'alice', 'secret');
    writeFileSync(files.usersFile, 'nonsense\n');
    assert.ok(!(await server.submission.reload(server.settings)).ok);
    assert.match(await send(alice), /^250 /);
  });

  it('a network that is trusted no more is a stranger, one that is trusted now is none', async () => {
    await using server = await startTestServer();
    const client = server.connect();
    await client.hello();
    assert.match(await send(client), /^250 /);
    assert.ok((await server.submission.reload({ ...server.settings, ...STRANGERS })).ok);
    assert.match(await send(client), /^550 5\.7\.1 /);
    assert.ok((await server.submission.reload(server.settings)).ok);
    assert.match(await send(client), /^250 /);
  });

  it('a message under way is taken to its end', async () => {
    using files = await testFiles();
    await using server = await startTestServer({ ...files, ...STRANGERS });
    const alice = await logIn(server, 'alice', 'secret');
    await alice.ask('MAIL FROM:<a@b.test>');
    await alice.ask('RCPT TO:<c@d.test>');
    await alice.ask('DATA');
    keepUsers(files.usersFile, /^bob /);
    assert.ok((await server.submission.reload(server.settings)).ok);
    assert.match(await alice.ask('x: y\r\n\r\n.'), /^250 /);
    assert.match(await alice.ask('MAIL FROM:<a@b.test>'), /^421 4\.7\.0 /);
  });
});
