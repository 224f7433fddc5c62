import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { DEFAULT_CIPHERS, TLSSocket, type TlsOptions } from 'node:tls';
import { systemClock } from '../clock.ts';
import type { Failure } from '../failure.ts';
import { createAuthority, createLabCa, issueLeaf } from '../lab/pki/ca.ts';
import type { CertificateKind, LabCertificate } from '../lab/types.ts';
import { handshake } from './handshake.ts';
import { matchIdentity } from './identity.ts';
import { startTcpServer, startTlsServer } from './loopback-server.fixture.ts';
import {
  connected,
  failureOf,
  HOST,
  meet as meetAny,
  meetServer as meetAnyServer,
  serving,
} from './meet.fixture.ts';

const clock = systemClock;
const ca = createLabCa();
const trusted = { ca: [ca.rootPem] };
const meet: typeof meetAny = (port, options) => meetAny(port, { ...trusted, ...options });
const meetServer: typeof meetAnyServer = (server, options) =>
  meetAnyServer(server, { ...trusted, ...options });

describe('handshake: certificates', () => {
  const verdict = async (kind: CertificateKind): Promise<Failure | undefined> =>
    failureOf(await meetServer(serving(ca.issue([HOST], kind))));

  it('STS-4.2-1, STS-3.3-1: a certificate out of its time is not trusted', async () => {
    const expired = await verdict('expired');
    assert.equal(expired?.code, 'TLS_CERTIFICATE_EXPIRED');
    assert.equal(expired?.resultType, 'certificate-expired');
    const early = await verdict('not-yet-valid');
    assert.equal(early?.code, 'TLS_CERTIFICATE_NOT_YET_VALID');
    assert.equal(early?.resultType, 'certificate-not-trusted');
    assert.equal(early?.reasonCode, 'CERT_NOT_YET_VALID');
  });

  it('STS-4.2-2, STS-3.3-1: the chain must lead to a trusted root', async () => {
    const codes: Readonly<Partial<Record<CertificateKind, string>>> = {
      'self-signed': 'TLS_CERTIFICATE_SELF_SIGNED',
      'untrusted-ca': 'TLS_CERTIFICATE_ISSUER_UNKNOWN',
      'missing-intermediate': 'TLS_CERTIFICATE_ISSUER_UNKNOWN',
    };
    for (const [kind, code] of Object.entries(codes)) {
      const failure = await verdict(kind as CertificateKind);
      assert.equal(failure?.code, code, kind);
      assert.equal(failure?.resultType, 'certificate-not-trusted', kind);
    }
    assert.equal(await verdict('valid'), undefined);
  });

  it('STS-4.2-2: an unknown root that is sent along is not trusted for that', async () => {
    const stranger = createAuthority({ name: 'Stranger' });
    const leaf = issueLeaf({ names: [HOST], issuer: stranger, with: [stranger.der] });
    const failure = failureOf(await meetServer(serving(leaf)));
    assert.equal(failure?.code, 'TLS_CERTIFICATE_ROOT_UNTRUSTED');
    assert.equal(failure?.reasonCode, 'SELF_SIGNED_CERT_IN_CHAIN');
  });

  it('STS-4.2-1: an expired intermediate counts like an expired leaf', async () => {
    const root = createAuthority({ name: 'Root' });
    const old = createAuthority({ name: 'Old', issuer: root, validTo: clock.now() - 1000 });
    const leaf = issueLeaf({ names: [HOST], issuer: old, with: [old.der] });
    const failure = failureOf(await meetServer(serving(leaf), { ca: [root.pem] }));
    assert.equal(failure?.resultType, 'certificate-expired');
  });

  it('STS-4.2-2: purpose, path length and name constraints are part of trust', async () => {
    const root = createAuthority({
      name: 'Root',
      pathLength: 0,
      nameConstraints: { permitted: ['example.test'] },
    });
    const below = createAuthority({ name: 'Below', issuer: root });
    const cases: readonly (readonly [LabCertificate, string, string])[] = [
      [
        issueLeaf({ names: [HOST], issuer: root, purpose: 'clientAuth' }),
        'TLS_CERTIFICATE_PURPOSE',
        'INVALID_PURPOSE',
      ],
      [
        issueLeaf({ names: [HOST], issuer: below, with: [below.der] }),
        'TLS_CERTIFICATE_CHAIN_INVALID',
        'PATH_LENGTH_EXCEEDED',
      ],
      [
        issueLeaf({ names: ['mx.other.test'], issuer: root }),
        'TLS_CERTIFICATE_UNVERIFIED',
        'UNSPECIFIED',
      ],
    ];
    for (const [certificate, code, reason] of cases) {
      const failure = failureOf(await meetServer(serving(certificate), { ca: [root.pem] }));
      assert.equal(failure?.code, code);
      assert.equal(failure?.reasonCode, reason);
      assert.equal(failure?.resultType, 'certificate-not-trusted');
    }
  });

  it('STS-4.2-3, STS-3.3-2: trust says nothing of names: that is for the identity check', async () => {
    for (const kind of ['wrong-name', 'cn-only', 'partial-wildcard'] as const) {
      const outcome = await meetServer(serving(ca.issue([HOST], kind)));
      assert.equal(failureOf(outcome), undefined, kind);
      assert.ok(outcome.ok);
      assert.equal(matchIdentity(outcome.value.peer.chain[0]!, [HOST]), undefined, kind);
    }
  });

  it('the given list replaces the built-in one, also when it is empty', async () => {
    const leaf = ca.issue([HOST]);
    const empty = failureOf(await meetServer(serving(leaf), { ca: [] }));
    assert.equal(empty?.code, 'TLS_CERTIFICATE_ISSUER_UNKNOWN');
    const socket = await startTlsServer(serving(leaf));
    const plain = await connected(socket.port);
    const builtIn = await handshake(plain, { servername: HOST, clock });
    assert.equal(failureOf(builtIn)?.resultType, 'certificate-not-trusted');
    if (builtIn.ok) builtIn.value.socket.destroy();
    await socket.close();
  });
});

