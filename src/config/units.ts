/**
 * Durations and sizes as people write them.
 *
 * @module
 */

const MS_OF: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const OCTETS_OF: Readonly<Record<string, number>> = { B: 1, KiB: 1_024, MiB: 1_048_576 };

/** `500ms`, `60s`, `5m`, `24h`, `30d` → milliseconds; undefined if it is none of these. */
export function parseDuration(text: string): number | undefined {
  return scaled(/^(\d{1,12})(ms|s|m|h|d)$/.exec(text), MS_OF);
}

/** `512B`, `64KiB`, `1MiB` → octets; undefined if it is none of these. */
export function parseSize(text: string): number | undefined {
  return scaled(/^(\d{1,12})(B|KiB|MiB)$/.exec(text), OCTETS_OF);
}

/** Milliseconds → the shortest exact text that {@link parseDuration} reads. */
export function durationText(ms: number): string {
  return written(ms, MS_OF, 'ms');
}

/** Octets → the shortest exact text that {@link parseSize} reads. */
export function sizeText(octets: number): string {
  return written(octets, OCTETS_OF, 'B');
}

function scaled(
  match: RegExpExecArray | null,
  units: Readonly<Record<string, number>>,
): number | undefined {
  if (match === null) return undefined;
  const value = Number(match[1]) * units[match[2]!]!;
  return Number.isSafeInteger(value) ? value : undefined;
}

function written(value: number, units: Readonly<Record<string, number>>, least: string): string {
  const fitting = Object.entries(units).filter(([, size]) => value > 0 && value % size === 0);
  const [unit, size] = fitting.at(-1) ?? [least, 1];
  return `${value / size}${unit}`;
}
