import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { startTestServer, testFiles, type TestClient } from './submission.fixture.ts';

describe('TLS of the relay', () => {
  it('TLS-3207-2-1, TLS-3207-4-1: STARTTLS is offered, takes no argument, is answered 220, 501 or 454', async () => {
    using files = await testFiles();
    await using server = await startTestServer({ ...files });
    const client = server.connect();
    assert.match(await client.hello(), /^250[ -]STARTTLS\r$/m);
    assert.match(await client.ask('STARTTLS foo'), /^501 5\.5\.4 /);
    assert.match(await client.ask('STARTTLS'), /^220 2\.0\.0 /);

    await using bare = await startTestServer();
    const other = bare.connect();
    assert.doesNotMatch(await other.hello(), /STARTTLS/);
    assert.match(await other.ask('STARTTLS'), /^454 4\.7\.0 /);
  });

  it('TLS-3207-4.2-1: what was said before TLS is forgotten', async () => {
    using files = await testFiles();
    await using server = await startTestServer({ ...files });
    const client = server.connect();
    await client.hello('before.test');
    await client.ask('MAIL FROM:<before@b.test>');
    await client.startTls();
    assert.match(await client.ask('RCPT TO:<c@d.test>'), /^503 5\.5\.1 Say EHLO first/);
    assert.match(await client.ask('MAIL FROM:<a@b.test>'), /^503 5\.5\.1 Say EHLO first/);
    await client.ask('EHLO after.test');
    await client.ask('MAIL FROM:<a@b.test>');
    await client.ask('RCPT TO:<c@d.test>');
    await client.ask('DATA');
    await client.ask('x: y\r\n\r\n.');
    const { content } = server.queue.kept[0]!;
    assert.match(
      content,
      /^Received: from after\.test \(\[127\.0\.0\.1\]\)\r\n\tby relay\.test with ESMTPS id M1\r\n\tfor <c@d\.test>\r\n\ttls TLS_AES_256_GCM_SHA384 \(TLSv1\.3\);\r\n/,
    );
    assert.deepEqual(server.submission.stats().tlsVersions, { 'TLSv1.3': 1 });
  });

  it('TLS-3207-4.2-3: STARTTLS is neither offered nor taken inside TLS', async () => {
    using files = await testFiles();
    await using server = await startTestServer({ ...files });
    const client = server.connect();
    await client.hello();
    await client.startTls();
    assert.doesNotMatch(await client.ask('EHLO x'), /STARTTLS/);
    assert.match(await client.ask('STARTTLS'), /^503 5\.5\.1 /);
  });

  it('TLS-3207-R1: octets in clear behind STARTTLS end the session, with or without a handshake', async () => {
    using files = await testFiles();
    await using server = await startTestServer({ ...files });
    const pipelined = server.connect();
    await pipelined.hello();
    pipelined.send('STARTTLS\r\nMAIL FROM:<injected@b.test>\r\n');
    assert.match(await pipelined.rest(), /^554 5\.5\.0 [^\n]*\r\n$/);

    const late = server.connect();
    await late.hello();
    await late.ask('STARTTLS');
    late.send('MAIL FROM:<injected@b.test>\r\n');
    assert.doesNotMatch(await late.rest(), /\d{3} /);
    assert.equal(server.submission.stats().accepted, 0);
  });

  it('TLS-3207-4.1-1, TLS-3207-4.1-2: a client below TLS 1.2 gets no session', async () => {
    using files = await testFiles();
    await using server = await startTestServer({ ...files });
    const client = server.connect();
    await client.hello();
    await client.ask('STARTTLS');
    await assert.rejects(
      client.secure({
        minVersion: 'TLSv1',
        maxVersion: 'TLSv1.1',
        ciphers: 'DEFAULT@SECLEVEL=0',
      }),
    );
    assert.deepEqual(server.submission.stats().tlsVersions, {});
  });

  it('speaks TLS from the first octet on its own port', async () => {
    using files = await testFiles();
    await using server = await startTestServer({ ...files, listenTls: ['127.0.0.1:0'] });
    const client = server.connect(server.ports[1]);
    await client.secure();
    assert.match(await client.hello(), /^250[ -]REQUIRETLS\r$/m);
    assert.equal(server.submission.stats().secure, 1);
    assert.match(await client.ask('QUIT'), /^221 /);
  });

  it('a client that talks before the greeting inside TLS is sent away', async () => {
    using files = await testFiles();
    await using server = await startTestServer({
      ...files,
      listenTls: ['127.0.0.1:0'],
      trustedNetworks: [],
    });
    const client = server.connect(server.ports[1]);
    await client.secure();
    client.send('EHLO x\r\n');
    assert.match(await client.rest(), /^554 5\.5\.0 /);
  });

  it('a handshake that never ends is given up', async () => {
    using files = await testFiles();
    await using server = await startTestServer({ ...files, listenTls: ['127.0.0.1:0'] });
    const implicit = server.connect(server.ports[1]);
    while (server.clock.waiting === 0) await server.clock.advance(0);
    const starts = server.connect();
    await starts.hello();
    await starts.ask('STARTTLS');
    while (server.clock.waiting < 2) await server.clock.advance(0);
    await server.clock.advance(30_000);
    assert.equal(await implicit.rest(), '');
    assert.equal(await starts.rest(), '');
  });

  it('a new certificate counts from the next handshake on, a broken one keeps the old', async () => {
    using files = await testFiles();
    await using server = await startTestServer({ ...files });
    const first = await fingerprint(server.connect());
    assert.equal(await fingerprint(server.connect()), first);
    files.renew();
    const open = server.connect();
    await open.hello();
    assert.deepEqual(await server.submission.reload(server.settings), {
      ok: true,
      value: undefined,
    });
    assert.match(await open.ask('NOOP'), /^250 /);
    const second = await fingerprint(server.connect());
    assert.notEqual(second, first);
    writeFileSync(files.keyFile, 'nonsense');
    const refused = await server.submission.reload(server.settings);
    assert.equal(!refused.ok && refused.failure.code, 'RELAY_CERTIFICATE_INVALID');
    assert.ok(
      server.lines.some(({ level, message }) => level === 'error' && /stays/.test(message)),
    );
    assert.equal(await fingerprint(server.connect()), second);
  });
});

