import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { mapResolver } from '../../dns/map-resolver.fixture.ts';
import { fail, ok } from '../../failure.ts';
import { createSigner } from '../mail/dkim-signer.ts';
import { verifyReportMail } from '../mail/verify-mail.ts';
import type { OutgoingMail, SendResult } from '../types.ts';
import {
  deliverReport,
  type DeliveredTarget,
  type DeliverReportOptions,
} from './deliver-report.ts';
import { packTally } from './prepare-report.ts';
import { MARCH_1, MIDNIGHT, SETTINGS, stsResult } from './sender.fixture.ts';
import { readOwnReport } from './stored-report.ts';

const packed = packTally(
  { day: MARCH_1, scope: 'recipient', domain: 'a.test', policies: [stsResult('a.test', 3, 2)] },
  SETTINGS,
)!;
const TARGET: DeliveredTarget = {
  reportId: packed.report.reportId,
  number: 0,
  kind: 'mailto',
  target: 'reports@a.test',
  domain: 'a.test',
  submitter: packed.submitter,
  fileName: packed.fileName,
  content: packed.gzip,
};
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const signer = createSigner({
  privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  domain: 'sender.test',
  selector: 'tlsrpt',
});

interface Delivered {
  readonly result: SendResult;
  readonly mails: readonly OutgoingMail[];
}

async function deliver(
  target: Partial<DeliveredTarget> = {},
  more: Partial<DeliverReportOptions> = {},
): Promise<Delivered> {
  const mails: OutgoingMail[] = [];
  const result = await deliverReport(
    { ...TARGET, ...target },
    {
      settings: SETTINGS,
      now: MIDNIGHT,
      signer: () => ok(signer),
      postReport: async () => await Promise.resolve({ kind: 'accepted', text: 'posted' }),
      sendMail: async (mail) => {
        mails.push(mail);
        return await Promise.resolve({ kind: 'accepted', text: '250 ok' });
      },
      ...more,
    },
  );
  return { result, mails };
}

describe('delivering a report', () => {
  it('S1, S2, RPT-5.3-3, RPT-5.3-5: a signed mail of kind report, with all that it needs', async () => {
    const { mails } = await deliver();
    const [mail] = mails;
    assert.deepEqual([mail?.kind, mail?.reversePath, mail?.to], ['report', '', 'reports@a.test']);
    const text = Buffer.from(mail!.content).toString('latin1');
    for (const name of [
      'From: <tls@sender.test>',
      'To: <reports@a.test>',
      'TLS-Report-Domain: a.test',
      'TLS-Report-Submitter: sender.test',
      'TLS-Required: No',
      'Auto-Submitted: auto-generated',
    ]) {
      assert.ok(text.includes(`\r\n${name}\r\n`), name);
    }
    const signed = /h=([^;]+);/.exec(text)?.[1]?.replaceAll(/\s/g, '').toLowerCase().split(':');
    const covered =
      'from to subject date message-id mime-version content-type tls-report-domain ' +
      'tls-report-submitter tls-required auto-submitted';
    for (const name of covered.split(' ')) {
      assert.ok(signed?.includes(name), name);
    }
    assert.doesNotMatch(text.slice(0, text.indexOf('\r\nFrom:')), /\bl=/);
  });

  it('S2: our own verifier takes the signature, with a key for tlsrpt alone', async () => {
    const { mails } = await deliver();
    const key = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
    const resolver = mapResolver({
      records: {
        'tlsrpt._domainkey.sender.test': { TXT: [`v=DKIM1; k=rsa; s=tlsrpt; p=${key}`] },
      },
    });
    const authenticity = await verifyReportMail({
      message: mails[0]!.content,
      resolver,
      submitters: ['sender.test'],
      requireTlsrptKey: true,
      now: MIDNIGHT,
    });
    assert.equal(authenticity.kind, 'verified');
  });

  it('S3, RPT-5.1-1: the file has its name', async () => {
    const text = Buffer.from((await deliver()).mails[0]!.content).toString('latin1');
    const range = `${(MIDNIGHT - 86_400_000) / 1000}!${MIDNIGHT / 1000 - 1}`;
    assert.ok(text.includes(`"sender.test!a.test!${range}!001.json.gz"`));
  });

  it('bounce address and From are as configured', async () => {
    const settings = { ...SETTINGS, bounceAddress: 'b@sender.test', from: 'r@sender.test' };
    const [mail] = (await deliver({}, { settings })).mails;
    assert.equal(mail?.reversePath, 'b@sender.test');
    assert.match(Buffer.from(mail.content).toString('latin1'), /\r\nFrom: <r@sender\.test>\r\n/);
  });

  it('RPT-3-16: no key set: refused; a key that cannot be read now: later', async () => {
    const kinds = async (code: 'DKIM_KEY_NOT_SET' | 'DKIM_KEY_FILE'): Promise<string> => {
      const { result, mails } = await deliver({}, { signer: () => fail(code, 'x') });
      assert.deepEqual(mails, []);
      return result.kind === 'accepted' ? result.kind : `${result.kind} ${result.failure.code}`;
    };
    assert.equal(await kinds('DKIM_KEY_NOT_SET'), 'refused REPORT_SEND_NO_SIGNER');
    assert.equal(await kinds('DKIM_KEY_FILE'), 'later DKIM_KEY_FILE');
  });

  it('S13: an address that a mail cannot name is refused, nothing breaks out of a field', async () => {
    for (const target of ['a@b.test\r\nBcc: x@y.test', 'ü@b.test', 'none']) {
      const { result, mails } = await deliver({ target });
      assert.equal(
        result.kind === 'refused' && result.failure.code,
        'REPORT_SEND_MAIL_UNWRITABLE',
        target,
      );
      assert.deepEqual(mails, []);
    }
  });

  it('what throws where it must not is later, not the end of the sender', async () => {
    const thrown = await deliver(
      {},
      {
        sendMail: () => {
          throw new Error('a bug');
        },
      },
    );
    assert.equal(thrown.result.kind === 'later' && thrown.result.failure.code, 'REPORT_SEND_FAULT');
    const broken = { sign: async () => await Promise.reject(new Error('no')) };
    const unsigned = await deliver({}, { signer: () => ok(broken) });
    assert.equal(
      unsigned.result.kind === 'later' && unsigned.result.failure.code,
      'REPORT_SEND_SIGNING_FAILED',
    );
  });

  it('G9: our report is read back from its packed form as it was', () => {
    assert.deepEqual(readOwnReport(packed.gzip), packed.report);
  });
});
