/**
 * JSON of a stranger as a tree that knows its places: no recursion, no prototype, and no more
 * values than were asked for, so that what a hostile text costs is known beforehand.
 *
 * @module
 */

/** A value and where it stands. `at` is an offset in the text. */
export type JsonNode =
  | { readonly kind: 'object'; readonly at: number; readonly fields: Map<string, JsonNode> }
  | { readonly kind: 'array'; readonly at: number; readonly items: JsonNode[] }
  | { readonly kind: 'string'; readonly at: number; readonly value: string }
  /** As written: what JavaScript would round is not lost. */
  | { readonly kind: 'number'; readonly at: number; readonly source: string }
  | { readonly kind: 'literal'; readonly at: number; readonly value: boolean | null };

/** What is taken. */
export interface JsonLimits {
  readonly depth: number;
  /** Values of all kinds together. */
  readonly values: number;
}

/** The tree, or why there is none. */
export type JsonTree =
  | {
      readonly ok: true;
      readonly root: JsonNode;
      /** Keys that stood in their object before; the first 100. The last value counts. */
      readonly duplicates: readonly { readonly key: string; readonly at: number }[];
      /** Where something else than white space follows the value; NUL is all it may be. */
      readonly paddedAt?: number;
    }
  | {
      readonly ok: false;
      readonly why: 'syntax' | 'depth' | 'values';
      readonly at: number;
      /** What was expected, for a person. */
      readonly expected: string;
    };

/** Reads a text; accepts what `JSON.parse` does within the limits, and NULs after it. */
export function readJsonTree(text: string, limits: JsonLimits): JsonTree {
  try {
    return new TreeReader(text, limits).read();
  } catch (error) {
    if (error instanceof Refusal) return error.tree;
    throw error;
  }
}

class Refusal extends Error {
  readonly tree: Extract<JsonTree, { readonly ok: false }>;

  constructor(why: 'syntax' | 'depth' | 'values', at: number, expected: string) {
    super(expected);
    this.tree = { ok: false, why, at, expected };
  }
}

type Container = Extract<JsonNode, { readonly kind: 'object' | 'array' }>;
type Literal = Extract<JsonNode, { readonly kind: 'literal' }>;

const LITERALS: readonly (readonly [word: string, value: Literal['value']])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
];
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
/** No count has more digits; a number of a million digits must not meet a regular expression. */
const LONGEST_NUMBER = 400;
const MOST_DUPLICATES = 100;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY] = [0x7b, 0x7d, 0x5b, 0x5d];
const COMMA = 0x2c;
const COLON = 0x3a;

class TreeReader {
  readonly #text: string;
  readonly #limits: JsonLimits;
  readonly #open: Container[] = [];
  readonly #duplicates: { key: string; at: number }[] = [];
  #at = 0;
  #values = 0;

  constructor(text: string, limits: JsonLimits) {
    this.#text = text;
    this.#limits = limits;
  }

