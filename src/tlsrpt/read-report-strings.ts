/**
 * The text of a policy as a report gives it (RFC 8460 §4.4).
 *
 * @module
 */
import { readJsonTree } from './read-report-json.ts';
import type { ReportNotes } from './read-report-notes.ts';
import { fitText, type Found, readTexts } from './read-report-values.ts';

const NESTED_LIMITS = { depth: 1, values: 1000 };

/** The lines of an STS policy or the TLSA records, spaces and all; empty where there are none. */
export function policyStrings(found: Found | undefined, notes: ReportNotes): readonly string[] {
  if (found === undefined) return [];
  const texts = readTexts(found, { alone: 'TLSRPT_REPORT_POLICY_STRING_NOT_ARRAY', notes });
  const nested = texts.length === 1 ? nestedTexts(texts[0]!) : undefined;
  if (nested !== undefined) {
    notes.add('TLSRPT_REPORT_POLICY_STRING_NESTED', found, 'a JSON array stands in a string');
  }
  const strings = nested?.map((text) => fitText(text, found, notes)) ?? texts;
  if (strings.some((text) => text !== text.trim())) {
    notes.add('TLSRPT_REPORT_POLICY_STRING_SPACE', found, 'a space at the edge of a line');
  }
  return strings;
}

/** What Microsoft makes of TLSA records: an array, as JSON, as the one string of the array. */
function nestedTexts(text: string): readonly string[] | undefined {
  if (!text.startsWith('[')) return undefined;
  const tree = readJsonTree(text, NESTED_LIMITS);
  if (!tree.ok || tree.root.kind !== 'array') return undefined;
  const texts = tree.root.items.map((item) => (item.kind === 'string' ? item.value : undefined));
  return texts.every((item) => item !== undefined)
    ? texts.filter((item) => item !== '')
    : undefined;
}
