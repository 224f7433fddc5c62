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
import { DEFAULT_MAIL_LIMITS, type MailFacts, type ReportAttachment } from '../mail/types.ts';
import { verifyReportMail } from '../mail/verify-mail.ts';
import type { Authenticity, IntakeWay } from '../types.ts';
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
  /** The reader of mails and reports, and the verifier; default: ours. */
  readonly readMail?: typeof readReportMail;
  readonly verify?: typeof verifyReportMail;
  readonly read?: ReadReport;
}

/** Makes an intake. */
export function createIntake(options: IntakeOptions): Intake {
  const guarded = async (
    way: IntakeWay,
    bytes: Uint8Array,
    task: (settings: ReportReceiveSettings) => Promise<IntakeResult>,
  ): Promise<IntakeResult> => {
    const settings = options.settings();
    const result = sizeFailure(bytes, settings) ?? (await safely(options, () => task(settings)));
    count(options.metrics, way, result);
    return result;
  };
  return {
    message: async (bytes, way) =>
      await guarded(way, bytes, (settings) => takeInMail({ options, settings, bytes, way })),
    file: async (bytes, file) =>
      await guarded(file.way, bytes, async (settings) =>
        looksLikeMail(bytes)
          ? await takeInMail({ options, settings, bytes, way: file.way })
          : await takeInFile({ options, settings, bytes, file }),
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

/** What a stranger wrote must not stop those who read it. */
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
    return { kind: 'refused', failure: { code: 'REPORT_INTAKE_BUG', detail } };
  }
}

interface Work {
  readonly options: IntakeOptions;
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
  const authenticate = authenticator(work);
  const all = attachments.map((attachment) => ({
    ...bareOf(attachment, notes, authenticate),
    way,
  }));
  return await takeInAll(all, contextOf(work));
}

type Authenticate = (report: ReceivedReport, mail: MailFacts) => Promise<Authenticity>;

function bareOf(
  { bytes, fileName, mail }: ReportAttachment,
  notes: readonly ErrorCode[],
  authenticate: Authenticate,
): Omit<BareReport, 'way'> {
  const { headerDomain, headerSubmitter } = mail;
  return {
    bytes,
    notes,
    hints: {
      ...(headerDomain === undefined ? {} : { headerDomain }),
      ...(fileName === undefined ? {} : { fileName }),
      ...(headerSubmitter === undefined ? {} : { headerSubmitter }),
    },
    authenticate: async (report) => await authenticate(report, mail),
  };
}

/** Each mail is verified once for the same names, however many reports it has. */
function authenticator({ options, settings }: Work): Authenticate {
  if (options.check === 'nothing') {
    return async () => await Promise.resolve(bare('its signature was not checked'));
  }
  const verify = options.verify ?? verifyReportMail;
  const known = new Map<
    string,
    { readonly mail: Uint8Array; readonly is: Promise<Authenticity> }[]
  >();
  return async (report, { message, headerSubmitter }) => {
    const submitters = submittersOf(report, headerSubmitter);
    const key = JSON.stringify(submitters);
    const before = known.get(key)?.find(({ mail }) => mail === message);
    if (before !== undefined) return await before.is;
    const is = verify({
      message,
      resolver: options.resolver,
      submitters,
      requireTlsrptKey: settings.requireTlsrptKey,
      now: options.clock.now(),
    });
    known.set(key, [...(known.get(key) ?? []), { mail: message, is }]);
    return await is;
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
    authenticate: async () => await Promise.resolve(bare('')),
  };
  return await takeInAll([report], contextOf(work));
}

async function takeInAll(
  all: readonly BareReport[],
  context: TakeInReportContext,
): Promise<IntakeResult> {
  const results: TakenReport[] = [];
  for (const each of all) {
    const taken = await takeInReport(each, context);
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