/** A server that says which SNI name it saw; `false` for none. */
function tellServername(socket: TLSSocket): void {
  const { servername } = socket as { readonly servername?: string | false | null };
  socket.end(String(servername));
}

describe('handshake: what is seen', () => {
  it('shows the chain as sent, in wire order, strays included', async () => {
    const stray = createAuthority({ name: 'Stray' });
    const root = createAuthority({ name: 'Root' });
    const middle = createAuthority({ name: 'Middle', issuer: root });
    const order = [stray.der, root.der, middle.der];
    const leaf = issueLeaf({ names: [HOST], issuer: middle, with: order });
    const outcome = await meetServer(serving(leaf));
    assert.ok(outcome.ok);
    const seen = outcome.value.peer.chain.map((certificate) => new Uint8Array(certificate.raw));
    assert.deepEqual(seen, [leaf.der, ...order]);
  });

  it('STS-7.1-1, STS-7.1-4: SNI is the name that was given, without trailing dot, as A-labels', async () => {
    const running = await startTlsServer(serving(ca.issue([HOST])), tellServername);
    const sent: Readonly<Record<string, string>> = {
      'mta-sts.example.test': 'mta-sts.example.test',
      'MX1.Example.TEST.': 'mx1.example.test',
      'mx.bücher.test': 'mx.xn--bcher-kva.test',
    };
    for (const [servername, expected] of Object.entries(sent)) {
      const outcome = await meet(running.port, { servername });
      assert.ok(outcome.ok);
      assert.equal(outcome.value.peer.servername, expected);
      const [said] = (await once(outcome.value.socket, 'data')) as [Buffer];
      assert.equal(said.toString(), expected);
      outcome.value.socket.destroy();
    }
    await running.close();
  });

  it('sends no SNI for an address or without a name', async () => {
    const running = await startTlsServer(serving(ca.issue(['127.0.0.1'])), tellServername);
    for (const servername of [undefined, '127.0.0.1', '2001:db8::1']) {
      const outcome = await meet(running.port, { servername });
      assert.ok(outcome.ok);
      assert.equal(outcome.value.peer.servername, undefined);
      assert.ok(outcome.value.peer.pkix.trusted);
      const [said] = (await once(outcome.value.socket, 'data')) as [Buffer];
      assert.equal(said.toString(), 'false');
      outcome.value.socket.destroy();
    }
    await running.close();
  });

  it('STS-7.1-2: a server may choose its certificate by SNI', async () => {
    const fallback = ca.issue(['fallback.test']);
    const running = await startTlsServer(serving(fallback));
    const other = await meet(running.port, { servername: 'unknown.test' });
    assert.ok(other.ok);
    assert.equal(matchIdentity(other.value.peer.chain[0]!, ['fallback.test']), 'fallback.test');
    other.value.socket.destroy();
    await running.close();
  });

  it('never resumes a session: every connection shows its chain', async () => {
    const resumed: boolean[] = [];
    const running = await startTlsServer(serving(ca.issue([HOST])), (socket) => {
      resumed.push(socket.isSessionReused());
      socket.end('ticket');
    });
    for (let round = 0; round < 3; round += 1) {
      const outcome = await meet(running.port);
      assert.ok(outcome.ok);
      await once(outcome.value.socket.resume(), 'end');
      assert.equal(outcome.value.peer.chain.length, 2);
      outcome.value.socket.destroy();
    }
    assert.deepEqual(resumed, [false, false, false]);
    await running.close();
  });

  it('upgrades a connection on which clear text was spoken', async () => {
    const { key, chain } = ca.issue([HOST]);
    const running = await startTcpServer((socket) => {
      socket.once('data', () => {
        socket.write('220 go ahead\r\n');
        const secure = new TLSSocket(socket, { isServer: true, key, cert: chain });
        secure.on('error', () => {});
        secure.end('inside');
      });
    });
    const socket = await connected(running.port);
    socket.write('STARTTLS\r\n');
    await once(socket, 'readable');
    assert.match(String(socket.read()), /^220/);
    const outcome = await handshake(socket, { servername: HOST, clock, ca: [ca.rootPem] });
    assert.ok(outcome.ok);
    const [inside] = (await once(outcome.value.socket, 'data')) as [Buffer];
    assert.equal(inside.toString(), 'inside');
    outcome.value.socket.destroy();
    await running.close();
  });
});

