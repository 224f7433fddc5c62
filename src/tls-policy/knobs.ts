/**
 * The operator's switches, ready for use.
 *
 * @module
 */
import type { Config } from '../config/types.ts';
import { normalizeName } from '../dns/name.ts';
import type { PolicyKnobs } from './types.ts';

/** The switches of a configuration; names that are none are left out (the schema has warned). */
export function knobsOf(config: Pick<Config, 'policy'>): PolicyKnobs {
  const { daneRequired, ...rest } = config.policy;
  const names = daneRequired.flatMap((text) => {
    const name = normalizeName(text);
    return name.ok ? [name.value] : [];
  });
  return { ...rest, daneRequired: names };
}
