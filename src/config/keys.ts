/**
 * Walks the schema: which keys there are, and what is said of each.
 *
 * @module
 */
import { z } from 'zod';
import { configSchema } from './schema.ts';

/** A key of the file. */
export interface KnownKey {
  /** E.g. `['dns', 'self_test', 'interval']`. */
  readonly path: readonly string[];
  readonly about: string;
  /** Absent for a section. */
  readonly setting?: { readonly kind: string; readonly preset: string };
}

/** Every section and setting in the order of the file. */
export function knownKeys(): readonly KnownKey[] {
  return keysUnder(configSchema, []);
}

/** The names of the keys directly under `path`; none if that is a setting. */
export function keysAt(path: readonly string[]): readonly string[] {
  const schema = schemaAt(path);
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

/** What is said of `path` or, failing that, of what it is a part of; for what stands inside lists. */
export function aboutAt(path: readonly string[]): string | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const about = wrappedAt(path.slice(0, length))?.description;
    if (about !== undefined) return about;
  }
  return undefined;
}

function schemaAt(path: readonly string[]): z.ZodType | undefined {
  const schema = wrappedAt(path);
  return schema === undefined ? undefined : unwrapped(schema);
}

/** An entry of a list has its number in the path. */
function wrappedAt(path: readonly string[]): z.ZodType | undefined {
  let at: z.ZodType | undefined = configSchema;
  for (const part of path) {
    if (at === undefined) return undefined;
    const outer = unwrapped(at);
    if (outer instanceof z.ZodArray) at = outer.element as z.ZodType;
    else at = outer instanceof z.ZodObject ? (outer.shape[part] as z.ZodType) : undefined;
  }
  return at;
}

function unwrapped(schema: z.ZodType): z.ZodType {
  const isWrapped = schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional;
  return isWrapped ? unwrapped(schema.def.innerType as z.ZodType) : schema;
}

function keysUnder(schema: z.ZodObject, path: readonly string[]): readonly KnownKey[] {
  return Object.entries(schema.shape).flatMap(([name, value]): readonly KnownKey[] => {
    const type = value as z.ZodType;
    const here = { path: [...path, name], about: type.description ?? '' };
    const inner = type instanceof z.ZodPrefault ? (type.def.innerType as z.ZodType) : type;
    if (inner instanceof z.ZodObject) return [here, ...keysUnder(inner, here.path)];
    const notes = type.meta() ?? {};
    return [{ ...here, setting: { kind: String(notes['kind']), preset: String(notes['preset']) } }];
  });
}
