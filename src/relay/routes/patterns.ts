/**
 * The patterns of routes: which destination they fit, and which of them comes first.
 *
 * @module
 */
import { normalizeName } from '../../dns/name.ts';
import { fail, ok, type Outcome } from '../../failure.ts';
import { addressLiteral, parseNextHop } from '../../tls-policy/next-hop.ts';

/** A pattern in its one spelling. */
export type Pattern =
  /** A domain, or an address literal in brackets. */
  | { readonly kind: 'exact'; readonly name: string }
  /** Every name below this one, and not itself. */
  | { readonly kind: 'below'; readonly name: string }
  /** Everything. */
  | { readonly kind: 'all' };

/**
 * Reads a pattern: `example.com`, `*.example.com`, `*`, `[192.0.2.1]`. Names may be written with
 * capitals or beyond ASCII.
 *
 * @returns `ROUTE_PATTERN_INVALID` for anything else
 */
export function normalPattern(text: string): Outcome<Pattern> {
  if (text === '*') return ok({ kind: 'all' });
  const exact = normalDestination(text.startsWith('*.') ? text.slice(2) : text);
  const isBelow = text.startsWith('*.');
  if (exact === undefined || (isBelow && exact.startsWith('['))) {
    const shown = JSON.stringify(text.slice(0, 80));
    return fail('ROUTE_PATTERN_INVALID', `${shown} is no domain, *.domain, * or [address]`);
  }
  return ok({ kind: isBelow ? 'below' : 'exact', name: exact });
}

/** A domain as A-labels in lower case, an address literal in its shortest form; else undefined. */
function normalDestination(text: string): string | undefined {
  if (text.startsWith('[')) {
    const literal = parseNextHop(text, 25);
    return literal.ok && literal.value.kind === 'address'
      ? addressLiteral(literal.value.address)
      : undefined;
  }
  const name = normalizeName(text);
  return name.ok && name.value !== '' ? name.value : undefined;
}

/** Patterns in order, each with a value. */
export interface PatternTable<T> {
  add(pattern: Pattern, value: T): void;
  /** The value of the first pattern that fits, however many patterns there are: a few Map hits. */
  find(destination: string): T | undefined;
}

/** Makes an empty table. */
export function createPatternTable<T>(): PatternTable<T> {
  const exact = new Map<string, Entry<T>>();
  const below = new Map<string, Entry<T>>();
  let all: Entry<T> | undefined;
  let count = 0;

  const place = (map: Map<string, Entry<T>>, name: string, entry: Entry<T>): void => {
    if (!map.has(name)) map.set(name, entry);
  };

  return {
    add(pattern, value) {
      const entry = { order: count, value };
      count += 1;
      switch (pattern.kind) {
        case 'exact':
          return place(exact, pattern.name, entry);
        case 'below':
          return place(below, pattern.name, entry);
        case 'all':
          all ??= entry;
          return undefined;
        default:
          return pattern satisfies never;
      }
    },
    find(destination) {
      if (count === 0) return undefined;
      const name = normalDestination(destination);
      if (name === undefined) return undefined;
      const fitting = [exact.get(name), ...parents(name).map((parent) => below.get(parent)), all];
      return first(fitting)?.value;
    },
  };
}

interface Entry<T> {
  readonly order: number;
  readonly value: T;
}

function first<T>(entries: readonly (Entry<T> | undefined)[]): Entry<T> | undefined {
  let best: Entry<T> | undefined;
  for (const entry of entries) {
    if (entry !== undefined && (best === undefined || entry.order < best.order)) best = entry;
  }
  return best;
}

/** `a.b.example` has the parents `b.example` and `example`; an address has none. */
function parents(name: string): readonly string[] {
  if (name.startsWith('[')) return [];
  const labels = name.split('.');
  return labels.slice(1).map((_, index) => labels.slice(index + 1).join('.'));
}
