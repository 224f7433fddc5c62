/**
 * What a requirement is: one row of the catalogue against which the product is tested.
 *
 * @module
 */

/**
 * How binding a requirement is (RFC 2119). `DEF`: a format or definition, breaking it breaks
 * interoperation. `REC`: our own choice where the source is silent or ambiguous.
 */
export type Level = 'MUST' | 'MUST NOT' | 'SHOULD' | 'SHOULD NOT' | 'MAY' | 'DEF' | 'REC';

/**
 * Whom it binds. `S`: the sender or its policy engine. `P`: policy publisher and policy host.
 * `R`: receiving server. `DP`: publisher of TLSA records. `TG`: generator of TLS reports.
 * `TC`: receiver of TLS reports. `MSA`: submission server. `-`: nobody in particular.
 */
export type Role = 'S' | 'P' | 'R' | 'DP' | 'TG' | 'TC' | 'MSA' | '-';

/** One requirement. */
export interface Requirement {
  /** Stable; a test that proves it begins its name with it. */
  readonly id: string;
  /** The level that binds us, where the source gives each role its own. */
  readonly level: Level;
  readonly roles: readonly Role[];
  /** What it asks for, in our own words. */
  readonly what: string;
  /** Why it is not built yet; absent for all that is. */
  readonly later?: string;
  /** What the proof does not say, where it is narrower than the row. */
  readonly note?: string;
}

/** The requirements of one subject. */
export interface Section {
  readonly id: string;
  readonly title: string;
  /** The source, e.g. `RFC 8461 §3.1`. */
  readonly spec: string;
  readonly requirements: readonly Requirement[];
}

/** A requirement as it is written in the catalogue: ID, level, roles, what, and what more there is to say. */
export type Row = readonly [
  id: string,
  level: Level,
  roles: string,
  what: string,
  more?: Pick<Requirement, 'later' | 'note'>,
];

/** Makes a section of its rows. */
export function section(head: Omit<Section, 'requirements'>, rows: readonly Row[]): Section {
  return { ...head, requirements: rows.map(requirement) };
}

function requirement([id, level, roles, what, more]: Row): Requirement {
  return { id, level, roles: roles.split(' ') as Role[], what, ...more };
}

/** Those in which this product acts. */
const OUR_ROLES: readonly Role[] = ['S', 'TG', 'TC'];

/** Does it bind us: as a sender of mail, a maker or a receiver of reports? */
export function bindsUs(requirement: Requirement): boolean {
  return requirement.roles.some((role) => OUR_ROLES.includes(role));
}

/** Must there be a test that proves it before a release? */
export function needsProof(requirement: Requirement): boolean {
  return bindsUs(requirement) && requirement.later === undefined && isStrong(requirement.level);
}

const STRONG: readonly Level[] = ['MUST', 'MUST NOT', 'SHOULD', 'SHOULD NOT'];

/** A level that a product may not leave out without a reason. */
export function isStrong(level: Level): boolean {
  return STRONG.includes(level);
}
