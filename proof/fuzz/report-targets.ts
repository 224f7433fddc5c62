/**
 * TLS reports and datagrams under fire: files, mails and what another program counts.
 *
 * @module
 */
import { gzipSync } from 'node:zlib';
import {
  bigMail,
  forwarded,
  officeMail,
  postMail,
  rfcMail,
} from '../../src/reporting/mail/report-mails.fixture.ts';
import { readReportMail } from '../../src/reporting/mail/read-report-mail.ts';
import { readDatagram } from '../../src/tlsrpt/datagram.ts';
import { AT, datagram, failed, STS } from '../../src/tlsrpt/datagram.fixture.ts';
import { readReportFile } from '../../src/tlsrpt/read-report-file.ts';
import { readReport } from '../../src/tlsrpt/read-report.ts';
import { parseReportFileName } from '../../src/tlsrpt/report-file.ts';
import { zipArchive } from '../../src/tlsrpt/report-packing.fixture.ts';
import { json, REPORT_SAMPLES } from '../../src/tlsrpt/report-samples.fixture.ts';
import { type Target, textTarget } from './target.ts';

const KIB = 1024;

/** What a stranger's report may be, and how it comes. */
export function reportTargets(): readonly Target[] {
  const reports = Object.values(REPORT_SAMPLES).map((sample) => Buffer.from(json(sample)));
  const mails = [bigMail(), officeMail(), postMail(), rfcMail(), forwarded(rfcMail(), 3)];
  return [
    {
      name: 'tls report',
      samples: reports,
      maxSize: 512 * KIB,
      feed: (input) => void readReport(input),
    },
    {
      name: 'tls report, packed',
      samples: reports.flatMap((content) => [
        gzipSync(content),
        zipArchive([{ name: 'report.json', content }]),
      ]),
      maxSize: 256 * KIB,
      feed: async (input) => void (await readReportFile(input)),
    },
    {
      name: 'tls report mail',
      samples: mails.map((mail) => Buffer.from(mail)),
      maxSize: 256 * KIB,
      feed: async (input) => void (await readReportMail(input)),
    },
    {
      name: 'datagram',
      samples: [datagram([STS]), failed({ c: 204, r: 'mx1.example.com' })],
      maxSize: 64 * KIB,
      feed: (input) => void readDatagram(input, AT),
    },
    textTarget({
      name: 'report file name',
      samples: ['mta.example!example.com!1459900000!1459986399!a1.json.gz'],
      maxSize: 64 * KIB,
      feed: parseReportFileName,
    }),
  ];
}
