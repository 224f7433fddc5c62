import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { blocked, MX, NOW, reportOf } from './notice.fixture.ts';
import type { NoticeOptions } from './types.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../../../docs/bounces.md'), 'utf8');

const RETURNED = blocked({
  code: 'TLS_CERTIFICATE_NAME_MISMATCH',
  detail: `the certificate of ${MX} [192.0.2.1]:25 is not for ${MX}: CN=mail.hoster.test, DNS names mail.hoster.test, by Example CA R3, until 2026-05-01`,
  resultType: 'certificate-host-mismatch',
});

const DELAYED = blocked(
  {
    code: 'DANE_TLSA_BOGUS',
    detail: `TLSA of _25._tcp.${MX}: DNSSEC validation failed (127.0.0.1#53)`,
    resultType: 'dnssec-invalid',
  },
  {
    kind: 'delayed',
    attempts: 7,
    now: NOW - 116 * 3_600_000,
    lastAttemptAt: NOW - 116 * 3_600_000,
    willRetryUntil: NOW,
  },
);

async function textOf(options: NoticeOptions): Promise<string> {
  return (await reportOf(options)).text.replaceAll('\r\n', '\n');
}

describe('docs/bounces.md', () => {
  it('shows a returned message as it is written', async () => {
    assert.ok(PAGE.includes(await textOf(RETURNED)), await textOf(RETURNED));
  });

  it('shows a delayed message as it is written', async () => {
    assert.ok(PAGE.includes(await textOf(DELAYED)), await textOf(DELAYED));
  });
});
