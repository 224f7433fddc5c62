import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { settle } from '../clock.fixture.ts';
import { createLabCa } from '../lab/pki/ca.ts';
import type { Outcome } from '../failure.ts';
import type { PeerTls } from '../tls/types.ts';
import { dialogue, opening } from './dialogue.fixture.ts';
import type { Dialogue } from './dialogue.fixture.ts';
import type { ScriptTls } from './script-server.fixture.ts';
import type { SmtpSession, StartTlsOptions } from './types.ts';

const ca = createLabCa();
const certificate = ca.issue(['mx.example.test']);
const tls: ScriptTls = { key: certificate.key, cert: certificate.chain };
const upgradeOptions = { servername: 'mx.example.test', ca: [ca.rootPem] };
const offering = opening('STARTTLS', 'SIZE 10', 'PIPELINING');

async function tryStartTls(
  t: TestContext,
  script: string,
  options: Partial<StartTlsOptions> & { readonly tls?: ScriptTls } = {},
): Promise<Dialogue & { readonly outcome: Outcome<PeerTls>; readonly open: SmtpSession }> {
  const { tls: server = tls, ...upgrade } = options;
  const started = await dialogue(t, script, { tls: server });
  const open = await started.session();
  const outcome = await open.startTls({ ...upgradeOptions, ...upgrade });
  return { ...started, outcome, open };
}

function verdictOf(outcome: Outcome<unknown>): string {
  return outcome.ok ? 'ok' : `${outcome.failure.code} ${outcome.failure.resultType ?? '-'}`;
}

/** Whatever came of STARTTLS: no message, no byte of an envelope. */
async function assertNothingLeaves({
  open,
  server,
}: { open: SmtpSession } & Dialogue): Promise<void> {
  open.accept({ deliver: true });
  const results = await open.send(
    { from: 'a@example.test', recipients: [{ address: 'b@example.test' }] },
    [Buffer.from('secret')],
  );
  await settle();
  assert.deepEqual(
    results.map(({ status }) => status),
    ['deferred'],
  );
  assert.equal(open.usable, false);
  assert.doesNotMatch(server.raw().toString('latin1'), /MAIL|RCPT|DATA|BDAT|secret/);
}

