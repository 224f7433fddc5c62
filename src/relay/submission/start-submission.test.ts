import assert from 'node:assert/strict';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { RelaySettings } from '../../config/types.ts';
import { startTestServer, testFiles, type Line, type TestServer } from './submission.fixture.ts';
import { SubmissionRefused } from './types.ts';

async function codeOf(change: Partial<RelaySettings>): Promise<string> {
  try {
    await using server = await startTestServer(change);
    return server.ports.join();
  } catch (error) {
    assert.ok(error instanceof SubmissionRefused, String(error));
    return error.failure.code;
  }
}

describe('starting the server for messages', () => {
  it('an open relay does not start, unless nobody else can reach it', async () => {
    const listen = ['0.0.0.0:0'];
    assert.equal(await codeOf({ listen, trustedNetworks: ['0.0.0.0/0'] }), 'RELAY_OPEN');
    assert.match(await codeOf({ trustedNetworks: ['0.0.0.0/0'] }), /^\d+$/);
  });

  it('files that cannot be used stop the start', async () => {
    using files = await testFiles();
    const { certFile, keyFile, usersFile } = files;
    assert.equal(await codeOf({ certFile }), 'RELAY_CERTIFICATE_INVALID');
    assert.equal(await codeOf({ certFile, keyFile: '/nowhere' }), 'RELAY_CERTIFICATE_INVALID');
    assert.equal(await codeOf({ certFile, keyFile: certFile }), 'RELAY_CERTIFICATE_INVALID');
    assert.equal(await codeOf({ usersFile: '/nowhere' }), 'RELAY_USERS_UNREADABLE');
    assert.equal(await codeOf({ usersFile: keyFile }), 'RELAY_USERS_EXPOSED');
    chmodSync(keyFile, 0o600);
    assert.equal(await codeOf({ usersFile: keyFile }), 'RELAY_USERS_INVALID');
    assert.match(await codeOf({ usersFile, certFile, keyFile }), /^\d+$/);
    assert.equal(await codeOf({ listenTls: ['127.0.0.1:0'] }), 'RELAY_TLS_WITHOUT_CERTIFICATE');
  });

  it('says what is wrong with a certificate, its key, or a users file that is not there', async () => {
    using files = await testFiles();
    using others = await testFiles();
    const { certFile, keyFile } = files;
    const cert = readFileSync(certFile, 'utf8');
    const key = readFileSync(keyFile, 'utf8');
    const detail = async (change: Partial<RelaySettings>): Promise<string> => {
      const { promise, resolve } = Promise.withResolvers<string>();
      void startTestServer(change).catch((error: SubmissionRefused) => {
        resolve(error.failure.detail);
      });
      return await promise;
    };
    assert.match(await detail({ certFile, keyFile: others.keyFile }), /are no pair/);
    writeFileSync(certFile, cert.slice(0, 200));
    assert.match(await detail({ certFile, keyFile }), /cert\.pem is damaged.*PEM certificate/);
    writeFileSync(certFile, cert + cert.slice(0, 200));
    assert.match(await detail({ certFile, keyFile }), /cert\.pem is damaged/);
    writeFileSync(certFile, cert);
    writeFileSync(keyFile, key.slice(0, 100));
    assert.match(await detail({ certFile, keyFile }), /key\.pem is damaged.*private key/);
    const missing = await detail({ usersFile: '/nowhere' });
    assert.match(missing, /smtp-sts user add NAME --file \/nowhere/);
  });

  it('an address that is taken stops the start, and the others are let go', async () => {
    await using first = await startTestServer();
    const taken = `127.0.0.1:${first.ports[0]!}`;
    assert.equal(await codeOf({ listen: ['127.0.0.1:0', taken] }), 'RELAY_LISTEN_FAILED');
    const lines: Line[] = [];
    await assert.rejects(
      startTestServer({ listen: ['127.0.0.1:0', taken] }, {}, lines),
      /RELAY_LISTEN_FAILED/,
    );
    assert.deepEqual(lines, [], 'it is said once, by who refuses the start');
  });

  it('listens on IPv6 too', async () => {
    await using server = await startTestServer({ listen: ['127.0.0.1:0', '[::1]:0'] });
    assert.match(server.submission.addresses[1]!, /^\[::1\]:\d+$/);
  });

  it('warns where nobody could send, and where AUTH can never be offered', async () => {
    using files = await testFiles();
    await using far = await startTestServer({ listen: ['0.0.0.0:0'] });
    assert.ok(far.lines.some(({ fields }) => fields['event'] === 'relay-for-nobody'));
    await using open = await startTestServer({
      listen: ['0.0.0.0:0'],
      trustedNetworks: ['10.0.0.0/8'],
    });
    assert.ok(!open.lines.some(({ fields }) => fields['event'] === 'relay-for-nobody'));
    await using clear = await startTestServer({ usersFile: files.usersFile });
    assert.ok(clear.lines.some(({ fields }) => fields['event'] === 'auth-without-tls'));
  });

  it('warns where a loopback listener trusts the outside: a local proxy would open it to all', async () => {
    const isWarned = ({ lines }: TestServer): boolean =>
      lines.some(
        ({ level, fields }) => level === 'warn' && fields['event'] === 'loopback-trusts-outside',
      );
    await using wide = await startTestServer({ trustedNetworks: ['127.0.0.0/8', '0.0.0.0/0'] });
    assert.ok(isWarned(wide));
    await using own = await startTestServer({ trustedNetworks: ['127.0.0.0/8', '10.0.0.0/8'] });
    assert.ok(!isWarned(own));
    await own.submission.reload({ ...own.settings, trustedNetworks: ['192.0.2.0/24'] });
    assert.ok(isWarned(own));
    await using far = await startTestServer({
      listen: ['0.0.0.0:0', '127.0.0.1:0'],
      trustedNetworks: ['192.0.2.0/24'],
    });
    assert.ok(!isWarned(far));
  });

  it('a reload changes limits of open sessions, and is all or nothing', async () => {
    await using server = await startTestServer();
    const client = server.connect();
    await client.hello();
    const smaller = { ...server.settings, maxMessageBytes: 100 };
    assert.equal((await server.submission.reload(smaller)).ok, true);
    assert.match(await client.ask('MAIL FROM:<a@b.test> SIZE=101'), /^552 /);
    const broken = { ...server.settings, usersFile: '/nowhere' };
    assert.equal((await server.submission.reload(broken)).ok, false);
    assert.match(await client.ask('MAIL FROM:<a@b.test> SIZE=101'), /^552 /);
    const moved = { ...smaller, listen: ['127.0.0.1:1'] };
    assert.equal((await server.submission.reload(moved)).ok, true);
    assert.ok(server.lines.some(({ fields }) => fields['event'] === 'listen-unchanged'));
  });
});
