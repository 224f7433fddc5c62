/**
 * Looking ahead: what the report of a domain would be, and what would become of it.
 *
 * @module
 */
import { systemClock } from '../clock.ts';
import type { ReportSendSettings } from '../config/reporting-types.ts';
import type { Config } from '../config/types.ts';
import type { Resolver } from '../dns/types.ts';
import { createRoutes } from '../relay/routes/create-routes.ts';
import { signerOf } from '../reporting/send/author.ts';
import { outlook, type PlaceOutlook, ruleFault } from '../reporting/send/outlook.ts';
import { createPlaceCheck } from '../reporting/send/place-check.ts';
import { targetText } from '../reporting/send/place.ts';
import { type PackedReport, prepareReport } from '../reporting/send/prepare-report.ts';
import { storedTally } from '../reporting/send/stored-tally.ts';
import type { UtcDay } from '../reporting/types.ts';
import type { Store } from '../store/types.ts';
import type { ReportTarget } from '../tlsrpt/types.ts';
import type { ReportOutlook } from './text/report-outlook-text.ts';

/** What looking ahead stands on. */
export interface AheadOptions {
  readonly store: Store;
  readonly config: Config;
  readonly settings: ReportSendSettings;
  readonly resolver: Resolver;
  readonly day: UtcDay;
}

/** Looks; nothing is sent, changed or connected to. */
export interface Ahead {
  /** The report of a domain, at each place of its record. */
  of(domain: string): Promise<ReportOutlook>;
  /** A report at a place of the operator's choice. */
  at(
    target: ReportTarget,
    letter: { readonly domain: string; readonly packed: PackedReport },
  ): Promise<PlaceOutlook>;
}

/** Makes ready to look. */
export function lookAhead({ store, config, settings, resolver, day }: AheadOptions): Ahead {
  const routes = createRoutes(config.relay.routes, { port: config.smtp.port });
  const signer = signerOf(settings);
  const check = createPlaceCheck({
    resolver,
    clock: systemClock,
    settings,
    isRouted: (domain) => routes.ok && routes.value.of(domain) !== undefined,
  });
  const tally = storedTally(store);
  const how = { store, settings, signer: () => signer, check };
  return {
    async of(domain) {
      const prepared = await prepareReport({ day, domain }, { tally, resolver, settings });
      if (prepared.kind !== 'report') return { domain, prepared, places: [] };
      const { packed, record } = prepared;
      const now = systemClock.now();
      const places = await outlook({ day, domain, packed, rua: record.rua }, { ...how, now });
      return { domain, prepared, places };
    },
    async at(target, letter) {
      const ahead = { ...letter, number: 0 };
      const fault = await ruleFault(target, { ...how, ahead, now: systemClock.now() });
      const said = fault ?? ({ result: 'would-send', code: '', text: '' } as const);
      return { kind: target.kind, target: targetText(target), ...said };
    },
  };
}
