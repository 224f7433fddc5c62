/**
 * Makes `docs/errors.md` from the register of error codes.
 *
 * @module
 */
import type { ErrorEntry } from '../src/errors/entry.ts';

/** The page: every code under a heading of its own, so that it can be linked to. */
export function errorsPage(register: Readonly<Record<string, ErrorEntry>>): string {
  const codes = Object.entries(register).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return [
    '<!-- Made by `npm run docs` from src/errors.ts. Do not edit. -->',
    '',
    '# Error codes',
    '',
    'Codes are stable: match on them, never on the text beside them. A code is never renamed and',
    'never used for anything else.',
    '',
    ...codes.flatMap(([code, entry]) => entryText(code, entry)),
  ].join('\n');
}

function entryText(code: string, entry: ErrorEntry): string[] {
  const rule = entry.rule === undefined ? [] : [`- **Rule:** ${entry.rule}`];
  return [
    `## ${code}`,
    '',
    `- **Meaning:** ${entry.meaning}`,
    `- **Action:** ${entry.action}`,
    ...rule,
    '',
  ];
}
