/**
 * Single values of a report, taken as they are meant: texts, numbers, lists, objects.
 *
 * @module
 */
import { quoted } from '../problems.ts';
import type { JsonNode } from './read-report-json.ts';
import type { Place, ReportCode, ReportNotes } from './read-report-notes.ts';

/** Longest text kept, in UTF-16 units. */
export const LONGEST_TEXT = 4096;
/** Most strings of one policy. */
const LONGEST_LIST = 1000;

/** A value that is there, `null` excepted. */
export interface Found extends Place {
  readonly node: JsonNode;
}

/** An object whose keys are asked for by name. */
export interface Fields extends Place {
  /** Is the object there at all? */
  readonly isThere: boolean;
  /** The value of a key; undefined where it is absent or `null`. */
  get(key: string): Found | undefined;
}

/** The keys of an object, each with the other names it is known to have. */
export type KnownKeys = Readonly<Record<string, readonly string[]>>;

/** Opens an object; anything else is noted and read as an empty one. */
export function openFields(
  found: Found | undefined,
  { parent, known, notes }: { parent: Place; known: KnownKeys; notes: ReportNotes },
): Fields {
  if (found === undefined) return { ...parent, isThere: false, get: () => undefined };
  const { node, path, at } = found;
  if (node.kind !== 'object') {
    notes.add('TLSRPT_REPORT_TYPE', found, `an object is expected, not ${kindText(node)}`);
    return { path, at, isThere: false, get: () => undefined };
  }
  noteUnknown(node.fields, { path, known, notes });
  return {
    path,
    at,
    isThere: true,
    get(key) {
      const value = node.fields.get(key);
      if (value !== undefined && !isNull(value)) return child(path, key, value);
      for (const name of known[key] ?? []) {
        const other = node.fields.get(name);
        if (other === undefined || isNull(other)) continue;
        const found = child(path, name, other);
        notes.add('TLSRPT_REPORT_KEY_ALIAS', found, `the key is called ${quoted(key)}`);
        return found;
      }
      return undefined;
    },
  };
}

/** A text; numbers and the like are taken as written. */
export function readText(found: Found | undefined, notes: ReportNotes): string | undefined {
  if (found === undefined) return undefined;
  const { node } = found;
  switch (node.kind) {
    case 'string':
      return fitText(node.value, found, notes);
    case 'number':
      notes.add('TLSRPT_REPORT_TYPE', found, 'a string is expected, not a number');
      return node.source;
    case 'literal':
    case 'array':
    case 'object':
      notes.add('TLSRPT_REPORT_TYPE', found, `a string is expected, not ${kindText(node)}`);
      return undefined;
  }
}

/** A text without the white space around it; undefined where nothing is left. */
export function readWord(found: Found | undefined, notes: ReportNotes): string | undefined {
  const word = readText(found, notes)?.trim();
  return word === '' ? undefined : word;
}

/**
 * A number of sessions; undefined where it is missing. A number that cannot be one makes the whole
 * report worthless, and counts as 0.
 */
export function readCount(found: Found | undefined, notes: ReportNotes): number | undefined {
  if (found === undefined) return undefined;
  const { node } = found;
  if (node.kind === 'number' && /^\d{1,16}$/.test(node.source)) {
    // 2^53 and more have been rounded by then, never to something that is safe.
    const count = Number(node.source);
    if (Number.isSafeInteger(count)) return count;
  }
  if (node.kind === 'string' && /^\d{1,15}$/.test(node.value)) {
    notes.add('TLSRPT_REPORT_COUNT_AS_STRING', found, `the number ${node.value} is in quotes`);
    return Number(node.value);
  }
  const what =
    node.kind === 'number'
      ? node.source.slice(0, 40)
      : node.kind === 'string'
        ? quoted(node.value)
        : kindText(node);
  notes.add('TLSRPT_REPORT_COUNT_INVALID', found, `${what} is no number of sessions`);
  return 0;
}

/** A list of texts: an array, or one text alone; never with an empty one. */
export function readTexts(
  found: Found | undefined,
  { alone, notes }: { alone: ReportCode; notes: ReportNotes },
): readonly string[] {
  if (found === undefined) return [];
  if (found.node.kind !== 'array') {
    const text = readText(found, notes);
    if (text === undefined) return [];
    if (text.trim() !== '') notes.add(alone, found, 'one string stands in place of an array');
    else noteEmpty(found, notes);
    return text.trim() === '' ? [] : [text];
  }
  const items = elements(found, found.node.items);
  if (items.length === 0) noteEmpty(found, notes);
  if (items.length > LONGEST_LIST) {
    const text = `of ${items.length} entries ${LONGEST_LIST} are kept`;
    notes.add('TLSRPT_REPORT_LIST_CUT', found, text);
  }
  return items
    .slice(0, LONGEST_LIST)
    .map((item) => readText(item, notes) ?? '')
    .filter((text) => text.trim() !== '');
}

/** The entries of an array of objects; one object alone is an array of one. */
export function readItems(found: Found, notes: ReportNotes): readonly Found[] {
  const { node } = found;
  if (node.kind === 'array') return elements(found, node.items);
  if (node.kind === 'object') {
    notes.add('TLSRPT_REPORT_LONE_OBJECT', found, 'one object stands in place of an array');
    return [found];
  }
  notes.add('TLSRPT_REPORT_TYPE', found, `an array is expected, not ${kindText(node)}`);
  return [];
}

/** Notes that a list, or a text in its place, is empty. */
export function noteEmpty(found: Found, notes: ReportNotes): void {
  notes.add('TLSRPT_REPORT_EMPTY_LIST', found, 'it is empty');
}

function elements(found: Found, items: readonly JsonNode[]): readonly Found[] {
  return items.map((node, index) => ({ node, path: `${found.path}[${index}]`, at: node.at }));
}

/** What every store can hold: well-formed, without NUL, not endless. */
export function fitText(text: string, place: Place, notes: ReportNotes): string {
  let fit = text;
  if (fit.length > LONGEST_TEXT) {
    notes.add('TLSRPT_REPORT_STRING_CUT', place, `the text has ${text.length} characters`);
    fit = fit.slice(0, LONGEST_TEXT);
    // Half a pair at the cut is our own doing.
    if (!fit.isWellFormed() && text.isWellFormed()) fit = fit.slice(0, -1);
  }
  // Looked for first: nearly no text has any.
  if (fit.isWellFormed() && !fit.includes('\0')) return fit;
  const stored = fit.toWellFormed().replaceAll('\0', '\ufffd');
  notes.add('TLSRPT_REPORT_STRING_UNFIT', place, 'the text has NUL or half a surrogate pair');
  return stored;
}

function noteUnknown(
  fields: ReadonlyMap<string, JsonNode>,
  { path, known, notes }: { path: string; known: KnownKeys; notes: ReportNotes },
): void {
  for (const [key, value] of fields) {
    if (Object.hasOwn(known, key) || Object.values(known).flat().includes(key)) continue;
    const place = { path, at: value.at };
    notes.add('TLSRPT_REPORT_KEY_UNKNOWN', place, `the key ${quoted(key)} is unknown and ignored`);
  }
}

function child(path: string, key: string, node: JsonNode): Found {
  return { node, path: path === '' ? key : `${path}.${key}`, at: node.at };
}

function isNull(node: JsonNode): boolean {
  return node.kind === 'literal' && node.value === null;
}

function kindText(node: JsonNode): string {
  switch (node.kind) {
    case 'object':
      return 'an object';
    case 'array':
      return 'an array';
    case 'string':
      return 'a string';
    case 'number':
      return 'a number';
    case 'literal':
      return String(node.value);
  }
}
