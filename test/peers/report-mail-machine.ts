/**
 * Runs inside a private machine: Debian's Postfix, set up as docs/reports-receiving.md says, and
 * the receivers of report mail behind it.
 *
 * @module
 */
import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/clock.ts';
import type { ReportReceiveSettings } from '../../src/config/reporting-types.ts';
import { silentLog } from '../../src/log/log.ts';
import { createArchive } from '../../src/reporting/archive/archive.ts';
import { receiveSettings } from '../../src/reporting/intake/intake.fixture.ts';
import { startMailReceiver } from '../../src/reporting/intake/mail-receiver.ts';
import { watchMaildir } from '../../src/reporting/intake/maildir.ts';
import { createIntake } from '../../src/reporting/intake/take-in.ts';
import type { Intake, IntakeResult } from '../../src/reporting/intake/types.ts';
import { createSigner } from '../../src/reporting/mail/dkim-signer.ts';
import { keyResolver, testKey } from '../../src/reporting/mail/signed-mails.fixture.ts';
import { writeReportMail } from '../../src/reporting/mail/write-report-mail.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { TlsReport } from '../../src/tlsrpt/report.ts';
import { packReport } from '../../src/tlsrpt/report-file.ts';
import { writeReport } from '../../src/tlsrpt/write-report.ts';
import { answerQuestions } from './answer-questions.ts';
import { INNER_SERVICES, instanceSettings, settingsText } from './postfix-files.ts';
import { run } from './run.ts';
import { textOf, waitFor } from './wait-for.ts';

/** What a test may ask. */
export type ReportMailQuestion =
  /** Mails a report, or something else, and waits for what Postfix says of it. */
  | { readonly do: 'mail'; readonly what: 'report' | 'letter'; readonly to: string }
  /** What the intake made of all that came so far. */
  | { readonly do: 'taken' }
  /** Whether the archive takes anything. */
  | { readonly do: 'store'; readonly isUp: boolean };

/** One message at the intake. */
export interface TakenMail {
  readonly way: string;
  readonly kind: IntakeResult['kind'];
  readonly authenticity?: string;
  readonly archived?: string;
}

/** As in the private machine's /etc/passwd. */
const POSTFIX_USER = 7001;
const MAIL_USER = 7005;
const PORT = 2525;
const DAY = Date.UTC(2026, 0, 5);
const LETTER = 'From: tls@reporter.test\nSubject: hello\n\nHow do you do?\n';
let number = 0;

const [, , folder = '', mainCf = '', masterCf = ''] = process.argv;
const etc = join(folder, 'etc');
const log = join(folder, 'mail.log');
const maildir = join(folder, 'mail', 'Maildir');

for (const name of ['', 'etc', 'queue', 'data', 'mail'])
  mkdirSync(join(folder, name), { recursive: true });
chownSync(join(folder, 'data'), POSTFIX_USER, POSTFIX_USER);
chownSync(join(folder, 'mail'), MAIL_USER, MAIL_USER);
writeFileSync(join(etc, 'forward'), `${maildir}/\n`);
writeFileSync(
  join(etc, 'main.cf'),
  `${settingsText({
    ...instanceSettings({ folder, log, hostname: 'mail.test' }),
    mydestination: 'mail.test',
    inet_interfaces: '127.0.0.1',
    alias_maps: `texthash:${join(etc, 'aliases')}`,
    forward_path: join(etc, 'forward'),
    smtputf8_enable: 'yes',
    minimal_backoff_time: '2s',
    maximal_backoff_time: '2s',
    queue_run_delay: '2s',
  })}${mainCf}`,
);
writeFileSync(
  join(etc, 'master.cf'),
  [
    `127.0.0.1:${PORT} inet n - n - - smtpd`,
    ...INNER_SERVICES,
    'local unix - n n - - local',
    masterCf,
  ].join('\n'),
);
// As newaliases would read it, without its colon.
writeFileSync(join(etc, 'aliases'), 'box smmta\n');

const key = testKey('ed25519');
const resolver = keyResolver({
  's._domainkey.reporter.test': `v=DKIM1; k=ed25519; s=tlsrpt; p=${key.publicKey}`,
});
const settings: ReportReceiveSettings = receiveSettings({
  domains: ['shop.test'],
  smtp: { listen: '127.0.0.1:8463' },
  maildir: { path: maildir, intervalMs: 1_000 },
});
const store = await openStore('sqlite::memory:');
const base = { settings: () => settings, clock: systemClock, log: silentLog };
const taken: TakenMail[] = [];
let isUp = true;
const intake = noted(
  createIntake({ ...base, resolver, archive: createArchive({ ...base, store }) }),
);
const receiver = await startMailReceiver({ ...base, intake });
const watch = watchMaildir({ ...base, intake });
await run('/usr/sbin/postfix', '-c', etc, 'start');
await waitFor(() => (textOf(log).includes('daemon started') ? true : undefined), {
  what: () => `Postfix does not start: ${textOf(log)}`,
});

await answerQuestions(async (question) => await answer(question as ReportMailQuestion));
await receiver.close();
await watch.close();

function noted(real: Intake): Intake {
  return {
    ...real,
    async message(bytes, way) {
      const failure = { code: 'REPORT_INTAKE_STORE', detail: 'the test took it away' } as const;
      const result: IntakeResult = isUp
        ? await real.message(bytes, way)
        : { kind: 'later', failure };
      const first = result.kind === 'reports' ? result.results[0] : undefined;
      taken.push({
        way,
        kind: result.kind,
        ...(first && { authenticity: first.authenticity.kind, archived: first.result!.kind }),
      });
      return result;
    },
  };
}

async function answer(question: ReportMailQuestion): Promise<unknown> {
  switch (question.do) {
    case 'mail':
      return await mail(question.what, question.to);
    case 'taken':
      await watch.scan();
      return taken;
    case 'store':
      isUp = question.isUp;
      return true;
  }
}

/** The word of Postfix: `sent (250 …)`. */
async function mail(what: 'report' | 'letter', to: string): Promise<string> {
  const message = what === 'letter' ? LETTER : await signedReport();
  const file = join(folder, 'message');
  writeFileSync(file, message);
  const before = textOf(log).length;
  await run('/bin/sh', '-c', `/usr/sbin/sendmail -C ${etc} -f tls@reporter.test ${to} < ${file}`);
  return await waitFor(() => /status=(\w+ \([^\n]*\))/.exec(textOf(log).slice(before))?.[1], {
    what: () => `what became of it: ${textOf(log)}`,
  });
}

async function signedReport(): Promise<Uint8Array> {
  number += 1;
  const report: TlsReport = {
    organizationName: 'Reporter',
    contactInfo: 'tls@reporter.test',
    reportId: `report-${number}@reporter.test`,
    start: DAY,
    end: DAY + 86_400_000,
    policies: [
      {
        policy: { type: 'no-policy-found', domain: 'shop.test', strings: [], mxHosts: [] },
        successes: 5,
        failures: 0,
        details: [],
      },
    ],
  };
  const message = writeReportMail({
    report,
    fileName: 'reporter.test!shop.test!1767571200!1767657599.json.gz',
    gzip: packReport(writeReport(report)),
    from: 'tls@reporter.test',
    to: 'tls-reports@example.com',
    date: DAY + 90_000_000,
    messageId: `<${number}@reporter.test>`,
    domain: 'shop.test',
    submitter: 'reporter.test',
  });
  const signer = createSigner({ privateKeyPem: key.pem, domain: 'reporter.test', selector: 's' });
  return await signer.sign(message, DAY);
}
