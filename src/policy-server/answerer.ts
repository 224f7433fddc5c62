/**
 * Answers what MTAs ask: from memory in a map look-up, otherwise by asking the engine, and never
 * later than its budget allows.
 *
 * @module
 */
import type { Clock } from '../clock.ts';
import type { Failure } from '../failure.ts';
import type { Log } from '../log/log.ts';
import type { AnswerSource } from '../metrics/types.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Engine } from '../tls-policy/engine-types.ts';
import { nextHopText } from '../tls-policy/next-hop.ts';
import type { DecisionRecord } from '../tls-policy/types.ts';
import { AnswerCache, type Entry, type Spelling } from './answer-cache.ts';
import { answerTimes } from './answer-times.ts';
import { dialectOf } from './dialect.ts';
import { readKey } from './key.ts';
import { levelOf } from './level.ts';
import { levelMark, levelReason } from './level-mark.ts';
import { MAX_REPLY, netstringText, payloadOf } from './netstring.ts';
import { readRequest } from './request.ts';
import type { Answerer, Dialect, DomainLevel, Reply } from './types.ts';
import { replyText, writeReply } from './write-reply.ts';

/** What may change while the service runs. */
export interface AnswerSettings {
  readonly defaultDialect: Dialect;
  /** The longest that an answer takes, milliseconds. */
  readonly budgetMs: number;
  /** Longest wait for a first contact with a policy host, milliseconds. */
  readonly firstContactMs: number;
  readonly maxStaleMs: number;
  readonly mixedDane: 'secure' | 'dane';
  readonly dryRun: boolean;
}

/** What answering stands on. */
export interface AnswererOptions {
  readonly engine: Pick<Engine, 'decide'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'answered' | 'answerTook'>;
  /**
   * Called with each new decision: what to call for each answer that is made of it, where it shows a
   * policy at fault; undefined where it does not. What the MTA reports by itself does not count, and
   * nothing does while answers are being tried out.
   */
  readonly policyFailures?: PolicyFailures | undefined;
  /** The port of MX hosts, for keys that name none. */
  readonly smtpPort: number;
  /** Policy domains whose answers are kept at most. */
  readonly maxEntries: number;
  /** Read at each look-up, so that a reload needs no new cache. */
  readonly settings: () => AnswerSettings;
}

/** Finds out what a report has to say of a decision alone; see {@link AnswererOptions}. */
export type PolicyFailures = (decision: DecisionRecord) =>
  | {
      /** Counts every fault of the policies, once, at a time. */
      readonly all: (at: number) => void;
      /** Only those that no answer tells the MTA. */
      readonly untold: ((at: number) => void) | undefined;
    }
  | undefined;

/** An answerer whose replies carry their framing: what the server sends as it is. */
export interface FramingAnswerer extends Answerer {
  /**
   * The reply to a request as a whole netstring: at once where it is at hand. Never rejects.
   * Request and reply have an octet in each character (latin1).
   */
  frame(request: string): string | Promise<string>;
  /** Policy domains whose answers are kept. */
  readonly size: number;
}

/** Sendmail gives up after five seconds, and then the message waits. */
const SENDMAIL_BUDGET_MS = 4_000;
/** What a first contact leaves of the budget for DNS, so that a slow policy host alone is no TEMP. */
const FIRST_CONTACT_SHARE = 0.8;
/** What is then left of the budget for the database to say what it knows. */
const LAST_LOOK_SHARE = 0.1;
/** Renewals behind at once; further ones wait for the next request. */
const MAX_RENEWALS = 256;
/** How often a look-up is made again because its ground was forgotten meanwhile. */
const MAX_TRIES = 3;

const NOT_FOUND = netstringText(replyText({ kind: 'not-found' }));

/** Makes one with an empty cache. */
export function createAnswerer(options: AnswererOptions): FramingAnswerer {
  return new CachingAnswerer(options);
}

class CachingAnswerer implements FramingAnswerer {
  readonly #options: AnswererOptions;
  readonly #clock: Clock;
  readonly #metrics: AnswererOptions['metrics'];
  readonly #cache: AnswerCache;
  /** Look-ups that hardly wait for a policy, beside those that do. */
  readonly #lastLooks = new Map<Entry, Promise<void>>();
  #renewals = 0;

  constructor(options: AnswererOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#metrics = options.metrics;
    this.#cache = new AnswerCache(options.maxEntries);
  }

  get size(): number {
    return this.#cache.size;
  }

  answer(request: Buffer): Buffer | Promise<Buffer> {
    const framed = this.frame(request.toString('latin1'));
    return typeof framed === 'string' ? payloadOf(framed) : framed.then(payloadOf);
  }

  forget(policyDomain?: string): void {
    this.#cache.forget(policyDomain);
  }

