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
  return knownKeys()
    .filter((key) => key.path.length === path.length + 1)
    .filter((key) => path.every((part, index) => key.path[index] === part))
    .map((key) => key.path.at(-1)!);
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
