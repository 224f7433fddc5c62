/**
 * The lines of a policy, fit to stand between the braces of Postfix's `{ name = value }`.
 *
 * @module
 */

/**
 * Each line that says something, without what Postfix's parser would take for its own: control,
 * format and separator characters and backslashes become `?`, braces parentheses, white space one
 * space.
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
