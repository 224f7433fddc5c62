import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import * as fc from 'fast-check';
import { createLabCa } from '../lab/pki/ca.ts';
import type { Outcome } from '../failure.ts';
import { mechanismsOf, withoutSecrets } from './auth.ts';
import { noCapabilities, readCapabilities } from './capabilities.ts';
import { dialogue, opening, openSession } from './dialogue.fixture.ts';
import type { Dialogue } from './dialogue.fixture.ts';
import type { Credentials, SmtpSession } from './types.ts';

const ca = createLabCa();
const certificate = ca.issue(['mx.example.test']);
const tls = { key: certificate.key, cert: certificate.chain };

const PASSWORD = 'pässword of ours';
const credentials: Credentials = { user: 'relay', password: () => PASSWORD };
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const PLAIN = base64(`\0relay\0${PASSWORD}`);

interface Authenticated {
  readonly outcome: Outcome<void>;
  readonly open: SmtpSession;
  readonly server: Dialogue['server'];
  readonly transcript: readonly string[];
}

/** AUTH inside TLS, with this dialogue behind the second EHLO. */
async function authInsideTls(
  t: TestContext,
  offer: string,
  script: string,
  who: Credentials = credentials,
): Promise<Authenticated> {
  const transcript: string[] = [];
  const { server, session } = await dialogue(
    t,
    `${opening('STARTTLS', 'AUTH GSSAPI')}
      C: STARTTLS
      S: 220 ready
      T:
      C: EHLO relay.example.test
      S: 250-mx.example.test
      S: 250-${offer}
      S: 250 SIZE
      ${script}`,
    { tls, onLine: (direction, line) => transcript.push(`${direction} ${line}`) },
  );
  const open = await session();
  const secured = await open.startTls({ servername: 'mx.example.test', ca: [ca.rootPem] });
  assert.ok(secured.ok);
  open.accept({ deliver: true });
  const outcome = await open.authenticate(who);
  return { outcome, open, server, transcript };
}

function codeOf(outcome: Outcome<void>): string {
  return outcome.ok ? 'ok' : outcome.failure.code;
}

function assertSecret({ outcome, transcript }: Authenticated, secret = PASSWORD): void {
  const told = [...transcript, outcome.ok ? '' : outcome.failure.detail].join('\n');
  for (const form of [secret, base64(secret), base64(`\0relay\0${secret}`)]) {
    assert.ok(!told.includes(form), `the password got out as ${form}`);
  }
}

describe('authenticate', () => {
  it('says PLAIN with its response, inside TLS, before MAIL, and never shows it', async (t) => {
    const played = await authInsideTls(
      t,
      'AUTH LOGIN PLAIN',
      `C: AUTH PLAIN ${PLAIN}
      S: 235 2.7.0 welcome
      C: MAIL FROM:<a@example.test> SIZE=3
      S: 250 ok
      C: *
      S: 250 ok
      C: DATA
      S: 354 go
      C: *
      C: .
      S: 250 2.0.0 taken`,
    );
    assert.equal(codeOf(played.outcome), 'ok');
    const [result] = await played.open.send(
      { from: 'a@example.test', recipients: [{ address: 'b@example.test' }], size: 3 },
      [Buffer.from('x\r\n')],
    );
    assert.equal(result?.status, 'delivered');
    await played.server.done;
    assertSecret(played);
    assert.ok(played.transcript.includes('sent AUTH PLAIN ***'));
  });

  it('gives its response again to a server that overlooked it', async (t) => {
    const played = await authInsideTls(
      t,
      'AUTH PLAIN',
      `C: AUTH PLAIN ${PLAIN}
      S: 334
      C: ${PLAIN}
      S: 235 welcome`,
    );
    assert.equal(codeOf(played.outcome), 'ok');
    assertSecret(played);
  });

  it('says a long response on a line of its own (RFC 4954 §4)', async (t) => {
    const long = 'p'.repeat(500);
    const played = await authInsideTls(
      t,
      'AUTH PLAIN',
      `C: AUTH PLAIN
      S: 334
      C: ${base64(`\0relay\0${long}`)}
      S: 235 welcome`,
      { user: 'relay', password: () => long },
    );
    assert.equal(codeOf(played.outcome), 'ok');
    assertSecret(played, long);
  });

  it('falls back to LOGIN where PLAIN is not offered, or not known after all', async (t) => {
    const login = `C: AUTH LOGIN
      S: 334 VXNlcm5hbWU6
      C: ${base64('relay')}
      S: 334 UGFzc3dvcmQ6
      C: ${base64(PASSWORD)}
      S: 235 welcome`;
    const offered = await authInsideTls(t, 'AUTH=LOGIN', login);
    assert.equal(codeOf(offered.outcome), 'ok');
    assertSecret(offered);
    const unknown = await authInsideTls(
      t,
      'AUTH PLAIN LOGIN',
      `C: AUTH PLAIN ${PLAIN}
      S: 504 5.5.4 no such mechanism
      ${login}`,
    );
    assert.equal(codeOf(unknown.outcome), 'ok');
    assertSecret(unknown);
  });

  it('a refused password is said once: no other mechanism, no message, only QUIT', async (t) => {
    const played = await authInsideTls(
      t,
      'AUTH PLAIN LOGIN',
      `C: AUTH PLAIN ${PLAIN}
      S: 535 5.7.8 bad credentials
      C: QUIT
      S: 221 bye
      E:`,
    );
    assert.ok(!played.outcome.ok);
    assert.equal(played.outcome.failure.code, 'ROUTE_AUTH_REFUSED');
    assert.match(played.outcome.failure.detail, /answered AUTH PLAIN with 535/);
    const [result] = await played.open.send(
      { from: '', recipients: [{ address: 'b@example.test' }] },
      [],
    );
    assert.equal(result?.status, 'deferred');
    await played.open.quit();
    await played.server.done;
  });

  const REPLIES: readonly (readonly [reply: string, code: string])[] = [
    ['454 4.7.0 directory down', 'ROUTE_AUTH_TEMPORARY'],
    ['432 4.7.12 change it', 'ROUTE_AUTH_TEMPORARY'],
    ['530 5.7.0 no', 'ROUTE_AUTH_REFUSED'],
    ['534 5.7.9 too weak', 'ROUTE_AUTH_REFUSED'],
    ['504 5.5.4 what', 'ROUTE_AUTH_REFUSED'],
    ['250 ok', 'ROUTE_AUTH_CONFUSED'],
    ['354 go', 'ROUTE_AUTH_CONFUSED'],
    ['421 4.3.2 closing', 'SMTP_SERVER_CLOSING'],
    ['what', 'SMTP_REPLY_MALFORMED'],
  ];
  for (const [reply, code] of REPLIES) {
    it(`"${reply}" is ${code}`, async (t) => {
      const script = `C: AUTH PLAIN ${PLAIN}\nS: ${reply}\n`;
      const { outcome } = await authInsideTls(t, 'AUTH PLAIN', script);
      assert.equal(codeOf(outcome), code);
    });
  }

  it('ends with * where the server asks without end', async (t) => {
    const played = await authInsideTls(
      t,
      'AUTH PLAIN',
      `C: AUTH PLAIN ${PLAIN}
      S: 334
      C: ${PLAIN}
      S: 334
      C: *
      S: 334
      E:`,
    );
    assert.equal(codeOf(played.outcome), 'ROUTE_AUTH_CONFUSED');
    await played.open.quit();
  });

  it('a server that repeats the password gets it into no transcript and no failure', async (t) => {
    for (const echo of [PASSWORD, PLAIN, base64(PASSWORD)]) {
      const played = await authInsideTls(
        t,
        'AUTH PLAIN',
        `C: AUTH PLAIN ${PLAIN}
        S: 535 not ${echo}`,
      );
      assert.equal(codeOf(played.outcome), 'ROUTE_AUTH_REFUSED');
      assertSecret(played);
      assert.match(played.outcome.ok ? '' : played.outcome.failure.detail, /repeats the password/);
    }
  });

  it('TLS-3207-4.2-1: an offer from before TLS is forgotten', async (t) => {
    const { outcome } = await authInsideTls(t, 'DSN', 'E:');
    assert.ok(!outcome.ok);
    assert.equal(outcome.failure.code, 'ROUTE_AUTH_NOT_OFFERED');
    assert.match(outcome.failure.detail, /offers no AUTH/);
  });

  it('mechanisms that are not ours are named', async (t) => {
    const { outcome } = await authInsideTls(t, 'AUTH GSSAPI cram-md5', 'E:');
    assert.ok(!outcome.ok);
    assert.match(outcome.failure.detail, /AUTH GSSAPI CRAM-MD5, neither PLAIN nor LOGIN/);
  });
});

