/**
 * A report as a file: its name, its id, its gzip form (RFC 8460 §5.1, §5.2).
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { normalizeName } from '../dns/name.ts';
import { MAX_REPORT_ID } from './write-report.ts';

const DAY_MS = 86_400_000;
/** Longest right part of a report-id, so that there is room for the left one. */
const MAX_RIGHT = 63;
/** RFC 8460 §5.1: `unique-id`. */
const UNIQUE = /^[A-Za-z0-9]+$/;
/** Longer names are nobody's. */
const MAX_FILE_NAME = 1024;

/** What the name of a report file says. Milliseconds since the Unix epoch, half-open. */
export interface ReportFileName {
  /** The domain of the contact. A-labels. */
  readonly submitter: string;
  /** The policy domain. A-labels. */
  readonly domain: string;
  readonly start: number;
  readonly end: number;
  /** Letters and digits; absent where there is one file for these times. */
  readonly unique?: string;
  /** gzip. */
  readonly packed: boolean;
}

/** What makes a report that report: the same facts give the same id, on every node, after every crash. */
export interface ReportIdFacts {
  /** UTC day, in days since 1970-01-01. */
  readonly day: number;
  readonly domain: string;
  readonly submitter: string;
  /** Letters and digits, where a domain gets more than one report for a day; 1 where absent. */
  readonly part?: string | number;
}

/** A report in gzip form: the same bytes for the same report, whatever the clock and the system. */
export function packReport(json: Uint8Array): Uint8Array {
  const packed = gzipSync(json, { level: 9 });
  // RFC 1952 §2.3.1: no time, and "unknown" in place of the system.
  packed.fill(0, 4, 8);
  packed[9] = 255;
  return packed;
}

/**
 * The name of a report file. Domains become A-labels; `end` is written as the second before it.
 *
 * @throws TypeError for what is no domain, no full second or no unique-id
 */
export function reportFileName(facts: ReportFileName): string {
  const { start, end, unique } = facts;
  if (unique !== undefined && !UNIQUE.test(unique)) {
    throw new TypeError(`unique-id ${JSON.stringify(unique)} has more than letters and digits`);
  }
  const parts = [
    aLabels(facts.submitter),
    aLabels(facts.domain),
    String(seconds(start)),
    String(seconds(end) - 1),
    ...(unique === undefined ? [] : [unique]),
  ];
  return `${parts.join('!')}.json${facts.packed ? '.gz' : ''}`;
}

/**
 * Reads the name of somebody's report file, for want of better knowledge: what the report itself
 * says comes first (RFC 8460 §5.6). A path before the name is dropped, odd unique-ids are kept.
 *
 * @returns undefined where the name says nothing
 */
export function parseReportFileName(name: string): ReportFileName | undefined {
  if (name.length > MAX_FILE_NAME) return undefined;
  const base = name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1).trim();
  const extension = /(?:\.json)?(?:\.gz|\.gzip|\.zip)?$/i.exec(base)?.[0] ?? '';
  const [sender, policyDomain, begin, last, ...rest] = base
    .slice(0, base.length - extension.length)
    .split('!');
  const submitter = normalizeName(sender ?? '');
  const domain = normalizeName(policyDomain ?? '');
  const [start, final] = [unixSeconds(begin), unixSeconds(last)];
  if (!submitter.ok || !domain.ok || start === undefined || final === undefined) return undefined;
  // Some write the last second, others the moment after it.
  const end = final % 60 === 59 ? final + 1 : final;
  if (start >= end) return undefined;
  const unique = rest.join('!');
  return {
    submitter: submitter.value,
    domain: domain.value,
    start: start * 1000,
    end: end * 1000,
    ...(unique === '' ? {} : { unique }),
    packed: /\.gz(?:ip)?$/i.test(extension),
  };
}

/**
 * The id of a report, `DAY_DOMAIN_PART@SUBMITTER`, at most 128 characters: a domain that is too
 * long is replaced by its digest, a submitter is cut to its last labels.
 *
 * @throws TypeError for what is no domain, no day or no part
 */
export function reportId({ day, domain, submitter, part = 1 }: ReportIdFacts): string {
  if (!Number.isSafeInteger(day) || !UNIQUE.test(String(part))) {
    throw new TypeError(`no report-id for day ${day}, part ${JSON.stringify(part)}`);
  }
  const date = new Date(day * DAY_MS).toISOString().slice(0, 10);
  const [about, from] = [aLabels(domain), aLabels(submitter)];
  const id = `${date}_${about}_${part}@${from}`;
  if (id.length <= MAX_REPORT_ID) return id;
  const digest = createHash('sha256').update(`${about}\n${from}`).digest('hex').slice(0, 32);
  const short = `${date}_${digest}_${part}@${lastLabels(from)}`;
  if (short.length > MAX_REPORT_ID) throw new TypeError(`part ${part} is too long`);
  return short;
}

function lastLabels(domain: string): string {
  if (domain.length <= MAX_RIGHT) return domain;
  const tail = domain.slice(-MAX_RIGHT - 1);
  return tail.slice(tail.indexOf('.') + 1);
}

function aLabels(domain: string): string {
  const name = normalizeName(domain);
  if (!name.ok) throw new TypeError(name.failure.detail);
  return name.value;
}

function seconds(at: number): number {
  if (!Number.isSafeInteger(at) || at < 0 || at % 1000 !== 0) {
    throw new TypeError(`${at} ms is no full second`);
  }
  return at / 1000;
}

function unixSeconds(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,11}$/.test(text) ? Number(text) : undefined;
}
