/**
 * Mails with reports in the shapes that the large senders and their gateways give them, made anew
 * with domains of our own.
 *
 * @module
 */
import { gzipSync } from 'node:zlib';
import { zipOf } from './zip.fixture.ts';

/** Who reports, about whom. */
export interface SampleReport {
  readonly organization: string;
  readonly contact: string;
  readonly submitter: string;
  readonly id: string;
  readonly domain: string;
}

/** A report about 12 good sessions and 1 failed one. */
export function sampleJson({ organization, contact, id, domain }: SampleReport): string {
  return JSON.stringify({
    'organization-name': organization,
    'date-range': {
      'start-datetime': '2026-03-04T00:00:00Z',
      'end-datetime': '2026-03-04T23:59:59Z',
    },
    'contact-info': contact,
    'report-id': id,
    policies: [
      {
        policy: {
          'policy-type': 'sts',
          'policy-string': [
            'version: STSv1',
            'mode: testing',
            `mx: mx.${domain}`,
            'max_age: 86400',
          ],
          'policy-domain': domain,
          'mx-host': [`mx.${domain}`],
        },
        summary: { 'total-successful-session-count': 12, 'total-failure-session-count': 1 },
        'failure-details': [{ 'result-type': 'certificate-expired', 'failed-session-count': 1 }],
      },
    ],
  });
}

/** Base64 in lines of 76 with LF. */
export function base64(bytes: Uint8Array): string {
  return (
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,76}/g) ?? []
  ).join('\n');
}

/** The first and the last second of the sample day, as file names have them. */
const RANGE = '1772582400!1772668799';

export const BIG: SampleReport = {
  organization: 'Big Mail Inc.',
  contact: 'tls-reporting@bigmail.example',
  submitter: 'bigmail.example',
  id: '2026-03-04T00:00:00Z_reported.example',
  domain: 'reported.example',
};

/** Shape of Google: no encoding named for the text, a blank before each fold, report-type unquoted and last. */
export function bigMail(report: SampleReport = BIG): string {
  const { submitter, domain } = report;
  const name = `${submitter}!${domain}!${RANGE}!001.json.gz`;
  return `MIME-Version: 1.0
Date: Thu, 05 Mar 2026 03:21:09 -0800
TLS-Report-Domain: ${domain}
TLS-Report-Submitter: ${submitter}
Message-ID: <5fa1c0de.00000000.77aa11.9d03tls@${submitter}>
Subject: Report Domain: ${domain} Submitter: ${submitter} Report-ID: <2026.03.04T00.00.00Z+${domain}@${submitter}>
From: noreply-tls@${submitter}
To: tls-reports@${domain}
Content-Type: multipart/report; boundary="000000000000c0ffee0123456789"; report-type=tlsrpt

--000000000000c0ffee0123456789
Content-Type: text/plain; charset="UTF-8"; format=flowed; delsp=yes

Aggregate report on TLS, from ${submitter}

--000000000000c0ffee0123456789
Content-Type: application/tlsrpt+gzip; 
\tname="${name}"
Content-Disposition: attachment; 
\tfilename="${name}"
Content-Transfer-Encoding: base64

${base64(gzipSync(sampleJson(report)))}
--000000000000c0ffee0123456789--
`;
}

export const OFFICE: SampleReport = {
  organization: 'Office Suite Corporation',
  contact: 'tlsrpt-robot@office.example',
  submitter: 'office.example',
  id: '134599990000000001+reported.example',
  domain: 'reported.example',
};

/** Shape of Microsoft: text in HTML, folds of LF TAB, the id in the Subject without brackets. */
export function officeMail(report: SampleReport = OFFICE): string {
  const { submitter, domain, id } = report;
  const name = `${submitter}!${domain}!${RANGE}!134599990000000001.json.gz`;
  return `From: tlsrpt-robot@${submitter}
Date: Thu, 05 Mar 2026 20:14:55 +0000
Subject: Report Domain: ${domain} Submitter: ${submitter} Report-ID:
 ${id}
To: <tls-reports@${domain}>
TLS-Report-Domain: ${domain}
TLS-Report-Submitter: ${submitter}
MIME-Version: 1.0
Message-ID: <${id}@${domain}>
Content-Type: multipart/report;
\tboundary="_3b6c9a0e-0000-4444-8888-abcdefabcdef_"; report-type=tlsrpt

--_3b6c9a0e-0000-4444-8888-abcdefabcdef_
Content-Type: text/html; charset="us-ascii"
Content-Transfer-Encoding: quoted-printable

<html><body><p>Aggregate report on TLS, from ${submitter}</p><a href=3D"h=
ttps://www.${submitter}/">Privacy</a></body></html>

--_3b6c9a0e-0000-4444-8888-abcdefabcdef_
Content-Type: application/tlsrpt+gzip; 
\tname="${name}"
Content-Transfer-Encoding: base64
Content-Disposition: attachment; 
\tfilename="${name}"

${base64(gzipSync(sampleJson(report)))}

--_3b6c9a0e-0000-4444-8888-abcdefabcdef_--
`;
}

export const POST: SampleReport = {
  organization: 'Post',
  contact: 'tls-help@corp.post.example',
  submitter: 'post.example',
  id: '7d1c2f10-0000-4000-9000-00000000cafe@post.example',
  domain: 'reported.example',
};

