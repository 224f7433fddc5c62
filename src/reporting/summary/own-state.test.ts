import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { FakeClock } from '../../clock.fixture.ts';
import { systemClock } from '../../clock.ts';
import { mapResolver, type MapWorld } from '../../dns/map-resolver.fixture.ts';
import { fail, ok, type Outcome } from '../../failure.ts';
import type { HttpsFetcher } from '../../http/https-fetcher.ts';
import { createLabCa } from '../../lab/pki/ca.ts';
import { startScript } from '../../smtp/script-server.fixture.ts';
import { openStore } from '../../store/open-store.ts';
import type { Store } from '../../store/types.ts';
import { causesOf } from './causes.ts';
import { noteSighting, pruneSightings, readSightings } from './own-history.ts';
import { certificate, policy } from './own-state.fixture.ts';
import { gatherOwnState, type OwnStateOptions, rememberedState } from './own-state.ts';
import type { OwnState, OwnTls } from './own-state-types.ts';
import { createTlsProbe } from './own-tls.ts';

const HOUR = 3_600_000;
const DOMAIN = 'example.com';
const MX = 'mx1.example.com';

describe('our own state', () => {
  let store: Store;
  let clock: FakeClock;
  let world: MapWorld;
  let text: string | undefined;
  let shows: Outcome<OwnTls>;
  beforeEach(async () => {
    store = await openStore('sqlite::memory:');
    clock = new FakeClock();
    text = policy([MX]).text;
    shows = ok(certificate(MX));
    world = {
      records: {
        '_mta-sts.example.com': { TXT: ['v=STSv1; id=1;'] },
        'example.com': { MX: [{ preference: 10, exchange: MX }] },
        'mx1.example.com': { A: ['192.0.2.1'] },
        '_25._tcp.mx1.example.com': {
          TLSA: [{ usage: 3, selector: 1, matchingType: 1, data: Buffer.alloc(32, 0xaa) }],
        },
      },
      secure: ['example.com'],
    };
  });
  afterEach(async () => await store.close());

  const fetcher: HttpsFetcher = {
    fetch: async () => {
      await Promise.resolve();
      if (text === undefined)
        return fail('HTTP_STATUS', 'mta-sts.example.com answered 404, not 200');
      return ok({
        body: Buffer.from(`${text}\n`),
        contentType: 'text/plain',
        endIsCertain: true,
        address: '192.0.2.2',
        tookMs: 1,
        certificate: { subject: '', issuer: '', validTo: '' },
      });
    },
  };

  async function gather(more: Partial<OwnStateOptions> = {}): Promise<OwnState> {
    return await gatherOwnState({
      store,
      clock,
      domain: DOMAIN,
      resolver: mapResolver(world),
      fetcher,
      probe: async () => await Promise.resolve(shows),
      port: 25,
      ...more,
    });
  }

  it('policy, MX hosts, TLSA records and certificates, each with the time of its change', async () => {
    const first = clock.now();
    await gather();
    await clock.advance(HOUR);
    await gather();
    const same = await rememberedState(store, DOMAIN, clock.now());
    assert.deepEqual(
      same.policies.map(({ value, firstSeen, lastSeen }) => [value?.mx, firstSeen, lastSeen]),
      [[[MX], first, clock.now()]],
    );
    assert.deepEqual(same.mx[0]?.value, [MX]);
    assert.deepEqual(same.hosts[0]?.tlsa[0]?.value, [`3 1 1 ${'aa'.repeat(32)}`]);
    await clock.advance(HOUR);
    text = policy(['other.example.com']).text;
    world.records = {
      ...world.records,
      'example.com': { MX: [{ preference: 10, exchange: 'mx2.example.com' }] },
      'mx2.example.com': { A: ['192.0.2.3'] },
    };
    const changed = await gather();
    assert.deepEqual(
      changed.policies.map(({ value, firstSeen }) => [value?.mx, firstSeen]),
      [
        [['other.example.com'], clock.now()],
        [[MX], first],
      ],
    );
    assert.deepEqual(
      changed.hosts.map(({ host }) => host),
      ['mx2.example.com', MX],
    );
    const facts = { type: 'validation-failure', mxHost: 'mx2.example.com' } as const;
    assert.match(
      causesOf({ ...facts, firstDay: 20_454, lastDay: 20_454 }, changed)[0]!.text,
      /lists other\.example\.com, but the MX is mx2\.example\.com/,
    );
  });

  it('what could not be had now is told, and what was known stays', async () => {
    await gather();
    await clock.advance(HOUR);
    text = undefined;
    shows = fail('SMTP_CONNECTION_LOST', 'no connection');
    world.failing = { '_25._tcp.mx1.example.com': 'servfail' };
    const state = await gather();
    assert.equal(state.policyFailure?.resultType, 'sts-policy-fetch-error');
    assert.deepEqual(state.policies[0]?.value?.mx, [MX]);
    assert.equal(state.hosts[0]?.tlsFailure?.detail, 'no connection');
    assert.equal(state.hosts[0].tlsaFailure?.code, 'DANE_TLSA_LOOKUP_FAILED');
    assert.equal(state.hosts[0].tlsa[0]?.value.length, 1);
    world.failing = { 'example.com/MX': 'bogus' };
    assert.equal((await gather()).mxFailure?.code, 'DNS_BOGUS');
    const policies = state.policies.length;
    world.records = {};
    world.failing = {};
    const unknown = await gather();
    assert.equal(unknown.mxFailure?.code, 'DNS_DOMAIN_UNKNOWN', 'a resolver that knows nothing');
    assert.deepEqual([unknown.policies.length, unknown.mx[0]?.value], [policies, [MX]]);
  });

  it('a record that is gone is a change; one that is broken is not', async () => {
    await gather();
    await clock.advance(HOUR);
    world.records = { ...world.records, '_mta-sts.example.com': { TXT: ['v=STSv1; id=;'] } };
    assert.equal((await gather()).policies.length, 1);
    world.records = { ...world.records, '_mta-sts.example.com': {} };
    const state = await gather();
    assert.deepEqual(
      state.policies.map(({ value }) => value?.mode),
      [undefined, 'enforce'],
    );
  });

  it('the policy that is in the cache is an older one of ours', async () => {
    const cached = policy(['old.example.com']);
    await store.db
      .insertInto('sts_policy')
      .values({
        policy_domain: DOMAIN,
        record_id: '0',
        policy_text: cached.text,
        mode: 'enforce',
        fetched_at: clock.now() - HOUR,
        expires_at: clock.now(),
        last_used_at: 0,
        next_refresh_at: 0,
        failures_in_a_row: 0,
        failure_code: null,
        failure_detail: null,
        failure_type: null,
        changed_at: 0,
      })
      .execute();
    const { policies } = await gather();
    assert.deepEqual(
      policies.map(({ value, firstSeen }) => [value?.mx, firstSeen]),
      [
        [[MX], clock.now()],
        [['old.example.com'], clock.now() - HOUR],
      ],
    );
  });

  it('an MX host asked about itself: it is its own host', async () => {
    const { mx, hosts } = await gather({ domain: MX });
    assert.deepEqual(mx[0]?.value, [MX]);
    assert.equal(hosts[0]?.tlsa[0]?.value.length, 1);
  });

  it('what two nodes note at once is one entry; what is over long ago is forgotten', async () => {
    const at = clock.now();
    const note = async (value: string, time: number): Promise<void> =>
      await noteSighting(store, { subject: 'x', kind: 'mx', value, at: time });
    await note('a', at);
    await store.db
      .insertInto('own_state')
      .values({ subject: 'x', kind: 'mx', first_seen: at + 1, last_seen: at + 2, value: '"a"' })
      .execute();
    await note('b', at + 10);
    await note('b', at - 99);
    const read = async () => await readSightings<string>(store, { subject: 'x', kind: 'mx' });
    assert.deepEqual(await read(), [
      { value: 'b', firstSeen: at + 10, lastSeen: at + 10 },
      { value: 'a', firstSeen: at, lastSeen: at + 2 },
    ]);
    await note('c', at - 5);
    assert.equal((await read())[0]?.value, 'c', 'also where the clock was set back');
    await pruneSightings(store, at + 100);
    assert.deepEqual(
      (await read()).map(({ value }) => value),
      ['c'],
    );
  });
});

