/**
 * The settings under which benchmarks run: the defaults, turned to the lab.
 *
 * @module
 */
import { readConfig } from '../../src/config/load-config.ts';
import type { Config } from '../../src/config/types.ts';

/** The defaults of the product. */
export function defaultConfig(): Config {
  const { value, problems } = readConfig('');
  if (value === undefined) throw new Error(`the defaults are not valid: ${problems[0]?.message}`);
  return value;
}

/** The defaults with the lab's DNS and policy hosts. */
export function labConfig(lab: { readonly dns: string; readonly policyPort: number }): Config {
  const config = defaultConfig();
  return {
    ...config,
    dns: { ...config.dns, resolvers: [lab.dns], trusted: true },
    policyFetch: {
      ...config.policyFetch,
      port: lab.policyPort,
      allowAddresses: ['127.0.0.0/8'],
    },
  };
}
