/**
 * The kinds of value that settings take, each with the message that tells how to write it.
 *
 * @module
 */
import { isIP } from 'node:net';
import { z } from 'zod';
import { parseDuration, parseSize } from './units.ts';

/** What the reference page says of a setting beside its description. */
export interface SettingNotes {
  /** The kind of value, for people: `duration`, `yes or no`. */
  readonly kind: string;
  /** The default as it would be written in the file. */
  readonly preset: string;
}

/** Attaches meaning, kind and default; the default is what an absent key means. */
export function setting<T extends z.ZodType>(
  schema: T,
  preset: z.input<T>,
  notes: { readonly kind: string; readonly about: string; readonly presetText?: string },
): z.ZodPrefault<T> {
  const written = notes.presetText ?? JSON.stringify(preset);
  return z
    .prefault(schema, preset)
    .describe(notes.about)
    .meta({ kind: notes.kind, preset: written });
}

/** Milliseconds, written `500ms`, `60s`, `5m`, `24h` or `30d`. */
export function duration(
  limits: { readonly min?: string; readonly max?: string } = {},
): z.ZodType<number, string> {
  const { min = '1ms', max = '3650d' } = limits;
  const message = `Expected a duration from ${min} to ${max}, written like 500ms, 60s, 5m, 24h or 30d`;
  return z.string({ error: message }).transform((text, context) => {
    const ms = parseDuration(text);
    if (ms !== undefined && ms >= parseDuration(min)! && ms <= parseDuration(max)!) return ms;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });
}

/** Octets, written `512B`, `64KiB` or `1MiB`. */
export function size(max = '16MiB'): z.ZodType<number, string> {
  const message = `Expected a size from 1B to ${max}, written like 512B, 64KiB or 1MiB`;
  return z.string({ error: message }).transform((text, context) => {
    const octets = parseSize(text);
    if (octets !== undefined && octets >= 1 && octets <= parseSize(max)!) return octets;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });
}

/** A whole number within limits. */
export function count(min: number, max: number): z.ZodType<number, number> {
  const message = `Expected a whole number from ${min} to ${max}`;
  return z
    .number({ error: message })
    .refine((value) => Number.isInteger(value) && value >= min && value <= max, { error: message });
}

/** A TCP port. */
export function port(): z.ZodType<number, number> {
  return count(1, 65_535);
}

/** `true` or `false`. */
export function yesNo(): z.ZodType<boolean, boolean> {
  return z.boolean({ error: 'Expected true or false' });
}

/** A text that passes `accepts`. */
export function text(
  accepts: (value: string) => boolean,
  expected: string,
): z.ZodType<string, string> {
  const message = `Expected ${expected}`;
  return z.string({ error: message }).refine(accepts, { error: message });
}

/** A list of texts. */
export function listOf<T = string>(item: z.ZodType<T, T>, expected: string): z.ZodType<T[], T[]> {
  return z.array(item, { error: `Expected a list: ${expected}` });
}

/** `address`, `address:port`, `[v6]:port`. */
export function isServerAddress(value: string): boolean {
  if (isIP(value) !== 0) return true;
  return isListenAddress(value);
}

/** `address:port` or `[v6]:port`. */
export function isListenAddress(value: string): boolean {
  const match = /^(?:\[(?<v6>[^\]]+)\]|(?<v4>[^:]+)):(?<port>\d{1,5})$/.exec(value);
  if (match?.groups === undefined) return false;
  const { v4, v6, port } = match.groups;
  if (Number(port) > 65_535) return false;
  return v6 === undefined ? isIP(v4 ?? '') === 4 : isIP(v6) === 6;
}

/** `address:port`, `[v6]:port`, `unix:/path` or `fd:NUMBER`. */
export function isSocketAddress(value: string): boolean {
  return /^unix:\/./.test(value) || /^fd:\d{1,4}$/.test(value) || isListenAddress(value);
}

/** A file mode in octal: `0660`. */
export function isFileMode(value: string): boolean {
  return /^0?[0-7]{3}$/.test(value);
}

/** `user`, `user:group` or `:group`, by name or number. */
export function isUserGroup(value: string): boolean {
  return /^(?:[\w.-]+(?::[\w.-]+)?|:[\w.-]+)$/.test(value);
}

/** `192.0.2.0/24` or `2001:db8::/32`. */
export function isCidr(value: string): boolean {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(value);
  if (match === null) return false;
  const family = isIP(match[1]!);
  return family !== 0 && Number(match[2]) <= (family === 4 ? 32 : 128);
}

/** A host or domain name in a file; normalised by whoever looks it up. */
export function isHostName(value: string): boolean {
  return /^(?!-)[^\s.@/:[\]]+(\.[^\s.@/:[\]]+)*\.?$/.test(value) && value.length <= 254;
}

/** `http://host:port`, no path, no user. */
export function isProxyUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const url = new URL(value);
  return (
    url.protocol === 'http:' && url.pathname === '/' && url.username === '' && url.search === ''
  );
}

/** A URL that the store can open. */
export function isStoreUrl(value: string): boolean {
  return /^sqlite:.+/.test(value) || (/^postgres(ql)?:\/\//.test(value) && URL.canParse(value));
}

/** The longest path of a UNIX socket is 107 octets on Linux, 103 elsewhere. */
const LONGEST_SOCKET_PATH = 100;

/** A path that a UNIX socket can have. */
export function isSocketPath(value: string): boolean {
  return value !== '' && !value.includes('\0') && Buffer.byteLength(value) <= LONGEST_SOCKET_PATH;
}
