/**
 * The settings by which commands take in and look after received reports.
 *
 * @module
 */
import type { ReportReceiveSettings } from '../config/reporting-types.ts';
import type { Config } from '../config/types.ts';
import { normalizeName } from '../dns/name.ts';
import { EXIT_USAGE } from './exit-codes.ts';
import { CommandStop } from './shared-options.ts';
import { shown } from './text/format.ts';

/**
 * Those of the configuration, with these domains if any are given. Where nobody has said yet which
 * domains are ours, reports about any are kept: whoever imports them wants to see them.
 */
export function archiveSettings(
  config: Config,
  given: readonly string[] | undefined,
): ReportReceiveSettings {
  const { receive } = config.reporting;
  const domains = given ?? receive.domains;
  return { ...receive, domains: domains.length === 0 ? ['*'] : domains };
}

/** Domains and patterns on the command line, in any spelling; throws {@link CommandStop} for what is none. */
export function domainPatterns(given: readonly string[]): readonly string[] {
  return given.map((text) => {
    if (text === '*') return text;
    const star = text.startsWith('*.') ? '*.' : '';
    const name = normalizeName(text.slice(star.length));
    if (name.ok && !name.value.includes('*')) return `${star}${name.value}`;
    throw new CommandStop(`--domain ${shown(text)}: write a domain, *.domain or *`, EXIT_USAGE);
  });
}
