/**
 * Domains of the contest.
 *
 * @module
 */

/** The name of the domain with this number. */
export function domainName(index: number): string {
  return `d${index}.bench.test`;
}

/** Where the sink is: not an address of a relay, who would take it for itself. */
export const SINK_ADDRESS = '127.0.0.2';

/** Its one host never answers: what is queued for it stays. */
export const DEAD_DOMAIN = 'dead.bench.test';
/** Nothing listens here. */
export const DEAD_ADDRESS = '127.0.0.9';

/** One recipient in each domain. */
export function recipientsIn(domains: number): readonly string[] {
  return Array.from({ length: domains }, (_, index) => `bob@${domainName(index)}`);
}

/** One message of so many in a filled queue is for a host that takes it. */
export const DELIVERABLE = 100;