describe('handshake: versions and suites', () => {
  const good = serving(ca.issue([HOST]));
  const old: TlsOptions = {
    ...good,
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
    ciphers: 'DEFAULT:@SECLEVEL=0',
  };

  it('STS-7.2-1, TLS-9325-1: TLS 1.2 and 1.3 are spoken, 1.3 if there is a choice', async () => {
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const outcome = await meetServer({ ...good, minVersion: 'TLSv1.2', maxVersion });
      assert.equal(outcome.ok ? outcome.value.peer.protocol : '', maxVersion);
    }
  });

  it('STS-7.2-1, TLS-9325-1: TLS 1.1 is not spoken', async () => {
    const failure = failureOf(await meetServer(old));
    assert.equal(failure?.code, 'TLS_VERSION_TOO_OLD');
    assert.equal(failure?.resultType, 'validation-failure');
  });

  it('TLS-9325-1: a lower floor can be allowed, for opportunistic TLS', async () => {
    const outcome = await meetServer(old, { minVersion: 'TLSv1' });
    assert.equal(outcome.ok ? outcome.value.peer.protocol : '', 'TLSv1.1');
  });

  it('a higher floor can be asked for', async () => {
    const outcome = await meetServer({ ...good, maxVersion: 'TLSv1.2' }, { minVersion: 'TLSv1.3' });
    assert.equal(failureOf(outcome)?.code, 'TLS_VERSION_TOO_OLD');
  });

  it('STS-7.2-2, DANE-7672-8.2-1: no suite on offer is anonymous, null, export, RC4, DES or 3DES', async () => {
    const offered = (await clientHello()).suites;
    assert.ok(offered.includes(0x1301), 'TLS 1.3 suites are on offer');
    assert.ok(offered.includes(0xc02f), 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 is on offer');
    // 0x0000 to 0x001b: null, export, RC4, DES, 3DES, anonymous; the others likewise by the registry.
    const weak = [0x34, 0x3a, 0x46, 0x6c, 0x6d, 0x89, 0xa6, 0xa7, 0xc008, 0xc012, 0xc007, 0xc011];
    const bad = offered.filter((suite) => suite <= 0x1b || weak.includes(suite));
    assert.deepEqual(bad, []);
    assert.ok(
      offered.every((suite) => suite < 0xc015 || suite > 0xc019),
      'no ECDH_anon',
    );
    assert.match(DEFAULT_CIPHERS, /!aNULL.*!RC4/);
  });

  it('DANE-7671-5.1-1, TLS-9325-1: raw public keys are not asked for, SNI is sent', async () => {
    const { extensions } = await clientHello();
    assert.ok(extensions.includes(0), 'server_name');
    assert.ok(!extensions.includes(20), 'server_certificate_type');
  });

  it('says so when there is no suite in common', async () => {
    const failure = failureOf(
      await meetServer({ ...good, maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' }),
    );
    assert.equal(failure?.code, 'TLS_HANDSHAKE_REFUSED');
    assert.equal(failure?.resultType, 'validation-failure');
  });
});

interface ClientHello {
  readonly suites: readonly number[];
  readonly extensions: readonly number[];
}

/** Reads off the wire what a handshake offers (RFC 8446 §4.1.2). */
async function clientHello(): Promise<ClientHello> {
  let hello: Buffer = Buffer.alloc(0);
  const running = await startTcpServer((socket) => {
    socket.once('data', (data: Buffer) => {
      hello = data;
      socket.destroy();
    });
  });
  await meet(running.port);
  await running.close();
  // Record header 5, handshake header 4, version 2, random 32, then the session id.
  let at = 43 + 1 + hello[43]!;
  const count = hello.readUInt16BE(at) / 2;
  const suites = Array.from({ length: count }, (_, index) =>
    hello.readUInt16BE(at + 2 + index * 2),
  );
  at += 2 + count * 2;
  at += 1 + hello[at]! + 2;
  const extensions: number[] = [];
  for (; at < hello.length; at += 4 + hello.readUInt16BE(at + 2)) {
    extensions.push(hello.readUInt16BE(at));
  }
  return { suites, extensions };
}
