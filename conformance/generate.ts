/**
 * Makes `docs/conformance.md`: each requirement with the tests that prove it.
 *
 * @module
 */
import { type Requirement, type Section, bindsUs, isStrong, needsProof } from './requirement.ts';

/** A test that ran. */
export interface TestRun {
  readonly file: string;
  readonly name: string;
  readonly result: 'pass' | 'fail' | 'skip' | 'todo';
}

/** What was made of the catalogue and the tests. */
export interface Conformance {
  readonly markdown: string;
  /** IDs in test names that the catalogue does not know, with their place. */
  readonly unknown: readonly string[];
  /** Our MUST and SHOULD rows without a test that passed. */
  readonly unproven: readonly Requirement[];
}

/** Where a requirement stands. */
export type Status = 'proven' | 'failing' | 'open' | 'later' | 'other role';

/** Prefixes of this catalogue; a digit or `App-`, `AGG-` or `R` follows, so that `TLS-Required` is no ID. */
const ID = /^(?:STS|DANE|RT|TLS|SMTP|NMX|DSN|ID|SUB|RPT)-(?:\d|App-|R\d|AGG-)[A-Za-z0-9.-]*$/;

/** The IDs at the start of a test name: `STS-3.1-13, STS-3.1-14: …`. */
export function idsOf(name: string): readonly string[] {
  const colon = name.indexOf(':');
  if (colon === -1) return [];
  const words = name.slice(0, colon).split(/[\s,]+/);
  return words.filter((word) => ID.test(word));
}

/** The test name without its IDs. */
export function titleOf(name: string): string {
  return idsOf(name).length === 0 ? name : name.slice(name.indexOf(':') + 1).trim();
}

/** Joins the catalogue with the tests. */
export function conformance(sections: readonly Section[], tests: readonly TestRun[]): Conformance {
  const byId = groupTests(tests);
  const requirements = sections.flatMap((section) => section.requirements);
  const known = new Set(requirements.map((requirement) => requirement.id));
  const unknown = tests.flatMap((test) =>
    idsOf(test.name)
      .filter((id) => !known.has(id))
      .map((id) => `${id} in ${test.file}: ${test.name}`),
  );
  const unproven = requirements.filter(
    (requirement) =>
      needsProof(requirement) && statusOf(requirement, testsFor(byId, requirement)) !== 'proven',
  );
  return { markdown: markdown(sections, byId), unknown, unproven };
}

/** What the tests of a requirement say about it. */
export function statusOf(requirement: Requirement, tests: readonly TestRun[]): Status {
  if (tests.some((test) => test.result === 'fail')) return 'failing';
  if (tests.some((test) => test.result === 'pass')) return 'proven';
  if (requirement.later !== undefined) return 'later';
  return bindsUs(requirement) ? 'open' : 'other role';
}

type TestsById = ReadonlyMap<string, readonly TestRun[]>;

function groupTests(tests: readonly TestRun[]): TestsById {
  const byId = new Map<string, TestRun[]>();
  const sorted = tests.toSorted((a, b) => compare(a.file, b.file) || compare(a.name, b.name));
  for (const test of sorted) {
    for (const id of idsOf(test.name)) {
      const list = byId.get(id) ?? [];
      if (list.length === 0) byId.set(id, list);
      list.push(test);
    }
  }
  return byId;
}

/** By code unit, so that the page is the same under every locale. */
function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function testsFor(byId: TestsById, requirement: Requirement): readonly TestRun[] {
  return byId.get(requirement.id) ?? [];
}

function markdown(sections: readonly Section[], byId: TestsById): string {
  return [
    '<!-- Made by `npm run docs` from conformance/ and the tests. Do not edit. -->',
    '',
    '# Conformance',
    '',
    'Each requirement of the standards behind secure mail transport, in our own words, and the',
    'tests that prove it. A test that proves a requirement begins its name with its ID. `npm test`',
    'fails if this page is stale, if a test names an unknown ID, or if a MUST or SHOULD that binds us',
    '(a sender of mail, a maker or a receiver of reports) has no test that passes.',
    '',
    'Levels are those of RFC 2119; `DEF` is a format or definition, `REC` our own choice where the',
    'source leaves one. Roles: `S` sender, `P` publisher of a policy, `R` receiving server, `DP`',
    'publisher of TLSA records, `TG` maker and `TC` receiver of reports, `MSA` submission server. Results: `proven`;',
    '`failing`; `open`, no test yet; `later`, not built yet; `other role`, not ours.',
    'Words behind a result say where the proof is narrower than the requirement.',
    '',
    ...summary(sections, byId),
    ...sections.flatMap((section) => sectionText(section, byId)),
  ].join('\n');
}

function summary(sections: readonly Section[], byId: TestsById): string[] {
  const requirements = sections.flatMap((section) => section.requirements);
  const row = (title: string, chosen: readonly Requirement[]): string => {
    const count = (status: Status): number =>
      chosen.filter((one) => statusOf(one, testsFor(byId, one)) === status).length;
    return `| ${title} | ${chosen.length} | ${count('proven')} | ${count('failing')} | ${count('open')} | ${count('later')} | ${count('other role')} |`;
  };
  const ours = requirements.filter((requirement) => bindsUs(requirement));
  const strong = ours.filter((requirement) => isStrong(requirement.level));
  const weak = ours.filter((requirement) => !isStrong(requirement.level));
  const others = requirements.filter((requirement) => !bindsUs(requirement));
  return [
    '| requirements | all | proven | failing | open | later | other role |',
    '|---|---|---|---|---|---|---|',
    row('ours: MUST, SHOULD', strong),
    row('ours: DEF, REC, MAY', weak),
    row('other roles', others),
    '',
  ];
}

function sectionText(section: Section, byId: TestsById): string[] {
  return [
    `## ${section.id} ${section.title} (${section.spec})`,
    '',
    '| ID | level | role | what | tests | result |',
    '|---|---|---|---|---|---|',
    ...section.requirements.map((requirement) => rowText(requirement, testsFor(byId, requirement))),
    '',
  ];
}

function rowText(requirement: Requirement, tests: readonly TestRun[]): string {
  const shown = tests.map((test) => `${code(test.file)} ${cell(titleOf(test.name))}`);
  const status = statusOf(requirement, tests);
  const cells = [
    requirement.id,
    requirement.level,
    requirement.roles.join(' '),
    cell(requirement.what),
    shown.join('<br>'),
    resultText(requirement, status),
  ];
  return `| ${cells.join(' | ')} |`;
}

/** The status, and what the tests do not say. */
function resultText({ later, note }: Requirement, status: Status): string {
  if (status === 'later') return `later: ${cell(later ?? '')}`;
  return note === undefined ? status : `${status}: ${cell(note)}`;
}

function code(text: string): string {
  return `\`${text}\``;
}

/** Keeps a text inside its table cell. */
function cell(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('|', '\\|')
    .replaceAll(/\s+/g, ' ');
}
