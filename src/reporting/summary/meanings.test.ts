import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { assert as check, property, string } from 'fast-check';
import { RESULT_TYPES } from '../../failure.ts';
import type { Meaning } from './meaning.ts';
import { commonMeaning, MEANINGS, meaningFor, meaningOf, type SaidReason } from './meanings.ts';
import { reasonMeaning as meaningAt } from './reason-codes.ts';

const reasonMeaning = (code: string) => meaningAt(code, 'mx');

describe('what failures mean', () => {
  it('RPT-4.4-12: every result type of the standard and the unknown one has its meaning', () => {
    assert.deepEqual(Object.keys(MEANINGS).toSorted(), [...RESULT_TYPES, 'unknown'].toSorted());
    const texts = Object.values(MEANINGS).map(({ means }) => means);
    assert.equal(new Set(texts).size, texts.length);
  });

  it('the page about reading reports explains each of them', () => {
    const page = readFileSync(new URL('../../../docs/reports-reading.md', import.meta.url), 'utf8');
    for (const type of Object.keys(MEANINGS)) assert.ok(page.includes(`\n| \`${type}\` `), type);
  });

  it('Q17: the same reason in the words of OpenSSL, Postfix and Node.js', () => {
    const same = ['SELF_SIGNED_CERT_IN_CHAIN', 'self-signed_certificate_in_certificate_chain'];
    assert.equal(new Set(same.map(reasonMeaning)).size, 1);
    assert.notEqual(reasonMeaning('self-signed_certificate'), reasonMeaning(same[0]!));
    assert.equal(
      reasonMeaning('self-signed certificate'),
      reasonMeaning('DEPTH_ZERO_SELF_SIGNED_CERT'),
    );
    assert.match(reasonMeaning('X509_V_ERR_CERT_HAS_EXPIRED')!.means, /MX host.* had expired/);
    assert.match(reasonMeaning('MX_HOSTS_MISMATCH')!.means, /not one that the policy lists/);
    assert.equal(
      reasonMeaning('all-TLSA-records-unusable'),
      reasonMeaning('all-fingerprints-unusable'),
    );
    assert.ok(reasonMeaning('tls-handshake-failure') !== undefined);
  });

  it('a reason is about the MX host or about the policy host, as the type says', () => {
    assert.match(meaningOf('sts-policy-fetch-error', 'http-403').means, /not with 200/);
    assert.equal(
      meaningOf('sts-webpki-invalid', 'CERT_HAS_EXPIRED'),
      MEANINGS['sts-webpki-invalid'],
      'the certificate of the web server, not that of the MX host',
    );
    assert.equal(meaningOf('validation-failure', 'http-403'), MEANINGS['validation-failure']);
  });

  it('the domain is put in its place', () => {
    const fetching = MEANINGS['sts-policy-fetch-error'];
    assert.match(meaningFor('a$&.example', fetching).todo, /https:\/\/mta-sts\.a\$&\.example\//);
    assert.equal(meaningFor('', fetching), fetching);
  });

  it('Q17: free text has no meaning of its own: the type speaks', () => {
    const prose = 'Policy could not be fetched from "https://mta-sts.example.com/…"';
    assert.equal(reasonMeaning(prose), undefined);
    assert.equal(meaningOf('sts-policy-fetch-error', prose), MEANINGS['sts-policy-fetch-error']);
    assert.equal(meaningOf('validation-failure', 'MX_HOSTS_MISMATCH').actor, 'we');
    assert.equal(reasonMeaning('expired '.repeat(100_000)), undefined);
  });

  it('each sender has one voice, and only more than half of them is an answer', () => {
    const said = (sender: string, reason: string, sessions = 1): SaidReason => ({
      sender,
      reason,
      sessions,
    });
    const revoked = meaningOf('certificate-not-trusted', 'certificate revoked');
    assert.notEqual(revoked, MEANINGS['certificate-not-trusted']);
    const common = (...all: readonly SaidReason[]): Meaning =>
      commonMeaning('certificate-not-trusted', all);
    assert.equal(common(said('a', 'certificate revoked')), revoked);
    assert.equal(
      common(said('a', '', 5), said('b', 'certificate revoked', 1e9)),
      MEANINGS['certificate-not-trusted'],
    );
    assert.equal(
      common(said('a', 'certificate revoked', 2), said('a', ''), said('b', 'certificate revoked')),
      revoked,
    );
    assert.equal(common(said('a', ''), said('b', 'ECONNRESET', 1e9)).actor, 'we');
    assert.equal(common(said('a', 'ECONNRESET'), said('b', 'ECONNRESET')).actor, 'nobody');
    assert.equal(commonMeaning('certificate-expired', [said('a', 'ECONNRESET')]).actor, 'we');
  });

  it('fuzz: any text is taken', () => {
    check(
      property(string({ unit: 'binary' }), (text) => {
        assert.ok(meaningOf('unknown', text).todo !== '');
      }),
      { numRuns: 500 },
    );
  });
});