/** Shape of Mail.ru: Subject over four lines, the closing delimiter without its last two dashes. */
export function postMail(report: SampleReport = POST): string {
  const { submitter, domain, id } = report;
  const name = `${submitter}!${domain}!1772582400!1772668800!001.json.gz`;
  return `Content-Type: multipart/report; report-type="tlsrpt";
 boundary="===============1234509876=="
MIME-Version: 1.0
From: noreply-tls@corp.${submitter}
To: tls-reports@${domain}
Subject: Report Domain: ${domain}
 Submitter: ${submitter}
 Report-ID:
 <${id}>
TLS-Report-Domain: ${domain}
TLS-Report-Submitter: ${submitter}
Auto-Submitted: auto-generated
Date: Thu, 05 Mar 2026 00:10:00 -0000
Message-ID: <${id}>

--===============1234509876==
Content-Type: text/plain; charset="us-ascii"
MIME-Version: 1.0
Content-Transfer-Encoding: 7bit

Aggregate report on TLS, from ${submitter}
--===============1234509876==
Content-Type: application/tlsrpt+gzip
MIME-Version: 1.0
Content-Transfer-Encoding: base64
Content-Disposition: attachment; filename="${name}"

${base64(gzipSync(sampleJson(report)))}

--===============1234509876==
`;
}

export const SMALL: SampleReport = {
  organization: 'Small Host',
  contact: 'postmaster@small.example',
  submitter: 'small.example',
  id: '2026-03-04_reported.example_1@small.example',
  domain: 'reported.example',
};

/** Shape of the example in RFC 8460: folds of four blanks, everything quoted, a preamble. */
export function rfcMail(report: SampleReport = SMALL): string {
  const { submitter, domain, id } = report;
  return `From: tlsrpt@${submitter}
Date: Thu, Mar 05 2026 16:54:30 -0800
To: tls-reports@${domain}
Subject: Report Domain: ${domain}
    Submitter: ${submitter}
    Report-ID: <${id}>
TLS-Report-Domain: ${domain}
TLS-Report-Submitter: ${submitter}
MIME-Version: 1.0
Content-Type: multipart/report; report-type="tlsrpt";
    boundary="----=_Part_0042"
Content-Language: en-us

A message in several parts.

------=_Part_0042
Content-Type: text/plain; charset="us-ascii"
Content-Transfer-Encoding: 7bit

Aggregate report on TLS, from ${submitter}

------=_Part_0042
Content-Type: application/tlsrpt+gzip
Content-Transfer-Encoding: base64
Content-Disposition: attachment;
    filename="${submitter}!${domain}!${RANGE}.json.gz"

${base64(gzipSync(sampleJson(report)))}

------=_Part_0042--
`;
}

/** How an attachment is wrapped. */
export interface Wrapping {
  /** Whole values of Content-Type and, below it, Content-Disposition. */
  readonly type: string;
  readonly disposition?: string;
  readonly bytes: Uint8Array;
}

/** Any wrapping in a multipart/mixed: what gateways and home-made senders do. */
export function mixedMail(parts: readonly Wrapping[], report: SampleReport = SMALL): string {
  return `From: "Reports, daily" <tlsrpt@${report.submitter}>
To: tls-reports@${report.domain}
Subject: TLS report
Date: Thu, 05 Mar 2026 04:00:00 +0000
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=mixed

--mixed
Content-Type: text/plain

See the attachment.
${parts
  .map(
    ({ type, disposition, bytes }) => `--mixed
Content-Type: ${type}
${disposition === undefined ? '' : `Content-Disposition: ${disposition}\n`}Content-Transfer-Encoding: base64

${base64(bytes)}
`,
  )
  .join('')}--mixed--
`;
}

/** Packed as gzip, zip, and not at all. */
export function packings(report: SampleReport = SMALL): {
  readonly gzip: Uint8Array;
  readonly zip: Uint8Array;
  readonly json: Uint8Array;
} {
  const json = Buffer.from(sampleJson(report));
  return { gzip: gzipSync(json), zip: zipOf('report.json', json), json };
}

/** A mail with another in it, `depth` times. */
export function forwarded(message: string, depth = 1): string {
  if (depth === 0) return message;
  return forwarded(
    `From: admin@reported.example
To: reports@reported.example
Subject: Fwd: report
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="fwd-${depth}"

--fwd-${depth}
Content-Type: text/plain

This came to me.
--fwd-${depth}
Content-Type: message/rfc822
Content-Disposition: attachment; filename="report.eml"

${message}
--fwd-${depth}--
`,
    depth - 1,
  );
}

/** An aggregate report of DMARC: the same wrapping, other content. */
export function dmarcMail(kind: 'gzip' | 'zip'): string {
  const xml = Buffer.from('<?xml version="1.0"?>\n<feedback><report_metadata/></feedback>\n');
  const name = 'bigmail.example!reported.example!1772582400!1772668799';
  const bytes = kind === 'gzip' ? gzipSync(xml) : zipOf(`${name}.xml`, xml);
  const [type, suffix] =
    kind === 'gzip' ? ['application/gzip', 'xml.gz'] : ['application/zip', 'zip'];
  const disposition = `attachment; filename="${name}.${suffix}"`;
  return mixedMail([{ type, disposition, bytes }]);
}

/** A bounce (RFC 3464). */
export const BOUNCE = `From: MAILER-DAEMON@reported.example
To: tlsrpt@reported.example
Subject: Undelivered Mail
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

It could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.reported.example

Final-Recipient: rfc822; nobody@elsewhere.example
Action: failed
Status: 5.1.1
--b--
`;

/** What cron writes. */
export const CRON = `From: root@reported.example (Cron Daemon)
To: root@reported.example
Subject: Cron <root@host> /usr/local/bin/backup
Content-Type: text/plain; charset=UTF-8

-- backup --
done { "policies": [] }
`;
