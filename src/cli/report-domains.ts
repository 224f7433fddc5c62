/**
 * The settings by which commands take in and look after received reports.
 *
 * @module
 */
import type { ReportReceiveSettings } from '../config/reporting-types.ts';
import type { Config } from '../config/types.ts';

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
