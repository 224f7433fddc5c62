import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Authenticity } from '../types.ts';
import { isSameOrganization, organizationalDomain } from './organizational-domain.ts';
import { bigMail } from './report-mails.fixture.ts';
import { keyResolver, signedByNodemailer, testKey } from './signed-mails.fixture.ts';
import { verifyReportMail } from './verify-mail.ts';

const { pem, publicKey } = testKey();

/** A report whose author, contact and signature are of these domains. */
async function verify(
  author: string,
  signer: string,
  contact: string = author,
): Promise<Authenticity> {
  const mail = bigMail().replace('noreply-tls@bigmail.example', `anybody@${author}`);
  assert.ok(mail.includes(`anybody@${author}`));
  return await verifyReportMail({
    message: await signedByNodemailer(mail, [{ domain: signer, selector: 'sel', pem }]),
    resolver: keyResolver({ [`sel._domainkey.${signer}`]: `v=DKIM1; p=${publicKey}` }),
    submitters: [contact],
    requireTlsrptKey: false,
    now: Date.UTC(2026, 2, 5, 12),
  });
}

describe('domains that many strangers sign as', () => {
  it('S8: whoever has a mailbox at a provider is not the provider', async () => {
    for (const domain of ['gmail.com', 'outlook.com', 'mail.ru', 'amazonses.com']) {
      const { kind, notes } = await verify(domain, domain);
      assert.equal(kind, 'unaligned', domain);
      assert.equal(notes.at(-1), `anybody can be signed for by ${domain} (DKIM_NOT_ALIGNED)`);
    }
    assert.equal((await verify('corp.mail.ru', 'corp.mail.ru', 'mail.ru')).kind, 'verified');
    assert.equal((await verify('google.com', 'google.com')).kind, 'verified');
  });

  it('S8: a customer of a platform is itself alone', async () => {
    const [one, other] = ['one.onmicrosoft.com', 'other.onmicrosoft.com'];
    assert.equal((await verify(one, one)).kind, 'verified');
    assert.equal((await verify(other, one)).kind, 'unaligned');
    assert.equal((await verify(one, one, 'onmicrosoft.com')).kind, 'unaligned');
    assert.equal((await verify(`mail.${one}`, one)).kind, 'unaligned');
  });

  it('has names of its own in the archive', () => {
    const names = ['a.sendgrid.net', 'a-com.20230601.gappssmtp.com', 'B.onmicrosoft.com.'];
    assert.deepEqual(names.map(organizationalDomain), [
      'a.sendgrid.net',
      'a-com.20230601.gappssmtp.com',
      'b.onmicrosoft.com',
    ]);
    assert.equal(isSameOrganization('a.sendgrid.net', 'sendgrid.net'), false);
    assert.equal(isSameOrganization('a.sendgrid.net', 'a.sendgrid.net'), true);
  });
});
