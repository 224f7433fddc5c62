/**
 * Keeps proving that the resolver validates, and acts on it (RFC 7672 §2.1.1).
 *
 * @module
 */
import type { Clock } from '../clock.ts';
import type { Config } from '../config/types.ts';
import { runSelfTest, type SelfTestResult } from '../dns/self-test.ts';
import type { TrustSwitch } from '../dns/trust-switch.ts';
import type { Resolver } from '../dns/types.ts';
import type { Log } from '../log/log.ts';
import type { Metrics } from '../metrics/metrics.ts';

/** What it needs. */
export interface SelfTestingOptions {
  readonly names: Omit<Config['dns']['selfTest'], 'intervalMs'>;
  readonly intervalMs: number;
  /** The resolver itself, before the switch. */
  readonly resolver: Resolver;
  readonly trust: TrustSwitch;
  /** The word of the resolver counts for more or less than before: decisions must be made anew. */
  readonly onTrustChange: () => void;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** The running test. */
export interface SelfTesting {
  /** The newest result; undefined until the first test has ended. */
  readonly latest: SelfTestResult | undefined;
  stop(): void;
}

/** At the start of a machine the resolver is often not there yet: nobody waits an hour for it. */
const SOON_MS = 30_000;

/** Tests now and at every interval until stopped. */
export function startSelfTesting(options: SelfTestingOptions): SelfTesting {
  const { clock, intervalMs, log } = options;
  const stopping = new AbortController();
  let latest: SelfTestResult | undefined;
  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const { names, resolver } = options;
      const result = await runSelfTest({ resolver, names, signal: stopping.signal });
      if (stopping.signal.aborted) return;
      if (result.conclusion !== latest?.conclusion) logConclusion(result, log);
      latest = result;
      act(result, options);
      const soon = result.conclusion === 'unreachable';
      await clock.sleep(soon ? Math.min(SOON_MS, intervalMs) : intervalMs, stopping.signal);
    }
  };
  loop().catch((error: unknown) => {
    if (stopping.signal.aborted) return;
    log.error({ event: 'resolver-self-test', error: String(error) }, 'the self-test has ended');
  });
  return {
    get latest() {
      return latest;
    },
    stop: () => stopping.abort(),
  };
}

/** Only proof against the resolver takes its trust away, and only proof for it gives it back. */
function act({ conclusion }: SelfTestResult, options: SelfTestingOptions): void {
  const { trust, metrics, onTrustChange } = options;
  metrics.selfTest(conclusion);
  const trusted = trust.trusted ? conclusion !== 'not-validating' : conclusion === 'validating';
  if (trusted === trust.trusted) return;
  trust.set(trusted);
  onTrustChange();
}

function logConclusion({ conclusion, reason, steps }: SelfTestResult, log: Log): void {
  const fields = { event: 'resolver-self-test', conclusion, steps };
  switch (conclusion) {
    case 'validating':
      log.info(fields, `the resolver validates: ${reason}`);
      return;
    case 'not-validating':
      log.warn(fields, `the resolver does not validate, DANE is off: ${reason}`);
      return;
    case 'unreachable':
    case 'untested':
      log.info(fields, `whether the resolver validates is not known: ${reason}`);
      return;
  }
}