  /** The hot path. */
  frame(request: string): string | Promise<string> {
    const spelling = this.#cache.spelling(request) ?? this.#newSpelling(request);
    if (spelling === undefined) return NOT_FOUND;
    const now = this.#clock.now();
    const { entry } = spelling;
    // What was made in the future was made by a wrong clock, and would outlive its evidence.
    if (now >= entry.staleUntil || now < entry.madeAt) return this.#cold(spelling, now);
    entry.used = true;
    if (now < entry.freshUntil) return this.#given(spelling, 'hit');
    if (this.#renewals < MAX_RENEWALS) void this.#renew(entry, spelling.dialect);
    return this.#given(spelling, 'stale');
  }

  /** Undefined where there can be no policy. */
  #newSpelling(request: string): Spelling | undefined {
    const { mapName, key } = readRequest(request) ?? { mapName: '', key: '' };
    const dialect = dialectOf(mapName, this.#options.settings().defaultDialect);
    const nextHop = readKey(key, this.#options.smtpPort);
    if (nextHop === undefined) {
      this.#metrics.answered(dialect, 'no-domain', 'hit');
      return undefined;
    }
    const entry = this.#cache.entry(nextHop);
    const spelling = { entry, dialect, frame: undefined, frameLevel: undefined };
    this.#cache.remember(request, spelling);
    return spelling;
  }

  #given(spelling: Spelling, source: AnswerSource): string {
    const { entry, dialect, frame } = spelling;
    this.#metrics.answered(dialect, entry.kind, source);
    if (this.#options.settings().dryRun) return NOT_FOUND;
    if (entry.atFault !== undefined) faultOf(entry, dialect)?.(this.#clock.now());
    return frame !== undefined && spelling.frameLevel === entry.level ? frame : makeFrame(spelling);
  }

  #cold(spelling: Spelling, startedAt: number): string | Promise<string> {
    const isJoined = spelling.entry.renewal !== undefined;
    const renewed = this.#renew(spelling.entry, spelling.dialect);
    // Trying out must not hold mail up.
    if (this.#options.settings().dryRun) {
      void renewed.then(() => this.#given(spelling, 'cold'));
      return NOT_FOUND;
    }
    const known = isJoined ? this.#orLastLook(spelling, renewed) : renewed;
    return this.#afterRenewal(spelling, known, startedAt);
  }

  /**
   * Who joins the look-up of a more patient MTA gets what it would get alone: once its own time for
   * a first contact is over, what there is without the policy.
   */
  async #orLastLook({ entry, dialect }: Spelling, renewed: Promise<void>): Promise<void> {
    const budgetMs = this.#budget(dialect);
    if (budgetMs >= this.#options.settings().budgetMs) return await renewed;
    if (await within(renewed, budgetMs * FIRST_CONTACT_SHARE, this.#clock)) return undefined;
    // Another one in the same place may have it already.
    if (this.#clock.now() < entry.freshUntil) return undefined;
    const known = this.#lastLooks.get(entry) ?? this.#lookUp(entry, budgetMs * LAST_LOOK_SHARE);
    this.#lastLooks.set(entry, known);
    await Promise.race([renewed, known.finally(() => this.#lastLooks.delete(entry))]);
  }

  async #afterRenewal(
    spelling: Spelling,
    renewed: Promise<void>,
    startedAt: number,
  ): Promise<string> {
    const { entry, dialect } = spelling;
    const budgetMs = this.#budget(dialect);
    const inTime = await within(renewed, budgetMs, this.#clock);
    this.#metrics.answerTook(this.#clock.now() - startedAt);
    if (inTime) return this.#given(spelling, 'cold');
    this.#metrics.answered(dialect, 'temp', 'cold');
    return frameOf(tempOf(lateFailure(nextHopText(entry.nextHop), budgetMs)));
  }

  #budget(dialect: Dialect): number {
    const { budgetMs } = this.#options.settings();
    return dialect === 'sendmail' ? Math.min(budgetMs, SENDMAIL_BUDGET_MS) : budgetMs;
  }

  /** Finds the answer out; joins whoever does already. Never rejects. */
  #renew(entry: Entry, dialect: Dialect): Promise<void> {
    if (entry.renewal !== undefined) return entry.renewal;
    this.#renewals += 1;
    const { firstContactMs } = this.#options.settings();
    const patienceMs = Math.min(firstContactMs, this.#budget(dialect) * FIRST_CONTACT_SHARE);
    const renewal = this.#lookUp(entry, patienceMs).finally(() => {
      this.#renewals -= 1;
      entry.renewal = undefined;
    });
    entry.renewal = renewal;
    return renewal;
  }

  /** @param patienceMs how long a first contact may take */
  async #lookUp(entry: Entry, patienceMs: number): Promise<void> {
    try {
      const { record, current } = await this.#decide(entry, patienceMs);
      const settings = this.#options.settings();
      this.#keep(entry, levelOf(record, { mixedDane: settings.mixedDane }));
      const faults = this.#options.policyFailures?.(record);
      entry.atFault = faults?.all;
      // Told to wait, the MTA opens no session, and has nothing to report.
      entry.untold = entry.kind === 'temp' ? faults?.all : faults?.untold;
      const times = answerTimes(record, entry.level!, settings.maxStaleMs);
      entry.madeAt = Math.min(record.evidence.gatheredAt, this.#clock.now());
      entry.freshUntil = current ? times.freshUntil : 0;
      entry.staleUntil = current ? times.staleUntil : 0;
    } catch (error) {
      const failure = brokenFailure(nextHopText(entry.nextHop), error);
      this.#options.log.error({ event: 'answer-failed', ...failure }, failure.detail);
      this.#keep(entry, { kind: 'temp', failure });
      entry.atFault = undefined;
      entry.untold = undefined;
      entry.freshUntil = 0;
      entry.staleUntil = 0;
    }
  }

  /** A decision on ground that was forgotten meanwhile is made again: a policy has just come, most likely. */
  async #decide(
    entry: Entry,
    budgetMs: number,
  ): Promise<{ readonly record: DecisionRecord; readonly current: boolean }> {
    for (let attempt = 1; ; attempt += 1) {
      const { generation } = entry;
      const record = await this.#options.engine.decide(entry.nextHop, { budgetMs });
      const current = generation === entry.generation;
      if (current || attempt >= MAX_TRIES) return { record, current };
    }
  }

  #keep(entry: Entry, level: DomainLevel): void {
    const before = entry.level;
    entry.level = level;
    entry.kind = level.kind;
    this.#tell(entry, before, level);
  }

  /** One line for each change. A first contact is news only while answers are being tried out. */
  #tell(entry: Entry, before: DomainLevel | undefined, level: DomainLevel): void {
    const from = before === undefined ? undefined : levelMark(before);
    const to = levelMark(level);
    if (from === to) return;
    const { log } = this.#options;
    const { dryRun } = this.#options.settings();
    const domain = nextHopText(entry.nextHop);
    const why = levelReason(level);
    const fields = {
      event: 'decision-changed',
      domain,
      from,
      to,
      why,
      ...(dryRun ? { dryRun } : {}),
    };
    const message = `${domain}: ${from ?? 'first contact'} → ${to}: ${why}`;
    const isNews = from !== undefined || (dryRun && level.kind !== 'none');
    if (isNews) log.info(fields, message);
    else log.debug(fields, message);
  }
}

/**
 * Postfix with TLSRPT tells of its sessions by datagram, and of what it sees of policies; the map of
 * REQUIRETLS is asked beside another one for the same message.
 */
function faultOf(entry: Entry, dialect: Dialect): Entry['atFault'] {
  switch (dialect) {
    case 'postfix-tlsrpt':
      return entry.untold;
    case 'requiretls':
      return undefined;
    case 'postfix':
    case 'exim':
    case 'sendmail':
      return entry.atFault;
    default:
      return dialect satisfies never;
  }
}

function makeFrame(spelling: Spelling): string {
  const { level } = spelling.entry;
  const frame = level === undefined ? NOT_FOUND : frameOf(writeReply(spelling.dialect, level));
  spelling.frame = frame;
  spelling.frameLevel = level;
  return frame;
}

/** The last guard on the length: what Postfix would refuse must not be sent. */
function frameOf(reply: Reply): string {
  if (reply.kind === 'not-found') return NOT_FOUND;
  const text = Buffer.from(replyText(reply));
  if (text.length <= MAX_REPLY) return netstringText(text);
  return netstringText(replyText({ kind: 'temp', reason: 'the answer is too long' }));
}

/** True once `promise` is done, false after `ms`. */
async function within(promise: Promise<void>, ms: number, clock: Clock): Promise<boolean> {
  return await new Promise<boolean>((resolve) => {
    const timer = clock.after(ms, () => resolve(false));
    void promise.then(() => {
      timer.cancel();
      resolve(true);
    });
  });
}

function tempOf(failure: Failure): Reply {
  return writeReply('postfix', { kind: 'temp', failure });
}

function lateFailure(nextHop: string, budgetMs: number): Failure {
  return {
    code: 'POLICY_ANSWER_LATE',
    detail: `DNS did not answer for ${nextHop} within ${budgetMs} ms`,
  };
}

function brokenFailure(nextHop: string, error: unknown): Failure {
  return { code: 'POLICY_ANSWER_BROKEN', detail: `no decision for ${nextHop}: ${String(error)}` };
}
