/**
 * Takes reports in, whatever way they came: mails with reports, bare reports, several at once.
 *
 * @module
 */
import type { Clock } from '../../clock.ts';
import type { ReportReceiveSettings } from '../../config/reporting-types.ts';
import type { Resolver } from '../../dns/types.ts';
import type { ErrorCode } from '../../errors.ts';
import type { Failure } from '../../failure.ts';
import type { Log } from '../../log/log.ts';
import { readReportFile } from '../../tlsrpt/read-report-file.ts';
import type { ReceivedReport } from '../../tlsrpt/report.ts';
import { senderOf } from '../archive/sender-name.ts';
import type { Archive } from '../archive/types.ts';
import { readReportMail } from '../mail/read-report-mail.ts';
import { DEFAULT_MAIL_LIMITS, type ReportAttachment } from '../mail/types.ts';
import { checkMail } from '../mail/verify-mail.ts';
import type { Authenticity, IntakeWay } from '../types.ts';
import { createGate, type Gate } from './gate.ts';
import { tellTaken } from './intake-lines.ts';
import { judgeMails } from './judge-mails.ts';
import { looksLikeMail } from './take-in-kind.ts';
import {
  type BareReport,
  type ReadReport,
  takeInReport,
  type TakeInReportContext,
} from './take-in-report.ts';
import type { FileOptions, Intake, IntakeMetrics, IntakeResult, TakenReport } from './types.ts';

/** What an intake is made of. */
export interface IntakeOptions {
  readonly archive: Pick<Archive, 'take'>;
  readonly resolver: Resolver;
  readonly clock: Clock;
  /** Asked for each message, so that a reload is heard. */
  readonly settings: () => ReportReceiveSettings;
  readonly log: Log;
  readonly metrics?: IntakeMetrics;
  /** `nothing`: whoever hands mails in vouches for them, no key is looked up. Default: `signatures`. */
  readonly check?: 'signatures' | 'nothing';
  /** The reader of mails and reports, and what looks at signatures; default: ours. */
  readonly readMail?: typeof readReportMail;
  readonly verify?: typeof checkMail;
  readonly read?: ReadReport;
}

/** Reports that are unpacked and not stored yet: each may be many times what came. */
const AT_ONCE = 4;

/** Makes an intake. */
export function createIntake(options: IntakeOptions): Intake {
  const gate = createGate(AT_ONCE);
  const guarded = async (
    way: IntakeWay,
    bytes: Uint8Array,
    task: (settings: ReportReceiveSettings) => Promise<IntakeResult>,
  ): Promise<IntakeResult> => {
    const settings = options.settings();
    const result = sizeFailure(bytes, settings) ?? (await safely(options, () => task(settings)));
    count(options.metrics, way, result);
    // Whoever hands in files is told by the command.
    if (way !== 'file') tellTaken(result, way, options.log);
    return result;
  };
  return {
    message: async (bytes, way) =>
      await guarded(way, bytes, (settings) => takeInMail({ options, gate, settings, bytes, way })),
    file: async (bytes, file) =>
      await guarded(file.way, bytes, async (settings) =>
        looksLikeMail(bytes)
          ? await takeInMail({ options, gate, settings, bytes, way: file.way })
          : await takeInFile({ options, gate, settings, bytes, file }),
      ),
  };
}

function sizeFailure(
  bytes: Uint8Array,
  { maxBytes }: ReportReceiveSettings,
): IntakeResult | undefined {
  if (bytes.length > maxBytes) {
    const detail = `${bytes.length} octets are more than the ${maxBytes} that are read`;
    return { kind: 'refused', failure: { code: 'REPORT_INTAKE_TOO_LARGE', detail } };
  }
  if (bytes.length > 0) return undefined;
  const detail = 'there is nothing in it';
  return { kind: 'not-a-report', failure: { code: 'REPORT_INTAKE_EMPTY', detail } };
}

/**
 * What a stranger wrote must not stop those who read it. A fault of ours is no reason to lose a
 * report: whoever has it keeps it.
 */
async function safely(
  { log }: IntakeOptions,
  task: () => Promise<IntakeResult>,
): Promise<IntakeResult> {
  try {
    return await task();
  } catch (error) {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    log.error({ code: 'REPORT_INTAKE_BUG', reason }, 'a report could not be taken in');
    const detail = 'the program failed at this report; the log has more';
    return { kind: 'later', failure: { code: 'REPORT_INTAKE_BUG', detail } };
  }
}

interface Work {
  readonly options: IntakeOptions;
  readonly gate: Gate;
  readonly settings: ReportReceiveSettings;
  readonly bytes: Uint8Array;
}

function contextOf({ options, settings }: Work): TakeInReportContext {
  return {
    archive: options.archive,
    settings,
    read: options.read ?? readReportFile,
    now: options.clock.now(),
  };
}

/** Every report of a mail counts by itself; their authenticity is that of the mail each is in. */
async function takeInMail(work: Work & { readonly way: IntakeWay }): Promise<IntakeResult> {
  const { options, settings, bytes, way } = work;
  const readMail = options.readMail ?? readReportMail;
  const mail = await readMail(bytes, { ...DEFAULT_MAIL_LIMITS, maxBytes: settings.maxBytes });
  if (!mail.ok) {
    const kind = mail.failure.code === 'REPORT_MAIL_NO_REPORT' ? 'not-a-report' : 'refused';
    return { kind, failure: mail.failure };
  }
  const { attachments, notes } = mail.value;
  const authorOf = await authors(work, attachments);
  const all = attachments.map((attachment) => ({
    ...bareOf(attachment, notes),
    authenticate: authorOf(attachment),
    way,
  }));
  return await takeInAll(all, work);
}

