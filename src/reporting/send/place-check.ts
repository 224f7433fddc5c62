/**
 * Whether a place lies where reports may go, as DNS tells now; nothing is connected to.
 *
 * @module
 */
import { isIP } from 'node:net';
import type { Clock } from '../../clock.ts';
import type { ReportSendSettings } from '../../config/reporting-types.ts';
import type { Resolver } from '../../dns/types.ts';
import type { Failure } from '../../failure.ts';
import { createAddressGuard } from '../../http/address-guard.ts';
import { targetAddresses } from '../../http/target-addresses.ts';
import type { ReportTarget } from '../../tlsrpt/types.ts';

/** Why nothing can go there, for good or now; undefined where nothing speaks against it. */
export type PlaceCheck = (
  target: ReportTarget,
) => Promise<{ readonly kind: 'refused' | 'later'; readonly failure: Failure } | undefined>;

/** What looking stands on. */
export interface PlaceCheckOptions {
  readonly resolver: Resolver;
  readonly clock: Clock;
  readonly settings: Pick<ReportSendSettings, 'https'>;
  /** A mail domain that has a route of its own: it may lie anywhere. */
  readonly isRouted: (domain: string) => boolean;
}

/** MX hosts that are looked at. */
const MOST_HOSTS = 4;

/** Makes a check that asks for each host once. */
export function createPlaceCheck(options: PlaceCheckOptions): PlaceCheck {
  const { resolver, clock, settings, isRouted } = options;
  const guard = createAddressGuard(settings.https.allowAddresses);
  const { signal } = new AbortController();
  const known = new Map<string, Promise<Failure | undefined>>();

  const look = async (host: string): Promise<Failure | undefined> => {
    if (isIP(host) === 0) {
      const found = await targetAddresses({ resolver, clock, guard, host, signal });
      return found.ok ? undefined : found.failure;
    }
    const why = guard.why(host);
    if (why === undefined) return undefined;
    return { code: 'HTTP_ADDRESS_REFUSED', detail: `${host} may not be reached (${why})` };
  };
  const faultOf = async (host: string): Promise<Failure | undefined> => {
    const found = known.get(host) ?? look(host);
    known.set(host, found);
    return await found;
  };

  return async (target) => {
    if (target.kind === 'https') {
      const fault = await faultOf(new URL(target.url).hostname.replace(/^\[(.*)\]$/, '$1'));
      if (fault === undefined) return undefined;
      return fault.code === 'HTTP_ADDRESS_REFUSED'
        ? barred(fault)
        : { kind: 'later', failure: fault };
    }
    const domain = target.address.slice(target.address.lastIndexOf('@') + 1);
    if (isRouted(domain)) return undefined;
    // What is wrong with a mail domain besides is told when mail is sent.
    const faults = await Promise.all((await mailHosts(resolver, domain)).map(faultOf));
    const [first] = faults;
    const areAllBarred = faults.every((fault) => fault?.code === 'HTTP_ADDRESS_REFUSED');
    return first !== undefined && areAllBarred ? barred(first) : undefined;
  };
}

function barred({ detail }: Failure): { readonly kind: 'refused'; readonly failure: Failure } {
  return { kind: 'refused', failure: { code: 'REPORT_SEND_ADDRESS_REFUSED', detail } };
}

/** None where DNS did not tell. */
async function mailHosts(resolver: Resolver, domain: string): Promise<readonly string[]> {
  const answer = await resolver.lookup(domain, 'MX');
  if (answer.kind === 'failure') return [];
  if (answer.kind !== 'records') return [domain];
  return answer.records
    .map(({ exchange }) => exchange)
    .filter((host) => host !== '' && host !== '.')
    .slice(0, MOST_HOSTS);
}
