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
import { AnswerCache, type Entry, noteUse } from './answer-cache.ts';
import { answerTimes } from './answer-times.ts';
import { dialectOf } from './dialect.ts';
import { readKey } from './key.ts';
import { levelOf } from './level.ts';
import { levelMark, levelReason } from './level-mark.ts';
import { MAX_REPLY, payloadOf, writeNetstring } from './netstring.ts';
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
  /** The port of MX hosts, for keys that name none. */
  readonly smtpPort: number;
  /** Policy domains whose answers are kept at most. */
  readonly maxEntries: number;
  /** Read at each look-up, so that a reload needs no new cache. */
  readonly settings: () => AnswerSettings;
}

/** An answerer whose replies carry their framing: what the server sends as it is. */
export interface FramingAnswerer extends Answerer {
  /**
   * The reply to a request as a whole netstring: at once where it is at hand. Never rejects. The
   * octets belong to the cache.
   *
   * @param request an octet in each character (latin1)
   */
  frame(request: string): Buffer | Promise<Buffer>;
  /** Policy domains whose answers are kept. */
  readonly size: number;
}

/** Sendmail gives up after five seconds, and then the message waits. */
const SENDMAIL_BUDGET_MS = 4_000;
/** What a first contact leaves of the budget for DNS, so that a slow policy host alone is no TEMP. */
const FIRST_CONTACT_SHARE = 0.8;
/** Renewals behind at once; further ones wait for the next request. */
const MAX_RENEWALS = 256;
/** How often a look-up is made again because its ground was forgotten meanwhile. */
const MAX_TRIES = 3;

const DIALECT_PLACE: Readonly<Record<Dialect, number>> = {
  postfix: 0,
  'postfix-tlsrpt': 1,
  sendmail: 2,
  exim: 3,
  requiretls: 4,
};

const NOT_FOUND = writeNetstring(replyText({ kind: 'not-found' }));

/** Makes one with an empty cache. */
export function createAnswerer(options: AnswererOptions): FramingAnswerer {
  return new CachingAnswerer(options);
}

class CachingAnswerer implements FramingAnswerer {
  readonly #options: AnswererOptions;
  readonly #clock: Clock;
  readonly #metrics: AnswererOptions['metrics'];
  readonly #cache: AnswerCache;
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
    return framed instanceof Promise ? framed.then(payloadOf) : payloadOf(framed);
  }

  forget(policyDomain?: string): void {
    this.#cache.forget(policyDomain);
  }

  frame(request: string): Buffer | Promise<Buffer> {
    const known = this.#cache.spelling(request);
    return known === undefined
      ? this.#newSpelling(request)
      : this.#answer(known.entry, known.dialect);
  }

  #newSpelling(request: string): Buffer | Promise<Buffer> {
    const { mapName, key } = readRequest(request) ?? { mapName: '', key: '' };
    const dialect = dialectOf(mapName, this.#options.settings().defaultDialect);
    const nextHop = readKey(key, this.#options.smtpPort);
    if (nextHop === undefined) {
      this.#metrics.answered(dialect, 'no-domain', 'hit');
      return NOT_FOUND;
    }
    const entry = this.#cache.entry(nextHop);
    this.#cache.remember(request, { entry, dialect });
    return this.#answer(entry, dialect);
  }

  /** The hot path. */
  #answer(entry: Entry, dialect: Dialect): Buffer | Promise<Buffer> {
    const now = this.#clock.now();
    const { level } = entry;
    // What was made in the future was made by a wrong clock, and would outlive its evidence.
    if (level === undefined || now >= entry.staleUntil || now < entry.madeAt) {
      return this.#cold(entry, dialect, now);
    }
    noteUse(entry);
    if (now < entry.freshUntil) return this.#given(entry, dialect, 'hit');
    if (this.#renewals < MAX_RENEWALS) void this.#renew(entry, dialect);
    return this.#given(entry, dialect, 'stale');
  }

  #given(entry: Entry, dialect: Dialect, source: AnswerSource): Buffer {
    this.#metrics.answered(dialect, entry.level?.kind ?? 'none', source);
    const place = DIALECT_PLACE[dialect];
    const made = entry.frames[place] ?? this.#makeFrame(entry, dialect, place);
    return this.#options.settings().dryRun ? NOT_FOUND : made;
  }

  #makeFrame(entry: Entry, dialect: Dialect, place: number): Buffer {
    if (entry.level === undefined) return NOT_FOUND;
    const frame = frameOf(writeReply(dialect, entry.level));
    entry.frames[place] = frame;
    return frame;
  }

  #cold(entry: Entry, dialect: Dialect, startedAt: number): Buffer | Promise<Buffer> {
    const renewed = this.#renew(entry, dialect);
    // Trying out must not hold mail up.
    if (this.#options.settings().dryRun) {
      void renewed.then(() => this.#given(entry, dialect, 'cold'));
      return NOT_FOUND;
    }
    return this.#afterRenewal(entry, { dialect, startedAt, renewed });
  }

  async #afterRenewal(
    entry: Entry,
    wait: {
      readonly dialect: Dialect;
      readonly startedAt: number;
      readonly renewed: Promise<void>;
    },
  ): Promise<Buffer> {
    const { dialect, startedAt, renewed } = wait;
    const budgetMs = this.#budget(dialect);
    const inTime = await within(renewed, budgetMs, this.#clock);
    this.#metrics.answerTook(this.#clock.now() - startedAt);
    if (inTime && entry.level !== undefined) return this.#given(entry, dialect, 'cold');
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
    const renewal = this.#lookUp(entry, dialect).finally(() => {
      this.#renewals -= 1;
      entry.renewal = undefined;
    });
    entry.renewal = renewal;
    return renewal;
  }

  async #lookUp(entry: Entry, dialect: Dialect): Promise<void> {
    try {
      const { record, current } = await this.#decide(entry, dialect);
      const settings = this.#options.settings();
      this.#keep(entry, levelOf(record, { mixedDane: settings.mixedDane }));
      const times = answerTimes(record, entry.level!, settings.maxStaleMs);
      entry.madeAt = Math.min(record.evidence.gatheredAt, this.#clock.now());
      entry.freshUntil = current ? times.freshUntil : 0;
      entry.staleUntil = current ? times.staleUntil : 0;
    } catch (error) {
      const failure = brokenFailure(nextHopText(entry.nextHop), error);
      this.#options.log.error({ event: 'answer-failed', ...failure }, failure.detail);
      this.#keep(entry, { kind: 'temp', failure });
      entry.freshUntil = 0;
      entry.staleUntil = 0;
    }
  }

  /** A decision on ground that was forgotten meanwhile is made again: a policy has just come, most likely. */
  async #decide(
    entry: Entry,
    dialect: Dialect,
  ): Promise<{ readonly record: DecisionRecord; readonly current: boolean }> {
    const { firstContactMs } = this.#options.settings();
    const budgetMs = Math.min(firstContactMs, this.#budget(dialect) * FIRST_CONTACT_SHARE);
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
    entry.frames.length = 0;
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

/** The last guard on the length: what Postfix would refuse must not be sent. */
function frameOf(reply: Reply): Buffer {
  if (reply.kind === 'not-found') return NOT_FOUND;
  const text = Buffer.from(replyText(reply));
  if (text.length <= MAX_REPLY) return writeNetstring(text);
  return writeNetstring(replyText({ kind: 'temp', reason: 'the answer is too long' }));
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