describe('REQUIRETLS at the door (RFC 8689)', () => {
  it('RT-2-1, RT-2-2: it is offered inside TLS only, without a parameter', async () => {
    using files = await testFiles();
    await using server = await startTestServer({ ...files });
    const client = server.connect();
    assert.doesNotMatch(await client.hello(), /REQUIRETLS/);
    await client.startTls();
    assert.match(await client.ask('EHLO x'), /^250[ -]REQUIRETLS\r$/m);
    assert.match(await client.ask('MAIL FROM:<a@b.test> REQUIRETLS=1'), /^501 5\.5\.4 /);
    assert.match(await client.ask('MAIL FROM:<a@b.test> REQUIRETLS'), /^250 /);
  });

  it('RT-4.1-R1: in clear it is refused with 5xx', async () => {
    await using server = await startTestServer();
    const client = server.connect();
    await client.hello();
    assert.match(await client.ask('MAIL FROM:<a@b.test> REQUIRETLS'), /^523 5\.7\.10 /);
    assert.deepEqual(server.counted.refused, ['require-tls']);
  });

  it('RT-4.1-1, RT-4.1-3, RT-4.3-1: it stays with the message, whatever its header says', async () => {
    using files = await testFiles();
    await using server = await startTestServer({ ...files, tlsRequiredNo: 'always' });
    const client = server.connect();
    await client.hello();
    await client.startTls();
    await client.ask('EHLO x');
    await client.ask('MAIL FROM:<a@b.test> REQUIRETLS');
    await client.ask('RCPT TO:<c@d.test>');
    await client.ask('DATA');
    await client.ask('TLS-Required: No\r\n\r\n.');
    const { message, content } = server.queue.kept[0]!;
    assert.equal(message.envelope.requireTls, true);
    assert.equal(message.tlsRequiredNo, false);
    assert.match(content, / with ESMTPS \(REQUIRETLS\) id M1\r\n/);
    assert.match(content, /\r\nTLS-Required: No\r\n/);
  });

  for (const [heed, expected] of [
    ['submission', false],
    ['always', true],
    ['never', false],
  ] as const) {
    it(`RT-4.1-2, RT-4.3-1: TLS-Required: No from a trusted network under tls_required_no: ${heed}`, async () => {
      await using server = await startTestServer({ tlsRequiredNo: heed });
      const client = server.connect();
      await client.toContent();
      await client.ask('Subject: x\r\ntls-required:\r\n nO\r\n\r\n.');
      assert.equal(server.queue.kept[0]!.message.tlsRequiredNo, expected);
    });
  }
});

async function fingerprint(client: TestClient): Promise<string> {
  await client.hello();
  await client.startTls();
  const { fingerprint256 } = (client.socket as TLSSocket).getPeerCertificate();
  await client.ask('QUIT');
  return fingerprint256;
}
