import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { RelaySurroundings } from '../check/doctor-relay-types.ts';
import { FakeClock } from '../clock.fixture.ts';
import { readConfig } from '../config/load-config.ts';
import { type Said, startFakeDns, table } from '../dns/fake-dns.fixture.ts';
import { createResolver } from '../dns/resolver.ts';
import { silentLog } from '../log/log.ts';
import { openStore } from '../store/open-store.ts';
import { realRelay } from './relay-surroundings.ts';

let folder: string;

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'smtp-sts-relay-surroundings-'));
});

after(() => rmSync(folder, { recursive: true }));

function relayOf(yaml = '', server = '127.0.0.1:1'): RelaySurroundings {
  const config = readConfig(yaml).value!;
  // Nobody listens at port 1.
  const dns = { ...config.dns, resolvers: [server] };
  return realRelay(config, createResolver({ ...dns, clock: new FakeClock(0), log: silentLog }));
}

describe('the relay as the doctor sees it', () => {
  it('an address that is free, taken, or of another machine', async () => {
    const { tryListen } = relayOf();
    const server = createServer();
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const where = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    assert.equal(await tryListen(where), 'taken');
    await new Promise<unknown>((resolve) => {
      server.close(resolve);
    });
    assert.equal(await tryListen(where), undefined);
    assert.equal(await tryListen(where), undefined, 'it was given back');
    assert.equal(await tryListen('192.0.2.77:0'), 'not-here');
  });

  it('files: the verdicts are those of the service', async () => {
    const { countUsers, readPem } = relayOf();
    const path = join(folder, 'users');
    const codeOf = async (): Promise<unknown> => {
      const count = await countUsers(path);
      return count.ok ? count.value : count.failure.code;
    };
    assert.equal(await codeOf(), 'RELAY_USERS_UNREADABLE');
    writeFileSync(path, '# nobody\n', { mode: 0o600 });
    assert.equal(await codeOf(), 0);
    chmodSync(path, 0o644);
    assert.equal(await codeOf(), 'RELAY_USERS_EXPOSED');
    chmodSync(path, 0o600);
    writeFileSync(path, 'nonsense\n');
    assert.equal(await codeOf(), 'RELAY_USERS_INVALID');
    const pem = readPem(join(folder, 'none.pem'));
    assert.match(
      pem.ok ? '' : pem.failure.detail,
      /none\.pem cannot be read: there is no such file/,
    );
  });

  it('who is trusted, and the routes', () => {
    const own = relayOf();
    assert.deepEqual([own.trustsLoopback, own.trustsOthers], [true, false]);
    assert.deepEqual(own.publicNetworks, []);
    const wide = relayOf('relay: { trusted_networks: ["0.0.0.0/0"] }');
    assert.deepEqual([wide.trustsLoopback, wide.trustsOthers], [true, true]);
    assert.equal(wide.checkNotOpen(['127.0.0.1:25']).ok, true);
    assert.equal(wide.checkNotOpen(['192.0.2.1:25']).ok, false);
    const route = '{ domains: ["*"], next_hop: a.test, user: u, password_file: /nonexistent/p }';
    const loaded = relayOf(`relay: { routes: [${route}] }`).loadRoutes();
    assert.equal(loaded.ok ? '' : loaded.failure.code, 'ROUTE_PASSWORD_FILE');
  });

  it('the queue: no database is made by looking; an empty one, one short of room, a damaged one', async () => {
    const path = join(folder, 'queue.sqlite');
    const read = async (more = ''): Promise<Awaited<ReturnType<RelaySurroundings['readQueue']>>> =>
      await relayOf(`store: { url: "sqlite:${path}" }\n${more}`).readQueue();
    assert.deepEqual(await read(), { ok: true, value: undefined });
    await (await openStore(`sqlite:${path}`)).close();
    const empty = await read('relay: { min_free_space: 1B }');
    assert.ok(empty.ok);
    assert.deepEqual(
      [empty.value?.messages, empty.value?.oldestAcceptedAt, empty.value?.full],
      [0, undefined, undefined],
    );
    writeFileSync(path, 'x'.repeat(8_192));
    const damaged = await read();
    assert.match(damaged.ok ? '' : damaged.failure.code, /^STORE_/);
  });

  it('reverse DNS of both families: names, or none', async () => {
    const named = (name: string): Said => ({
      answers: [{ type: 'PTR', name, ttl: 60, data: 'relay.example.net' }],
    });
    const v4 = '1.2.0.192.in-addr.arpa';
    const v6 = `1.${'0.'.repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa`;
    const entries = { [`${v4}/PTR`]: named(v4), [`${v6}/PTR`]: named(v6) };
    await using server = await startFakeDns(table(entries));
    const { namesOf } = relayOf('', server.address);
    assert.deepEqual(await namesOf('192.0.2.1'), ['relay.example.net']);
    assert.deepEqual(await namesOf('2001:db8::1'), ['relay.example.net']);
    assert.deepEqual(await namesOf('192.0.2.2'), []);
  });

  it('reverse DNS: silence is not "no name"', async () => {
    assert.equal(await relayOf().namesOf('192.0.2.1'), undefined);
    assert.equal(await relayOf().namesOf('2001:db8::1'), undefined);
  });
});
