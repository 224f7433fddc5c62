/**
 * Log lines: JSON or text, one event a line.
 *
 * @module
 */
import { pino } from 'pino';

/** Where log lines go. The first argument is what a machine reads, the second what a person does. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** How much is logged. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** `json`: for machines, one object a line. `text`: for people. */
export type LogFormat = 'json' | 'text';

/** Takes finished lines; standard error where none is given. */
export interface LogSink {
  write(line: string): void;
}

/** How a log is made. */
export interface LogOptions {
  readonly format?: LogFormat;
  readonly sink?: LogSink;
}

/** A log whose level can be changed while it is in use. */
export interface LeveledLog extends Log {
  setLevel(level: LogLevel): void;
}

/** A log of JSON lines on standard error, unless the options say otherwise. */
export function createLog(level: LogLevel, options: LogOptions = {}): LeveledLog {
  const { format = 'json', sink = pino.destination({ dest: 2, sync: true }) } = options;
  const log = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    format === 'json' ? sink : { write: (line: string) => sink.write(textLine(line)) },
  );
  return Object.assign(log, {
    setLevel: (next: LogLevel) => {
      log.level = next;
    },
  });
}

/** `2026-01-01T00:00:00.000Z WARN what happened (key=value …)`. */
function textLine(json: string): string {
  const { time, level, msg, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const pairs = Object.entries(fields).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  const tail = pairs.length === 0 ? '' : ` (${pairs.join(' ')})`;
  return `${oneLine(time)} ${oneLine(level).toUpperCase()} ${oneLine(msg)}${tail}\n`;
}

/** Texts of strangers must not be able to forge a line of the log. */
function oneLine(value: unknown): string {
  // oxlint-disable-next-line no-control-regex
  return typeof value === 'string'
    ? value.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '?')
    : '';
}

/** A log that keeps nothing. */
export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
