/**
 * Plays one delivery on servers without sockets.
 *
 * @module
 */
import { FakeClock } from '../clock.fixture.ts';
import { mapResolver, type MapWorld } from '../dns/map-resolver.fixture.ts';
import { createLabCa } from '../lab/pki/ca.ts';
import type { Envelope } from '../smtp/types.ts';
import { createDecider } from '../tls-policy/decider.ts';
import { KNOBS, NOW, stsPolicy } from '../tls-policy/evidence.fixture.ts';
import { fakeNetwork, type FakeNetwork, type FakeServer } from '../tls-policy/network.fixture.ts';
import { fakePolicies, type FakePolicies } from '../tls-policy/policies.fixture.ts';
import { EXPIRED, leafOf } from '../tls-policy/requirements.fixture.ts';
import { deliver, type DeliverOptions } from './deliver.ts';
import type { DeliveryReport } from './types.ts';

const ca = createLabCa();

/** A server that does all well and has a certificate for these names. */
export function serverFor(...names: readonly string[]): FakeServer {
  const certificate = leafOf(ca.issue(names));
  return { certificate: () => certificate };
}

/** A server that does all well under any name of {@link RECORDS}. */
export const GOOD: FakeServer = serverFor(
  'mx1.example.test',
  'mx2.example.test',
  'out.test',
  'relay.isp.test',
);
/** One whose certificate has expired. */
export const EXPIRED_CERTIFICATE: FakeServer = {
  ...GOOD,
  pkix: { trusted: false, failure: EXPIRED },
};

/** example.test: mx1 (10) with two addresses, mx2 (20). */
export const RECORDS: MapWorld['records'] = {
  'example.test': {
    MX: [
      { preference: 10, exchange: 'mx1.example.test' },
      { preference: 20, exchange: 'mx2.example.test' },
    ],
  },
  'mx1.example.test': { A: ['192.0.2.1'], AAAA: ['2001:db8::1'] },
  'mx2.example.test': { A: ['192.0.2.2'] },
  'null.test': { MX: [{ preference: 0, exchange: '' }] },
  'other.test': { MX: [{ preference: 10, exchange: 'out.test' }] },
  'out.test': { A: ['192.0.2.3'] },
  'relay.isp.test': { A: ['192.0.2.4'] },
};
/** Enforced for both hosts of example.test. */
export const BOTH = stsPolicy('enforce', ['mx1.example.test', 'mx2.example.test']);

/** What a test may set. */
export interface Scene {
  readonly world?: Partial<MapWorld>;
  readonly servers?: Readonly<Record<string, FakeServer>>;
  readonly envelope?: Partial<Envelope>;
  readonly to?: readonly string[];
  readonly policies?: FakePolicies;
  readonly more?: Partial<DeliverOptions>;
}

/** What came of it. */
export interface Played {
  readonly report: DeliveryReport;
  readonly network: FakeNetwork;
  readonly policies: FakePolicies;
  readonly resolver: ReturnType<typeof mapResolver>;
}

/** Delivers one message. */
export async function play(scene: Scene): Promise<Played> {
  const clock = new FakeClock(NOW);
  const resolver = mapResolver({ clock, records: RECORDS, ...scene.world });
  const policies = scene.policies ?? fakePolicies();
  const decider = createDecider({
    resolver,
    policies,
    clock,
    settings: { knobs: KNOBS, firstContactMs: 5000 },
    port: 25,
  });
  const network = fakeNetwork(scene.servers ?? { '2001:db8::1': GOOD, '192.0.2.3': GOOD });
  const to = scene.to ?? ['r@example.test'];
  const report = await deliver({
    engine: { ...decider, policies: policies as never, ca: undefined },
    config: {
      smtp: { port: 25, heloName: 'us.test', localAddress: undefined },
      tls: { caFile: undefined, opportunisticMinVersion: 'TLSv1.2' },
    },
    clock,
    envelope: {
      from: 'a@us.test',
      recipients: to.map((address) => ({ address })),
      ...scene.envelope,
    },
    message: [],
    random: () => 0.5,
    connect: network.connect,
    ...scene.more,
  });
  return { report, network, policies, resolver };
}

/** Policies of which example.test has this one. */
export function enforcing(status = BOTH): FakePolicies {
  const policies = fakePolicies();
  policies.now.set('example.test', status);
  return policies;
}

/** What became of each recipient. */
export const statuses = ({ report }: Played): readonly string[] =>
  report.recipients.map(({ status }) => status);
