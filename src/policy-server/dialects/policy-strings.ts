/**
 * The lines of a policy, fit to stand between the braces of Postfix's `{ name = value }`.
 *
 * @module
 */

/**
 * Each line that says something. What Postfix's parser would take for its own is replaced, so that
 * a report shows where something stood: braces become parentheses, control, format and separator
 * characters `?`. Runs of white space become one space, as Postfix itself makes them.
 */
export function policyStrings(text: string): readonly string[] {
  return text
    .split(/\r?\n/)
    .map(policyString)
    .filter((line) => line !== '');
}

function policyString(line: string): string {
  return line
    .replace(/[\t ]+/g, ' ')
    .trim()
    .replaceAll('{', '(')
    .replaceAll('}', ')')
    .replace(/[\p{C}\p{Z}]/gu, (character) => (character === ' ' ? ' ' : '?'));
}