describe('startTls', () => {
  it('TLS-3207-4.2-1, TLS-3207-4.2-2: forgets the first EHLO and says another inside TLS', async (t) => {
    const { outcome, open, server } = await tryStartTls(
      t,
      `${offering}
      C: STARTTLS
      S: 220 ready
      T:
      C: EHLO relay.example.test
      S: 250-mx.example.test
      S: 250 DSN
      C: QUIT
      S: 221 bye
      E:`,
    );
    assert.ok(outcome.ok);
    assert.equal(outcome.value.pkix.trusted, true);
    assert.equal(open.peer?.servername, 'mx.example.test');
    assert.deepEqual([...open.capabilities.keywords.keys()], ['DSN']);
    assert.equal(open.capabilities.size, undefined);
    assert.equal(open.capabilities.pipelining, false);
    await open.quit();
    await server.done;
  });

  it('TLS-3207-4.2-3: an offer of STARTTLS inside TLS is ignored, and a second one impossible', async (t) => {
    const { outcome, open } = await tryStartTls(
      t,
      `${offering}
      C: STARTTLS
      S: 220 ready
      T:
      C: EHLO relay.example.test
      S: 250-mx.example.test
      S: 250 STARTTLS
      E:`,
    );
    assert.ok(outcome.ok);
    assert.equal(open.capabilities.startTls, false);
    assert.equal(verdictOf(await open.startTls(upgradeOptions)), 'SMTP_STARTTLS_OUT_OF_PLACE -');
  });

  it('TLS-3207-4-5: writes nothing behind STARTTLS before 220', async (t) => {
    const { session, server } = await dialogue(t, `${offering}\nC: STARTTLS\nZ:`);
    const open = await session();
    const outcome = open.startTls(upgradeOptions);
    await server.done;
    await settle();
    assert.equal(server.raw().toString(), 'EHLO relay.example.test\r\nSTARTTLS\r\n');
    open.destroy();
    assert.equal(verdictOf(await outcome), 'SMTP_ABORTED -');
  });

  it('TLS-3207-4.1-1, TLS-3207-4.1-2: judges right after the handshake, says QUIT and closes', async (t) => {
    const seen: PeerTls[] = [];
    const result = await tryStartTls(
      t,
      `${offering}
      C: STARTTLS
      S: 220 ready
      T:
      C: QUIT
      E:`,
      {
        judge(peer) {
          seen.push(peer);
          return false;
        },
      },
    );
    assert.equal(verdictOf(result.outcome), 'SMTP_PEER_REFUSED -');
    assert.equal(seen.length, 1);
    await result.server.done;
    assert.equal(result.open.usable, false);
  });

  const refusals: readonly (readonly [string, string, string])[] = [
    ['454', 'S: 454 4.7.0 TLS not available', 'SMTP_STARTTLS_REFUSED starttls-not-supported'],
    ['501', 'S: 501 5.5.4 syntax', 'SMTP_STARTTLS_REFUSED starttls-not-supported'],
    ['502', 'S: 502 not implemented', 'SMTP_STARTTLS_REFUSED starttls-not-supported'],
    ['250', 'S: 250 sure', 'SMTP_STARTTLS_REFUSED starttls-not-supported'],
    ['421', 'S: 421 closing', 'SMTP_STARTTLS_REFUSED starttls-not-supported'],
    ['a hang-up', 'X:', 'SMTP_CONNECTION_LOST validation-failure'],
    ['a reset', 'R:', 'SMTP_CONNECTION_LOST validation-failure'],
    ['garbage', 'S: HTTP/1.1 400', 'SMTP_REPLY_MALFORMED validation-failure'],
  ];
  for (const [name, reply, expected] of refusals) {
    it(`STS-5-R1, TLS-3207-4-1: ${name} to STARTTLS: failed TLS, never clear text`, async (t) => {
      const result = await tryStartTls(t, `${offering}\nC: STARTTLS\n${reply}`);
      assert.equal(verdictOf(result.outcome), expected);
      await assertNothingLeaves(result);
    });
  }

  it('STS-5-R1: not offered: says QUIT and closes', async (t) => {
    const result = await tryStartTls(t, `${opening('SIZE')}\nC: QUIT\nE:`);
    assert.equal(verdictOf(result.outcome), 'SMTP_STARTTLS_NOT_OFFERED starttls-not-supported');
    await result.server.done;
    await assertNothingLeaves(result);
  });

  it('STS-5-R1, TLS-3207-4-2: a handshake that fails closes the connection', async (t) => {
    for (const end of ['S: 250 this is no TLS', 'X:', 'R:']) {
      const result = await tryStartTls(
        t,
        // The client hello is what the script hears next; it has no line end, so it just waits.
        `${offering}\nC: STARTTLS\nS: 220 ready\nT:\n${end}`,
        { tls: { ...tls, minVersion: 'TLSv1', maxVersion: 'TLSv1.1' } },
      );
      assert.ok(!result.outcome.ok);
      assert.equal(result.outcome.failure.resultType, 'validation-failure');
      await assertNothingLeaves(result);
    }
  });

  for (const [name, injected] of [
    ['a whole reply', 'S: 220 ready\nS: 250 injected'],
    ['half a reply', 'S: 220 ready\nS\\: 250'],
    ['one octet', 'S: 220 ready\nS\\: x'],
    ['garbage', 'S: 220 ready\nS: <html>'],
  ] as const) {
    it(`TLS-3207-R1: ${name} behind the 220 ends the session`, async (t) => {
      const result = await tryStartTls(t, `${offering}\nC: STARTTLS\n${injected}\nE:`);
      assert.equal(verdictOf(result.outcome), 'SMTP_STARTTLS_INJECTION validation-failure');
      await result.server.done;
      await assertNothingLeaves(result);
    });
  }

  it('TLS-3207-R1: a 220 that came before STARTTLS was said is no answer to it', async (t) => {
    const result = await tryStartTls(t, `${offering}\nS: 220 ready, and early\nE:`);
    assert.equal(verdictOf(result.outcome), 'SMTP_REPLY_UNSOLICITED validation-failure');
    await result.server.done;
    await assertNothingLeaves(result);
  });

  it('EHLO refused inside TLS: no HELO, no session', async (t) => {
    const result = await tryStartTls(
      t,
      `${offering}
      C: STARTTLS
      S: 220 ready
      T:
      C: EHLO relay.example.test
      S: 502 no
      C: QUIT
      E:`,
    );
    assert.equal(verdictOf(result.outcome), 'SMTP_EHLO_REFUSED -');
    await result.server.done;
    await assertNothingLeaves(result);
  });

  it('a demand for a client certificate shows after the handshake and is a TLS failure', async (t) => {
    const result = await tryStartTls(
      t,
      `${offering}
      C: STARTTLS
      S: 220 ready
      T:
      C: EHLO relay.example.test
      S: 250 mx`,
      { tls: { ...tls, requestCert: true, ca: ca.rootPem } },
    );
    assert.equal(verdictOf(result.outcome), 'TLS_CLIENT_CERTIFICATE_REQUIRED validation-failure');
  });

  it('SMTP-4.5.3.2-1: bounds the wait for the reply to STARTTLS', async (t) => {
    const { session, clock } = await dialogue(t, `${offering}\nC: STARTTLS\nZ:`);
    const open = await session();
    const outcome = open.startTls(upgradeOptions);
    await settle();
    await clock.advance(2 * 60_000);
    assert.equal(verdictOf(await outcome), 'SMTP_TIMEOUT validation-failure');
  });

  it('destroy ends a handshake that is under way', async (t) => {
    const { session, server } = await dialogue(t, `${offering}\nC: STARTTLS\nS: 220 ready\nC: *`);
    const open = await session();
    const outcome = open.startTls(upgradeOptions);
    while (!/STARTTLS\r\n./s.test(server.raw().toString('latin1'))) await settle();
    open.destroy();
    assert.equal(verdictOf(await outcome), 'TLS_HANDSHAKE_CLOSED validation-failure');
    assert.equal(open.usable, false);
  });

  it('a verdict from before TLS does not count after it', async (t) => {
    const { session, server } = await dialogue(
      t,
      `${offering}
      C: STARTTLS
      S: 220 ready
      T:
      C: EHLO relay.example.test
      S: 250 mx
      E:`,
      { tls },
    );
    const open = await session();
    open.accept({ deliver: true });
    assert.ok((await open.startTls(upgradeOptions)).ok);
    const [result] = await open.send({ from: '', recipients: [{ address: 'b@example.test' }] }, []);
    assert.ok(result?.status === 'deferred');
    assert.equal(result.failure.code, 'SMTP_VERDICT_MISSING');
    open.destroy();
    await server.done;
  });
});
