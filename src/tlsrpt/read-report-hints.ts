/**
 * What stands around a report: the header of its mail, its file name, its own id. Hints, never more.
 *
 * @module
 */
import { normalizeName } from '../dns/name.ts';

/** What is known of a report from outside (RFC 8460 §5.1, §5.3). The report itself always wins (§5.6). */
export interface ReportHints {
  /** `TLS-Report-Domain`. */
  readonly headerDomain?: string;
  readonly fileName?: string;
  /** `TLS-Report-Submitter`. */
  readonly headerSubmitter?: string;
  /** What it was unpacked from: said of what turns out to be no report. */
  readonly packedAs?: 'gzip' | 'zip';
}

/** What a file name says (RFC 8460 §5.1), where it says it. */
export interface FileNameFacts {
  readonly domain?: string;
  /** Half-open, in milliseconds. */
  readonly range?: { readonly start: number; readonly end: number };
}

const LONGEST_HINT = 1000;

/** `sender!policy-domain!begin!end[!unique].json[.gz]`, without the directory before it. */
export function fileNameFacts(fileName: string | undefined): FileNameFacts {
  if (fileName === undefined || fileName.length > LONGEST_HINT) return {};
  // Before anything else is asked: mails in a folder have names that say nothing.
  if (!fileName.includes('!')) return {};
  const base = fileName.slice(1 + Math.max(fileName.lastIndexOf('/'), fileName.lastIndexOf('\\')));
  const [, domain, begin, end] = withoutSuffixes(base).split('!');
  const name = domainIn(domain);
  const range = rangeIn(begin, end);
  return {
    ...(name === undefined ? {} : { domain: name }),
    ...(range === undefined ? {} : { range }),
  };
}

function withoutSuffixes(name: string): string {
  let end = name.length;
  for (;;) {
    const suffix = SUFFIX.exec(name.slice(Math.max(0, end - LONGEST_SUFFIX), end))?.[0];
    if (suffix === undefined) return name.slice(0, end);
    end -= suffix.length;
  }
}

const SUFFIX = /\.(?:json|gz|zip)$/i;
const LONGEST_SUFFIX = 5;

/**
 * The domain at the end of an id: `2026-03-01T00:00:00Z_example.com`, `1337+example.com`. What
 * follows an `@` is the reporter's own.
 */
export function domainOfReportId(reportId: string): string | undefined {
  if (reportId.length > LONGEST_HINT) return undefined;
  const [left = ''] = reportId.split('@');
  const parts = left.split(/[_+]/).slice(1).reverse();
  for (const part of parts) {
    const domain = domainIn(part);
    if (domain !== undefined) return domain;
  }
  return undefined;
}

/** A domain name with at least two labels, in normal form. */
export function domainIn(text: string | undefined): string | undefined {
  if (text === undefined || text.length > LONGEST_HINT) return undefined;
  const name = normalizeName(text.trim(), { hostName: true });
  return name.ok && name.value.includes('.') ? name.value : undefined;
}

function rangeIn(
  begin: string | undefined,
  end: string | undefined,
): { readonly start: number; readonly end: number } | undefined {
  if (begin === undefined || end === undefined) return undefined;
  if (!/^\d{9,11}$/.test(begin) || !/^\d{9,11}$/.test(end)) return undefined;
  const last = Number(end);
  // An end of 23:59:59 is the last second of the range.
  return { start: Number(begin) * 1000, end: (last % 60 === 59 ? last + 1 : last) * 1000 };
}