describe('authenticate out of place', () => {
  it('never says a password in clear to another machine', async (t) => {
    // 0.0.0.0 leads to this machine and is no loopback address.
    const { open, server } = await openSession(t, `${opening('AUTH PLAIN LOGIN')}\nE:`, {
      address: '0.0.0.0',
    });
    assert.equal(codeOf(await open.authenticate(credentials)), 'ROUTE_AUTH_OUT_OF_PLACE');
    open.destroy();
    await server.done;
  });

  it('says it in clear to loopback', async (t) => {
    const script = `${opening('AUTH PLAIN')}
      C: AUTH PLAIN ${PLAIN}
      S: 235 ok`;
    const { open } = await openSession(t, script);
    assert.equal(codeOf(await open.authenticate(credentials)), 'ok');
    assert.equal(codeOf(await open.authenticate(credentials)), 'ROUTE_AUTH_OUT_OF_PLACE');
  });

  it('waits for the verdict', async (t) => {
    const { session } = await dialogue(t, opening('AUTH PLAIN'));
    const open = await session();
    assert.equal(codeOf(await open.authenticate(credentials)), 'ROUTE_AUTH_OUT_OF_PLACE');
    open.accept({ deliver: false });
    assert.equal(codeOf(await open.authenticate(credentials)), 'ROUTE_AUTH_OUT_OF_PLACE');
    open.destroy();
    assert.equal(codeOf(await open.authenticate(credentials)), 'SMTP_ABORTED');
  });
});

describe('mechanismsOf', () => {
  it('reads the keyword, whatever its case, and nothing after HELO', () => {
    const reply = { code: 250, lines: ['mx', 'auth plain Login x\u00e9'] };
    const inside = readCapabilities(reply, { insideTls: true });
    assert.deepEqual([...mechanismsOf(inside)], ['PLAIN', 'LOGIN']);
    assert.equal(mechanismsOf(noCapabilities(reply)).size, 0);
  });

  it('fuzz: takes any EHLO line', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const reply = { code: 250, lines: ['mx', `AUTH ${text}`] };
        const found = mechanismsOf(readCapabilities(reply, { insideTls: true }));
        for (const name of found) assert.match(name, /^[A-Z0-9_-]+$/);
      }),
    );
  });

  it('fuzz: no text with a secret gets out', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string({ minLength: 8 }), (a, b, secret) => {
        const shown = withoutSecrets(`535 ${a}${secret}${b}`, [secret]);
        assert.equal(shown, '535 and a text that repeats the password');
      }),
    );
  });
});
