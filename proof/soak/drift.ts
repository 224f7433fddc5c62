/**
 * Is memory flat? Judged by what is held after a garbage collection, not by a single reading.
 *
 * @module
 */
import type { Holding } from './soak-child.ts';

/** A look at the service. */
export interface Look extends Holding {
  /** Different domains that had been asked for. */
  readonly domains: number;
}

/** By then every bounded cache is full; what grows afterwards has no bound. */
export const WARM_DOMAINS = 60_000;

const MIB = 1024 * 1024;
const HEAP_SLACK = { share: 0.15, octets: 16 * MIB };
const RSS_SLACK = { share: 0.25, octets: 64 * MIB };
/** Sockets that DNS and HTTPS keep for the next question. */
const FILES_SLACK = 40;
/** Whatever the caches hold, it is less than this, octets. */
const MOST_HEAP = 512 * MIB;

/** What grows without an end; empty: nothing, as far as these looks can tell. */
export function driftOf(looks: readonly Look[]): readonly string[] {
  const faults: string[] = [];
  const most = Math.max(...looks.map(({ heap }) => heap));
  if (most > MOST_HEAP) faults.push(`the heap came to ${mib(most)}`);
  const warm = looks.filter(({ domains }) => domains >= WARM_DOMAINS);
  if (warm.length < 8) return faults;
  const quarter = Math.floor(warm.length / 4);
  for (const [what, slack] of [
    ['heap', HEAP_SLACK],
    ['rss', RSS_SLACK],
  ] as const) {
    const first = median(warm.slice(0, quarter).map((look) => look[what]));
    const last = median(warm.slice(-quarter).map((look) => look[what]));
    const allowed = first + Math.max(first * slack.share, slack.octets);
    if (last > allowed) faults.push(`${what} grew from ${mib(first)} to ${mib(last)}`);
  }
  return faults;
}

/** Files that are open at rest after the load and were not before it. */
export function leakOf(before: Holding, after: Holding): string | undefined {
  if (after.files <= before.files + FILES_SLACK) return undefined;
  return `${before.files} files were open before, ${after.files} at rest afterwards`;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function mib(octets: number): string {
  return `${Math.round(octets / MIB)} MiB`;
}
