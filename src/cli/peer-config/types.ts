/**
 * What the configuration of another program comes to here.
 *
 * @module
 */

/** A setting that takes the place of one or several of the other program's. */
export interface Taken {
  /** Key of our file: `mta_sts.recheck`. */
  readonly key: string;
  readonly value: string | number | boolean | readonly string[];
  /** What it stands for: `cache_grace: 60`. */
  readonly from: string;
}

/** Something that is not taken over, and why, or what to do instead. */
export interface Left {
  /** As in the other file: `zones.partner.strict_testing`. */
  readonly key: string;
  readonly why: string;
}

/** All of it. */
export interface Conversion {
  readonly taken: readonly Taken[];
  readonly left: readonly Left[];
}

/** A map of the other file. */
export type Tree = Readonly<Record<string, unknown>>;

/** Collects a conversion key by key, so that nothing of the other file is passed over in silence. */
export class Converter {
  readonly #taken: Taken[] = [];
  readonly #left: Left[] = [];

  /** Takes a setting over. */
  take(key: string, value: Taken['value'], from: string): void {
    this.#taken.push({ key, value, from });
  }

  /** Says what becomes of a setting that has no counterpart. */
  leave(key: string, why: string): void {
    this.#left.push({ key, why });
  }

  /** Says so of every key of `tree` that is not in `known`. */
  leaveUnknown(tree: Tree, known: readonly string[], prefix = ''): void {
    for (const key of Object.keys(tree)) {
      if (!known.includes(key)) this.leave(`${prefix}${key}`, 'this release does not know it');
    }
  }

  /** What was collected. */
  get conversion(): Conversion {
    return { taken: this.#taken, left: this.#left };
  }
}

/** A map, or an empty one for anything else. */
export function mapOf(value: unknown): Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Tree)
    : {};
}

/** Seconds, whole or not, as a duration of ours; undefined for what is no number. */
export function secondsText(value: unknown): string | undefined {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) return undefined;
  return Number.isInteger(value) ? `${value}s` : `${Math.round(value * 1000)}ms`;
}

/** A file mode, however it was written: YAML 1.1 reads 0666 as 438, `0o666` stays a text. */
export function modeText(value: unknown): string | undefined {
  const number =
    typeof value === 'string' && /^(?:0o?)?[0-7]{3}$/.test(value)
      ? Number.parseInt(value.replace(/^0o?/, ''), 8)
      : value;
  if (typeof number !== 'number' || !Number.isInteger(number)) return undefined;
  return number >= 0 && number <= 0o777 ? `0${number.toString(8).padStart(3, '0')}` : undefined;
}

/** A value of the other file in a comment: on one line, cut where it is long. */
export function valueText(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/** A text or a number as it would be written; JSON of anything else, which no setting takes. */
export function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : valueText(value);
}
