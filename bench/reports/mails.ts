/**
 * Mail files with reports, as a domain with several large senders gets them.
 *
 * @module
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSigner, type Signer } from '../../src/reporting/mail/dkim-signer.ts';
import { makeDkimKey } from '../../src/reporting/mail/dkim-key.ts';
import { writeReportMail } from '../../src/reporting/mail/write-report-mail.ts';
import { packReport, reportFileName, reportId } from '../../src/tlsrpt/report-file.ts';
import type { FailureDetail, PolicyResult, TlsReport } from '../../src/tlsrpt/report.ts';
import { writeReport } from '../../src/tlsrpt/write-report.ts';

const DAY_MS = 86_400_000;
/** 2026-03-01, in days since 1970-01-01. */
const FIRST_DAY = 20_513;
const SENDERS = 8;
const DOMAINS = 40;
const SELECTOR = 'tlsrpt';

/** By the name of the record. */
export type KeyRecords = Readonly<Record<string, string>>;

/** Writes so many, each with a report of its own, each signed. @returns the keys of the signers */
export async function writeMails(folder: string, count: number): Promise<KeyRecords> {
  const { privateKeyPem } = makeDkimKey('rsa', 2048);
  const signers = Array.from({ length: SENDERS }, (_, index) =>
    createSigner({ privateKeyPem, domain: senderName(index), selector: SELECTOR }),
  );
  for (let index = 0; index < count; index += 1) {
    const mail = await reportMail(index, signers[index % SENDERS]!);
    writeFileSync(join(folder, `${String(index).padStart(7, '0')}.eml`), mail);
  }
  return Object.fromEntries(
    signers.map(({ domain, publicKey }) => [
      `${SELECTOR}._domainkey.${domain}`,
      `v=DKIM1; k=rsa; s=tlsrpt; p=${publicKey}`,
    ]),
  );
}

function senderName(index: number): string {
  return `sender${index}.test`;
}

async function reportMail(index: number, signer: Signer): Promise<Uint8Array> {
  const turn = Math.floor(index / SENDERS);
  const domain = `shop${turn % DOMAINS}.test`;
  const day = FIRST_DAY + Math.floor(turn / DOMAINS);
  const submitter = signer.domain;
  const [start, end] = [day * DAY_MS, (day + 1) * DAY_MS];
  const report: TlsReport = {
    organizationName: `Sender ${index % SENDERS} Inc.`,
    contactInfo: `tls-reports@${submitter}`,
    reportId: reportId({ day, domain, submitter }),
    start,
    end,
    policies: policiesOf(index, domain),
  };
  const at = end + 6 * 3_600_000 + index;
  const mail = writeReportMail({
    report,
    fileName: reportFileName({ submitter, domain, start, end, unique: '001', packed: true }),
    gzip: packReport(writeReport(report)),
    from: report.contactInfo,
    to: `reports@${domain}`,
    date: at,
    messageId: `<${index}@${submitter}>`,
    domain,
    submitter,
  });
  return await signer.sign(mail, at);
}

/** Most days go well; each fifth has failures; each tenth tells of DANE too. */
function policiesOf(index: number, domain: string): readonly PolicyResult[] {
  const details = index % 5 === 0 ? failures(index, domain) : [];
  const sts: PolicyResult = {
    policy: {
      type: 'sts',
      domain,
      strings: [
        'version: STSv1',
        'mode: enforce',
        `mx: mx1.${domain}`,
        `mx: *.backup.${domain}`,
        'max_age: 604800',
      ],
      mxHosts: [`mx1.${domain}`, `*.backup.${domain}`],
    },
    successes: 20 + (index % 1000),
    failures: details.reduce((sum, { count }) => sum + count, 0),
    details,
  };
  const tlsa: PolicyResult = {
    policy: {
      type: 'tlsa',
      domain: `mx1.${domain}`,
      strings: [`3 1 1 ${'5a'.repeat(32)}`],
      mxHosts: [],
    },
    successes: sts.successes,
    failures: 0,
    details: [],
  };
  return index % 10 === 1 ? [sts, tlsa] : [sts];
}

function failures(index: number, domain: string): readonly FailureDetail[] {
  return Array.from({ length: 1 + (index % 3) }, (_, number) => ({
    resultType: number === 0 ? 'certificate-expired' : 'starttls-not-supported',
    count: 3 - number,
    sendingMtaIp: `192.0.2.${index % 250}`,
    receivingMxHostname: `mx${number}.${domain}`,
    receivingIp: `198.51.100.${number}`,
    reasonCode: 'certificate has expired',
  }));
}