type Authenticate = BareReport['authenticate'];

/** What says of a report in such an attachment who sent it. */
async function authors(
  { options, settings }: Work,
  attachments: readonly ReportAttachment[],
): Promise<(attachment: ReportAttachment) => Authenticate> {
  if (options.check === 'nothing') return () => () => bare('its signature was not checked');
  const { resolver, clock, verify = checkMail } = options;
  const mails = attachments.map(({ mail }) => mail);
  const judgeOf = await judgeMails(mails, { resolver, clock, settings, check: verify });
  return ({ mail, place }) =>
    (report) =>
      judgeOf(mail)({ submitters: submittersOf(report, mail.headerSubmitter), place });
}

function bareOf(
  { bytes, fileName, mail }: ReportAttachment,
  notes: readonly ErrorCode[],
): Omit<BareReport, 'way' | 'authenticate'> {
  const { headerDomain, headerSubmitter } = mail;
  return {
    bytes,
    notes,
    hints: {
      ...(headerDomain === undefined ? {} : { headerDomain }),
      ...(fileName === undefined ? {} : { fileName }),
      ...(headerSubmitter === undefined ? {} : { headerSubmitter }),
    },
  };
}

/** Every name that the report gives for its sender; its own name only where it gives no other. */
function submittersOf(
  report: ReceivedReport,
  headerSubmitter: string | undefined,
): readonly string[] {
  const { contactInfo } = report;
  const claimed = senderOf(report, bare(''));
  const contact = contactInfo?.includes('@') === true || headerSubmitter === undefined;
  const names = [...(contact && claimed.includes('.') ? [claimed] : []), headerSubmitter ?? []];
  return [...new Set(names.flat())];
}

function bare(note: string): Authenticity {
  return { kind: 'unauthenticated', notes: note === '' ? [] : [note] };
}

async function takeInFile(work: Work & { readonly file: FileOptions }): Promise<IntakeResult> {
  const { file, bytes } = work;
  const headers = new Map(Object.entries(file.headers ?? {}));
  const headerDomain = headers.get('tls-report-domain');
  const headerSubmitter = headers.get('tls-report-submitter');
  const report: BareReport = {
    bytes,
    way: file.way,
    notes: [],
    hints: {
      ...(headerDomain === undefined ? {} : { headerDomain }),
      ...(file.fileName === undefined ? {} : { fileName: file.fileName }),
      ...(headerSubmitter === undefined ? {} : { headerSubmitter }),
    },
    authenticate: () => bare(''),
  };
  return await takeInAll([report], work);
}

async function takeInAll(all: readonly BareReport[], work: Work): Promise<IntakeResult> {
  const context = contextOf(work);
  const results: TakenReport[] = [];
  for (const each of all) {
    const taken = await work.gate.run(async () => await takeInReport(each, context));
    // The others are taken when it comes again; those that were taken are known then.
    if (!taken.ok) return { kind: 'later', failure: taken.failure };
    results.push(taken.value);
  }
  if (results.some(({ result }) => result !== undefined)) return { kind: 'reports', results };
  return notTaken(
    results.map(({ failure }, index) => ({ failure: failure!, bytes: all[index]!.bytes })),
  );
}

interface NotTaken {
  readonly failure: Failure;
  readonly bytes: Uint8Array;
}

/** None was a report, or none was good enough: the first says why, unless another one was a report. */
function notTaken(all: readonly NotTaken[]): IntakeResult {
  const report = all.find((one) => !isSomethingElse(one));
  if (report !== undefined) return { kind: 'refused', failure: report.failure };
  return { kind: 'not-a-report', failure: all[0]!.failure };
}

/** Was it never meant to be a report? A damaged or hostile one was. */
function isSomethingElse({ failure, bytes }: NotTaken): boolean {
  const { code } = failure;
  if (code === 'TLSRPT_REPORT_JSON') return !PACKED_OR_JSON.has(bytes[0]!);
  return ALWAYS_SOMETHING_ELSE.has(code);
}

/** How gzip, zip and JSON begin; a mail that says that its attachment is a report counts by it too. */
const PACKED_OR_JSON: ReadonlySet<number> = new Set([0x1f, 0x50, 0x7b, 0x5b]);

const ALWAYS_SOMETHING_ELSE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'TLSRPT_REPORT_NOT_A_REPORT',
  'TLSRPT_REPORT_EMPTY',
  'TLSRPT_REPORT_ZIP_NO_JSON',
]);

function count(metrics: IntakeMetrics | undefined, way: IntakeWay, result: IntakeResult): void {
  if (metrics === undefined) return;
  if (result.kind !== 'reports') {
    metrics.turnedAway(way, result.kind);
    return;
  }
  for (const { result: archived, failure } of result.results) {
    if (archived !== undefined) metrics.taken(way, archived.kind);
    else if (failure?.code === 'REPORT_INTAKE_NOT_VERIFIED') metrics.taken(way, 'not-verified');
    else metrics.taken(way, 'unreadable');
  }
}
