/**
 * The text of TXT records as a person hands it in: bare, in quotes, or as it stands in a zone file.
 *
 * @module
 */
import { columnAt, quoted, type ProblemList } from '../problems.ts';
import {
  createPlacedText,
  type FileLine,
  type PlacedText,
  type PlacedTextBuilder,
  type SayAt,
} from './txt-place.ts';
import { scanStrings } from './txt-strings.ts';

/** The record that is being put together. */
interface Current {
  readonly builder: PlacedTextBuilder;
  readonly form: 'bare' | 'quoted';
}

interface State {
  readonly problems: ProblemList;
  readonly texts: PlacedText[];
  current: Current | undefined;
  /** Inside `(`, where a record goes on over line ends (RFC 1035 §5.1). */
  inParentheses: boolean;
}

/** Owner, TTL and class before TXT data, as in a zone file and in the output of `dig`. */
const ZONE_HEAD = /^(?:[^\s"();=]+[ \t]+|[ \t]+)?(?:(?:\d+[smhdw]?|IN|CH|HS)[ \t]+)*TXT[ \t]+/i;
/** The output of `nslookup` and of `host`. */
const LOOKUP_HEAD = /^[^\s"();=]+[ \t]+(?:text[ \t]*=|descriptive text)[ \t]*/i;
const LONGEST_HEAD = 2000;

/**
 * The records of the input, in order. Character-strings in quotes are joined with nothing between
 * them, as a resolver does (RFC 8461 §3.1). A line that begins with a version, or with an owner as
 * in a zone file, begins a record. Faults of the form it came in are added to `problems`.
 */
export function readTxtInput(
  input: Uint8Array | string,
  problems: ProblemList,
): readonly PlacedText[] {
  const text = typeof input === 'string' ? input : Buffer.from(input).toString('utf8');
  const state: State = { problems, texts: [], current: undefined, inParentheses: false };
  const lines = text.split(/\r\n|\n|\r/).map((line, index) => ({ number: index + 1, text: line }));
  for (const line of lines) readLine(skipMark(line, problems), state);
  finish(state);
  return state.texts;
}

function skipMark(line: FileLine, problems: ProblemList): FileLine {
  if (line.number > 1 || !line.text.startsWith('\ufeff')) return line;
  sayIn(line, problems)(0, {
    code: 'DNS_TXT_BOM',
    message: 'a byte order mark stands before the record',
    fix: 'save the file as UTF-8 without a byte order mark, and keep it out of the zone',
    severity: 'error',
  });
  return { number: line.number, text: line.text.slice(1) };
}

function readLine(line: FileLine, state: State): void {
  if (state.inParentheses) {
    readQuoted(line, 0, state);
    return;
  }
  if (!/[^ \t]/.test(line.text)) return;
  const head = headOf(line, state);
  const rest = line.text.slice(head);
  const isQuoted = /^[ \t]*(?:\([ \t]*)?"/.test(rest) || (head > 0 && /^[ \t]*\(/.test(rest));
  if (!isQuoted) {
    readBare(line, head, state);
    return;
  }
  if (head > 0 || beginsRecord(rest.replace(/^[ \t("]+/, '')) || state.current?.form === 'bare') {
    finish(state);
  }
  readQuoted(line, head, state);
}

function headOf(line: FileLine, { problems }: State): number {
  const start = line.text.slice(0, LONGEST_HEAD);
  const head = (ZONE_HEAD.exec(start) ?? LOOKUP_HEAD.exec(start))?.[0].length ?? 0;
  if (head > 0) {
    sayIn(line, problems)(0, {
      code: 'DNS_TXT_ZONE_LINE',
      message: 'this is a whole line of a zone file; only its TXT data is the record',
      fix: 'nothing for a zone file; a form of a DNS provider wants the text alone',
      severity: 'info',
    });
  }
  return head;
}

function beginsRecord(text: string): boolean {
  return /^[ \t]*v[ \t]*=/i.test(text);
}

function readQuoted(line: FileLine, from: number, state: State): void {
  state.current ??= { builder: createPlacedText(line, from), form: 'quoted' };
  state.inParentheses = scanStrings({
    line,
    from,
    inParentheses: state.inParentheses,
    builder: state.current.builder,
    say: sayIn(line, state.problems),
  });
}

function readBare(line: FileLine, head: number, state: State): void {
  const say = sayIn(line, state.problems);
  const goesOn = head === 0 && state.current?.form === 'bare' && !beginsRecord(line.text);
  if (goesOn) {
    say(0, {
      code: 'DNS_TXT_LINE_BREAK',
      message: `a record has no line breaks, but ${quoted(line.text)} stands on a line of its own`,
      fix: 'write the record on one line',
      severity: 'error',
    });
  } else {
    finish(state);
  }
  state.current ??= { builder: createPlacedText(line, head), form: 'bare' };
  addBare(line, head, { builder: state.current.builder, say });
}

/** Outside quotes a zone file has `\;` for `;`, which begins a comment there (RFC 1035 §5.1). */
function addBare(
  line: FileLine,
  head: number,
  { builder, say }: { readonly builder: PlacedTextBuilder; readonly say: SayAt },
): void {
  const { text } = line;
  const comment = head === 0 ? -1 : text.slice(head).search(/(?<!\\);/);
  if (comment !== -1) {
    say(head + comment, {
      code: 'DNS_TXT_UNQUOTED',
      message: 'outside quotes ";" begins a comment in a zone file: the record would end here',
      fix: `write ${quoted(text.slice(head, head + 200))}`,
      severity: 'error',
    });
  }
  const escaped = text.indexOf('\\;', head);
  if (head === 0 && escaped !== -1) {
    say(escaped, {
      code: 'DNS_TXT_BACKSLASH',
      message: '"\\;" is how a zone file writes ";" outside quotes; it is read as ";"',
      fix: 'write ";" without a backslash, unless this goes into a zone file as it is',
      severity: 'warning',
    });
  }
  let start = head;
  for (let at = escaped; at !== -1; at = text.indexOf('\\;', start)) {
    builder.add(text.slice(start, at), line, start);
    builder.add(';', line, at, 2);
    start = at + 2;
  }
  builder.add(text.slice(start), line, start);
}

function finish(state: State): void {
  if (state.current !== undefined) state.texts.push(state.current.builder.done());
  state.current = undefined;
}

function sayIn(line: FileLine, problems: ProblemList): SayAt {
  return (at, fault) =>
    problems.add({ ...fault, line: line.number, column: columnAt(line.text, at) });
}