describe('looking what an MX host of ours shows', () => {
  const ca = createLabCa();
  const script = `
    S: 220 mx1 ESMTP
    C: EHLO probe.example.com
    S: 250-mx1
    S: 250 STARTTLS
    C: STARTTLS
    S: 220 go
    T:
    C: EHLO probe.example.com
    S: 250 mx1
    C: QUIT
    S: 221 bye
    E:`;

  async function look(dialogue: string, names = [MX]): Promise<Outcome<OwnTls>> {
    const { key, chain } = ca.issue(names);
    const server = await startScript(dialogue, { key, cert: chain });
    const probe = createTlsProbe({
      clock: systemClock,
      port: server.port,
      heloName: 'probe.example.com',
      ca: [ca.rootPem],
    });
    const found = await probe({ host: MX, addresses: ['127.0.0.1'] });
    await server.close();
    return found;
  }

  it('its certificate: names, dates, trust, and what TLSA records may hold', async () => {
    const found = await look(script);
    assert.ok(found.ok && found.value.kind === 'certificate');
    const { names, fits, distrust, validFrom, validTo, issuerForms } = found.value;
    assert.deepEqual([names, fits, distrust], [[MX], true, '']);
    assert.ok(validFrom < Date.now() && validTo > Date.now());
    const key = createHash('sha256').update(ca.intermediateSpki).digest('hex');
    assert.ok(issuerForms.includes(`1 1 ${key}`));
    assert.equal(found.value.leafForms.length, 4);
  });

  it('a certificate for another name', async () => {
    const found = await look(script, ['www.example.com']);
    assert.ok(found.ok && found.value.kind === 'certificate');
    assert.deepEqual([found.value.names, found.value.fits], [['www.example.com'], false]);
  });

  it('no STARTTLS is something seen; no connection is a failure', async () => {
    const none = `
      S: 220 mx1 ESMTP
      C: EHLO probe.example.com
      S: 250 mx1
      E:`;
    assert.deepEqual(await look(none), { ok: true, value: { kind: 'no-starttls' } });
    const gone = await look('X:');
    assert.equal(gone.ok, false);
    const probe = createTlsProbe({ clock: systemClock, port: 25, heloName: 'x' });
    assert.equal((await probe({ host: MX, addresses: [] })).ok, false);
  });
});
