/**
 * What to write instead of a policy line that people get wrong in ways that are well known.
 *
 * @module
 */
import type { Problem } from '../failure.ts';
import { quoted } from '../problems.ts';

/** The mend of a line that is a comment. */
export const NO_COMMENTS = 'remove the line; a policy has no comments';

/** The mend of a value with a comment behind it; nothing for other values. */
export function commentFault({
  key,
  value,
}: {
  readonly key: string;
  readonly value: string;
}): Partial<Pick<Problem, 'fix'>> {
  const at = value.search(/[ \t]#/);
  return at === -1
    ? {}
    : { fix: `write ${key}: ${value.slice(0, at).trim().slice(0, 100)}; a policy has no comments` };
}

/** Is the line meant as a comment? */
export function isComment(text: string): boolean {
  return /^[ \t]*(?:#|;|\/\/)/.test(text);
}

/** A fault that is put into words when somebody reads it. */
interface LineFault {
  /** The known key that the line holds nevertheless. */
  readonly key?: string;
  readonly write: () => Pick<Problem, 'code' | 'message' | 'fix'>;
}

/** What is wrong with a line without a colon. */
export function lineFault(text: string, keys: readonly string[]): LineFault {
  const equals = text.indexOf('=');
  const name = text.slice(0, Math.max(0, equals)).trim();
  const key = keys.includes(name) ? name : undefined;
  const write: LineFault['write'] = () => ({
    code: 'STS_POLICY_LINE',
    message: `${quoted(text)} is not of the form key: value (RFC 8461 §3.2)`,
    fix: lineMend(text, key, equals),
  });
  return key === undefined ? { write } : { key, write };
}

function lineMend(text: string, key: string | undefined, equals: number): string {
  if (isComment(text)) return NO_COMMENTS;
  if (key === undefined) return 'write key: value, or remove the line';
  const value = text.slice(equals + 1).trim();
  return `write ${key}: ${value.slice(0, 100)}`;
}
