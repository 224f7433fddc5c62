/**
 * The fetcher of policies, as the configuration wants it.
 *
 * @module
 */
import type { Clock } from '../clock.ts';
import type { Config } from '../config/types.ts';
import type { Resolver } from '../dns/types.ts';
import { createHttpsFetcher, type HttpsFetcher } from '../http/https-fetcher.ts';

/** What it is made of. */
export interface PolicyFetcherParts {
  readonly config: Pick<Config, 'policyFetch'>;
  readonly resolver: Resolver;
  /** PEM certificates that replace the built-in list; undefined: the built-in list. */
  readonly ca: readonly string[] | undefined;
  readonly clock: Clock;
}

/** Makes it. */
export function policyFetcher({ config, resolver, ca, clock }: PolicyFetcherParts): HttpsFetcher {
  const { port, timeoutMs, maxBytes, allowAddresses, proxy } = config.policyFetch;
  return createHttpsFetcher({
    resolver,
    clock,
    port,
    timeoutMs,
    maxBytes,
    allowAddresses,
    ...(ca === undefined ? {} : { ca }),
    ...(proxy === undefined ? {} : { proxy }),
  });
}
