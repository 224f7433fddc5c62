import assert from 'node:assert/strict';
import { request } from 'node:https';
import { connect as tlsConnect } from 'node:tls';
import { after, before, describe, it } from 'node:test';
import { createLabCa } from './pki/ca.ts';
import { startLabPolicyHost } from './policy-host.ts';
import type { LabPolicyHost, PolicyFault } from './types.ts';

const POLICY = 'version: STSv1\r\nmode: none\r\nmax_age: 86400\r\n';
const ca = createLabCa();

interface Got {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

async function get(lab: LabPolicyHost, host: string, path?: string): Promise<Got> {
  return await new Promise<Got>((resolve, reject) => {
    const sent = request(
      {
        host: lab.address,
        port: lab.port,
        servername: host,
        headers: { host },
        path: path ?? '/.well-known/mta-sts.txt',
        ca: [ca.rootPem],
        agent: false,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString('latin1'),
          }),
        );
      },
    );
    sent.on('error', reject);
    sent.end();
  });
}

describe('lab policy host', () => {
  let lab: LabPolicyHost;
  before(async () => {
    lab = await startLabPolicyHost({ ca, address: '127.0.0.1', port: 0 });
    lab.serve('a.test', POLICY);
    lab.serve('bücher.test', POLICY);
  });
  after(() => lab.close());

  const withFault = async (fault: PolicyFault, check: () => Promise<void>): Promise<void> => {
    lab.setFault('a.test', fault);
    try {
      await check();
    } finally {
      lab.setFault('a.test', 'none');
    }
  };

  it('STS-7.1-3: serves each domain under its own certificate, by SNI; an unknown name ends the handshake', async () => {
    const got = await get(lab, 'mta-sts.a.test');
    assert.equal(got.status, 200);
    assert.equal(got.body, POLICY);
    assert.equal(got.headers['content-type'], 'text/plain; charset=utf-8');
    assert.equal((await get(lab, 'mta-sts.xn--bcher-kva.test')).status, 200);
    await assert.rejects(get(lab, 'mta-sts.unknown.test'));
    const noName = tlsConnect({ host: lab.address, port: lab.port, ca: [ca.rootPem] });
    const error = await new Promise((resolve) => {
      noName.on('error', resolve);
      noName.on('secureConnect', () => resolve('a session'));
    });
    noName.destroy();
    assert.ok(error instanceof Error);
  });

  it('records what was asked', async () => {
    await get(lab, 'mta-sts.a.test', '/other');
    const last = lab.requests.at(-1);
    assert.equal(last?.sni, 'mta-sts.a.test');
    assert.equal(last?.path, '/other');
    assert.equal(last?.host, 'mta-sts.a.test');
  });

  const statuses: readonly (readonly [PolicyFault, number])[] = [
    ['redirect', 302],
    ['not-found', 404],
    ['status-204', 204],
    ['status-206', 206],
    ['server-error', 500],
  ];
  for (const [fault, status] of statuses) {
    it(`answers ${status} for ${fault}`, async () => {
      await withFault(fault, async () => {
        assert.equal((await get(lab, 'mta-sts.a.test')).status, status);
      });
    });
  }

  it('serves the policy where the redirect points', async () => {
    await withFault('redirect', async () => {
      const { headers } = await get(lab, 'mta-sts.a.test');
      const target = await get(lab, 'mta-sts.a.test', String(headers['location']));
      assert.equal(target.body, POLICY);
    });
  });

  it('gets the media type wrong', async () => {
    await withFault('html', async () => {
      assert.match(String((await get(lab, 'mta-sts.a.test')).headers['content-type']), /html/);
    });
    await withFault('no-content-type', async () => {
      assert.equal((await get(lab, 'mta-sts.a.test')).headers['content-type'], undefined);
    });
  });

  it('sends too much', async () => {
    for (const fault of ['oversize', 'oversize-chunked'] as const) {
      await withFault(fault, async () => {
        assert.ok((await get(lab, 'mta-sts.a.test')).body.length > 65_536);
      });
    }
    await withFault('gzip-bomb', async () => {
      assert.equal((await get(lab, 'mta-sts.a.test')).headers['content-encoding'], 'gzip');
    });
    await withFault('huge-header', async () => {
      await assert.rejects(get(lab, 'mta-sts.a.test'));
    });
  });

  it('breaks off, refuses, and speaks old TLS', async () => {
    for (const fault of ['truncated-body', 'down', 'tls-1.1'] as const) {
      await withFault(fault, async () => {
        await assert.rejects(get(lab, 'mta-sts.a.test'), fault);
      });
    }
    assert.equal((await get(lab, 'mta-sts.a.test')).status, 200);
  });

  it('really speaks TLS 1.1', async () => {
    await withFault('tls-1.1', async () => {
      const socket = tlsConnect({
        host: lab.address,
        port: lab.port,
        servername: 'mta-sts.a.test',
        ca: [ca.rootPem],
        minVersion: 'TLSv1.1',
        ciphers: 'DEFAULT@SECLEVEL=0',
      });
      await new Promise<void>((resolve, reject) => {
        socket.on('secureConnect', resolve);
        socket.on('error', reject);
      });
      assert.equal(socket.getProtocol(), 'TLSv1.1');
      socket.destroy();
    });
  });
});
