/**
 * An intake for tests that answers as it is told and keeps what it was given.
 *
 * @module
 */
import type { ReportReceiveSettings } from '../../config/reporting-types.ts';
import { loadConfig } from '../../config/load-config.ts';
import type { ErrorCode } from '../../errors.ts';
import type { Log } from '../../log/log.ts';
import type { ArchiveResult, IntakeWay } from '../types.ts';
import type { FileOptions, Intake, IntakeResult } from './types.ts';

/** What the intake was given. */
export interface Given {
  readonly bytes: Uint8Array;
  readonly way: IntakeWay;
  readonly headers?: FileOptions['headers'];
}

/** An {@link Intake} of a test. */
export interface FakeIntake extends Intake {
  readonly given: Given[];
  /** What it says to the next, by default that the report was stored. */
  answer: (bytes: Uint8Array) => IntakeResult | Promise<IntakeResult>;
}

/** Takes everything for a report and says that it is stored. */
export function fakeIntake(): FakeIntake {
  const fake: FakeIntake = {
    given: [],
    answer: () => archived({ kind: 'stored', id: '1' }),
    async message(bytes, way) {
      fake.given.push({ bytes: Uint8Array.from(bytes), way });
      return await fake.answer(bytes);
    },
    async file(bytes, { way, headers }) {
      fake.given.push({ bytes: Uint8Array.from(bytes), way, ...(headers && { headers }) });
      return await fake.answer(bytes);
    },
  };
  return fake;
}

/** Reports that the archive did this with. */
export function archived(...results: readonly ArchiveResult[]): IntakeResult {
  return {
    kind: 'reports',
    results: results.map((result) => ({
      reading: { problems: [], deviations: [] },
      authenticity: { kind: 'unauthenticated', notes: [] },
      result,
    })),
  };
}

/** Nothing was taken. */
export function notTaken(
  kind: 'not-a-report' | 'refused' | 'later',
  code: ErrorCode = 'REPORT_RECEIVER_UNREADABLE',
): IntakeResult {
  return { kind, failure: { code, detail: 'as the test says' } };
}

/** Settings with every default, but for what a test changes. */
export function receiveSettings(
  change: {
    readonly https?: Partial<ReportReceiveSettings['https']>;
    readonly smtp?: Partial<ReportReceiveSettings['smtp']>;
    readonly maildir?: Partial<ReportReceiveSettings['maildir']>;
  } & Partial<Omit<ReportReceiveSettings, 'https' | 'smtp' | 'maildir'>> = {},
): ReportReceiveSettings {
  const { receive } = loadConfig({}).value!.reporting;
  return {
    ...receive,
    ...change,
    https: { ...receive.https, listen: '127.0.0.1:0', ...change.https },
    smtp: { ...receive.smtp, listen: '127.0.0.1:0', ...change.smtp },
    maildir: { ...receive.maildir, ...change.maildir },
  };
}

/** One log line. */
export interface Line {
  readonly level: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** A log that keeps its lines. */
export function collectingLog(lines: Line[]): Log {
  const at =
    (level: string) =>
    (fields: object, message: string): void => {
      lines.push({ level, fields: fields as Line['fields'], message });
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
