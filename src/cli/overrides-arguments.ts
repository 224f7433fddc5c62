/**
 * From what stands on the command line to an override; every fault is told with its cure.
 *
 * @module
 */
import { userInfo } from 'node:os';
import { parseDuration } from '../config/units.ts';
import type { ErrorCode } from '../errors.ts';
import { readStsPolicy } from '../mta-sts/policy.ts';
import { policyDomainOf } from '../tls-policy/next-hop.ts';
import type { Override, OverrideKind } from '../tls-policy/overrides.ts';
import { EXIT_USAGE } from './exit-codes.ts';
import { nextHopFrom } from './next-hop-argument.ts';
import { CommandStop, type SharedOptions } from './shared-options.ts';

/** What `overrides add` was given. */
export interface AddOptions extends SharedOptions {
  readonly skip?: boolean;
  readonly requireTls?: boolean;
  readonly enforceTesting?: boolean;
  /** A file. */
  readonly pin?: string;
  readonly reason?: string;
  readonly until?: string;
  readonly for?: string;
}

const LONGEST_REASON = 200;
const LONGEST_MS = 3_653 * 86_400_000;
const MINUTE = 60_000;

/** The domain of an override; `[relay.example.net]` names a smart host by its policy domain. */
export function overrideDomain(text: string): string {
  const domain = policyDomainOf(nextHopFrom(text, 25));
  if (domain !== undefined) return domain;
  throw new CommandStop(`${text}: an address has no policy to override`, EXIT_USAGE);
}

/** Which kind was asked for: one, and only one. */
export function overrideKind(options: AddOptions): OverrideKind {
  const asked: OverrideKind[] = [];
  if (options.skip === true) asked.push('skip');
  if (options.requireTls === true) asked.push('require-tls');
  if (options.enforceTesting === true) asked.push('enforce-testing');
  if (options.pin !== undefined) asked.push('pin');
  const [kind] = asked;
  if (kind !== undefined && asked.length === 1) return kind;
  const given = asked.length === 0 ? 'none was given' : `${asked.length} were given`;
  throw new CommandStop(
    `say what the override does, with one of --skip, --require-tls, --enforce-testing and --pin FILE (${given})`,
    EXIT_USAGE,
  );
}

/** What the pinned file says: every fault with its place, as `lint policy` tells them. */
export function pinnedText(file: string, content: Uint8Array): string {
  const reading = readStsPolicy(content);
  if (reading.value !== undefined) return reading.value.text;
  const faults = reading.problems
    .filter(({ severity }) => severity === 'error')
    .map((problem) => `${file}:${problem.line}:${problem.column}: ${problem.message}`);
  throw stop('OVERRIDE_PIN_INVALID', ['not a valid policy:', ...faults].join('\n    '));
}

/** Why, in one line. */
export function reasonFrom({ reason }: AddOptions): string {
  const text = reason?.trim() ?? '';
  if (text === '') {
    throw stop('OVERRIDE_REASON_INVALID', 'say why, with --reason "…": nobody remembers in a year');
  }
  if (text.length > LONGEST_REASON || /[\p{Cc}\p{Cf}\u2028\u2029]/u.test(text)) {
    const limit = `one line of at most ${LONGEST_REASON} characters`;
    throw stop('OVERRIDE_REASON_INVALID', `--reason is ${limit}`);
  }
  return text;
}

/** The end: a day (its beginning, UTC), a moment, or a time from now. */
export function endFrom(options: AddOptions, now: number): number {
  const { until, for: length } = options;
  if ((until === undefined) === (length === undefined)) {
    throw stop(
      'OVERRIDE_UNTIL_INVALID',
      'say when it ends, with either --until 2027-01-01 or --for 30d',
    );
  }
  const end = until === undefined ? endAfter(length ?? '', now) : endAt(until);
  if (end <= now) throw stop('OVERRIDE_UNTIL_INVALID', `${until ?? length} is over already`);
  if (end - now > LONGEST_MS) {
    throw stop('OVERRIDE_UNTIL_INVALID', `${until ?? length} is more than ten years from now`);
  }
  return end;
}

/** To the minute, so that the same command given twice in a row is the same override. */
function endAfter(length: string, now: number): number {
  const ms = parseDuration(length);
  if (ms === undefined) {
    throw stop('OVERRIDE_UNTIL_INVALID', `--for ${length}: write it like 90m, 12h or 30d`);
  }
  if (ms === 0) {
    throw stop(
      'OVERRIDE_UNTIL_INVALID',
      `--for ${length} is no time at all: write how long it holds, like 90m, 12h or 30d; \`overrides drop\` ends one now`,
    );
  }
  return Math.ceil((now + ms) / MINUTE) * MINUTE;
}

function endAt(text: string): number {
  const shape = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?Z?)?$/;
  const iso = text.length === 10 ? `${text}T00:00:00Z` : text.replace(' ', 'T').replace(/Z?$/, 'Z');
  const at = shape.test(text) ? Date.parse(iso) : Number.NaN;
  // Date.parse takes 30 February for 2 March.
  const isDay = !Number.isNaN(at) && new Date(at).toISOString().startsWith(text.slice(0, 10));
  if (isDay) return at;
  throw stop(
    'OVERRIDE_UNTIL_INVALID',
    `--until ${text}: write a day like 2027-01-01, or a moment like 2027-01-01T12:00Z`,
  );
}

/** The operating system's user; who became root with sudo is named too. */
export function whoAsks(): string {
  const user = userName();
  const before = process.env['SUDO_USER'];
  const viaSudo = process.getuid?.() === 0 && before !== undefined && before !== user;
  return viaSudo ? `${user} (sudo by ${before})` : user;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a number that no account has.
    return `uid ${process.getuid?.() ?? '?'}`;
  }
}

/** All of it together. */
export function overrideFrom(parts: {
  readonly policyDomain: string;
  readonly options: AddOptions;
  /** Of `--pin`. */
  readonly policyText: string | undefined;
  readonly now: number;
}): Override {
  const { policyDomain, options, policyText, now } = parts;
  const kind = overrideKind(options);
  const terms = {
    policyDomain,
    reason: reasonFrom(options),
    until: endFrom(options, now),
    addedAt: now,
    addedBy: whoAsks(),
  };
  return kind === 'pin' ? { ...terms, kind, policyText: policyText ?? '' } : { ...terms, kind };
}

function stop(code: ErrorCode, text: string): CommandStop {
  return new CommandStop(`${text} (${code})`, EXIT_USAGE);
}