  read(): JsonTree {
    this.#skipSpace();
    const root = this.#value();
    if (isContainer(root)) this.#enter(root);
    while (this.#open.length > 0) this.#step(this.#open.at(-1)!);
    this.#skipSpace();
    const paddedAt = this.#at;
    this.#skipPadding();
    if (this.#at < this.#text.length) throw this.#refuse('the end of the text');
    const tree = { ok: true, root, duplicates: this.#duplicates } as const;
    return paddedAt < this.#text.length ? { ...tree, paddedAt } : tree;
  }

  /** One entry of the innermost container, or its end. */
  #step(container: Container): void {
    const isObject = container.kind === 'object';
    const isFirst = isObject ? container.fields.size === 0 : container.items.length === 0;
    this.#skipSpace();
    const unit = this.#unit();
    if (unit === (isObject ? CLOSE_OBJECT : CLOSE_ARRAY)) {
      this.#at += 1;
      this.#open.pop();
      return;
    }
    if (!isFirst) {
      if (unit !== COMMA) throw this.#refuse(isObject ? '"," or "}"' : '"," or "]"');
      this.#at += 1;
      this.#skipSpace();
    }
    const entry = isObject ? this.#field(container.fields) : this.#item(container.items);
    if (isContainer(entry)) this.#enter(entry);
  }

  #field(fields: Map<string, JsonNode>): JsonNode {
    const at = this.#at;
    if (this.#unit() !== QUOTE) throw this.#refuse('a key in double quotes');
    const key = this.#string();
    this.#skipSpace();
    if (this.#unit() !== COLON) throw this.#refuse('":" after the key');
    this.#at += 1;
    this.#skipSpace();
    if (fields.has(key) && this.#duplicates.length < MOST_DUPLICATES) {
      this.#duplicates.push({ key, at });
    }
    const value = this.#value();
    fields.set(key, value);
    return value;
  }

  #item(items: JsonNode[]): JsonNode {
    const value = this.#value();
    items.push(value);
    return value;
  }

  #enter(container: Container): void {
    if (this.#open.length >= this.#limits.depth) {
      const expected = `no more than ${this.#limits.depth} levels`;
      throw new Refusal('depth', container.at, expected);
    }
    this.#open.push(container);
  }

  /** A value; of an object or array only its beginning. */
  #value(): JsonNode {
    this.#values += 1;
    if (this.#values > this.#limits.values) {
      throw new Refusal('values', this.#at, `no more than ${this.#limits.values} values`);
    }
    const at = this.#at;
    switch (this.#unit()) {
      case OPEN_OBJECT:
        this.#at += 1;
        return { kind: 'object', at, fields: new Map() };
      case OPEN_ARRAY:
        this.#at += 1;
        return { kind: 'array', at, items: [] };
      case QUOTE:
        return { kind: 'string', at, value: this.#string() };
      default:
        return this.#literal(at) ?? this.#number(at);
    }
  }

  #literal(at: number): Literal | undefined {
    for (const [word, value] of LITERALS) {
      if (!this.#text.startsWith(word, at)) continue;
      this.#at += word.length;
      return { kind: 'literal', at, value };
    }
    return undefined;
  }

  #number(at: number): JsonNode {
    let end = at;
    while (end - at <= LONGEST_NUMBER && isNumeric(this.#text.charCodeAt(end))) end += 1;
    const source = this.#text.slice(at, end);
    if (source.length > LONGEST_NUMBER || !NUMBER.test(source)) throw this.#refuse('a value');
    this.#at = end;
    return { kind: 'number', at, source };
  }

  #string(): string {
    const start = this.#at;
    let at = start + 1;
    let isEscaped = false;
    for (;;) {
      const unit = this.#text.charCodeAt(at);
      if (unit === QUOTE) break;
      // Past the end it is NaN, which is not a character either.
      if (!(unit >= 0x20)) {
        this.#at = at;
        throw this.#refuse('the end of the string');
      }
      if (unit === BACKSLASH) {
        isEscaped = true;
        at += 1;
      }
      at += 1;
    }
    this.#at = at + 1;
    if (!isEscaped) return this.#text.slice(start + 1, at);
    try {
      return JSON.parse(this.#text.slice(start, at + 1)) as string;
    } catch {
      throw new Refusal('syntax', start, 'a string with valid escapes');
    }
  }

  #unit(): number {
    return this.#text.charCodeAt(this.#at);
  }

  #skipSpace(): void {
    for (;;) {
      const unit = this.#unit();
      if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return;
      this.#at += 1;
    }
  }

  #skipPadding(): void {
    while (this.#unit() === 0) {
      this.#at += 1;
      this.#skipSpace();
    }
  }

  #refuse(expected: string): Refusal {
    return new Refusal('syntax', this.#at, expected);
  }
}

function isContainer(node: JsonNode): node is Container {
  return node.kind === 'object' || node.kind === 'array';
}

/** A digit, a sign, a point or an `e`: what a number is made of, in whatever order. */
function isNumeric(unit: number): boolean {
  const isDigit = unit >= 0x30 && unit <= 0x39;
  return isDigit || unit === 0x2b || unit === 0x2d || unit === 0x2e || (unit | 0x20) === 0x65;
}
