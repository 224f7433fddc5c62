import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from '../src/cli/io.fixture.ts';
import type { Config } from '../src/config/types.ts';
import { labConfig } from '../src/lab/lab-engine.ts';
import { startWorld, type World } from '../src/lab/world.ts';
import { openStore } from '../src/store/open-store.ts';
import type { Store } from '../src/store/types.ts';
import { type PostgresPeer, startPostgres } from './peers/postgres.ts';
import { type ServiceNode, startNode } from './peers/service-node.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

let world: World;
let folder: string;

/** The domains are different in each test: nodes and database live on. */
async function enforced(name: string, id = 'a'): Promise<void> {
  await world.domain({ name, sts: { mode: 'enforce', id } });
}

function fetches(domain: string): number {
  return world.policyHost.requests.filter(({ sni }) => sni === `mta-sts.${domain}`).length;
}

function configOf(name: string, storeUrl: string): Config {
  return labConfig(world, {
    store: { url: storeUrl },
    http: { listen: '127.0.0.1:0' },
    socketmap: { listen: ['127.0.0.1:0'], budgetMs: 5 * SECOND },
    control: { socket: join(folder, `${name}.sock`) },
    mtaSts: { refreshMs: 10 * MINUTE, refreshJitterMs: 0, recheckMs: 5 * MINUTE },
    log: { level: 'info' },
  });
}

async function until(
  holds: () => boolean | Promise<boolean>,
  what: () => string,
  limitMs = 30 * SECOND,
): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await holds())) {
    if (performance.now() > end) assert.fail(`did not come about: ${what()}`);
    await sleep(50);
  }
}

before(async () => {
  world = await startWorld();
  folder = mkdtempSync(join(tmpdir(), 'sts-nodes-'));
});
after(async () => {
  await world.close();
  rmSync(folder, { recursive: true });
});

describe('two nodes that share PostgreSQL', () => {
  let postgres: PostgresPeer;
  let store: Store;
  let one: ServiceNode;
  let two: ServiceNode;

  /** Time passes for both, and what it sets going has a moment to be done. */
  async function pass(ms: number, nodes: readonly ServiceNode[] = [one, two]): Promise<void> {
    for (let gone = 0; gone < ms; gone += 10 * SECOND) {
      await Promise.all(nodes.map(async (node) => await node.skip(10 * SECOND)));
      await sleep(30);
    }
  }

  async function leader(): Promise<ServiceNode> {
    await until(
      async () => (await store.db.selectFrom('lease').selectAll().execute()).length === 1,
      () => 'a lease',
    );
    const { expires_at: before } = await lease();
    // Whoever renews it holds it.
    await one.skip(2 * MINUTE);
    await sleep(300);
    const led = (await lease()).expires_at !== before;
    await two.skip(2 * MINUTE);
    return led ? one : two;
  }

  async function lease(): Promise<{ owner: string; expires_at: number }> {
    return await store.db.selectFrom('lease').selectAll().executeTakeFirstOrThrow();
  }

  function other(node: ServiceNode): ServiceNode {
    return node === one ? two : one;
  }

  before(async () => {
    postgres = await startPostgres();
    store = await openStore(postgres.url);
  });
  after(async () => {
    await store.close();
    await postgres.stop();
  });
  beforeEach(async () => {
    [one, two] = await Promise.all([
      startNode(configOf('one', postgres.url)),
      startNode(configOf('two', postgres.url)),
    ]);
  });
  afterEach(async () => {
    postgres.freeze('thaw');
    await Promise.all([one.stop(), two.stop()]);
    await store.db.deleteFrom('lease').execute();
  });

  it('STS-3.3-R6: one policy is fetched once, although both are asked, and holds in both', async () => {
    await enforced('once.test');
    assert.match(await one.ask('once.test'), /^OK secure match=mx1\.once\.test /);
    // Nobody waits for the write: the answer comes first.
    await until(
      async () => (await rowOf('once.test')) !== undefined,
      () => 'the row is written',
    );
    assert.match(await two.ask('once.test'), /^OK secure match=mx1\.once\.test /);
    assert.equal(fetches('once.test'), 1);
  });

  it('STS-3.3-15, STS-10.2-2: whoever holds the lease refreshes, and when it dies the other does', async () => {
    await enforced('lease.test');
    await one.ask('lease.test');
    await two.ask('lease.test');
    const first = await leader();
    const second = other(first);
    await pass(12 * MINUTE);
    await until(
      () => fetches('lease.test') === 2,
      () => `one refresh, not ${fetches('lease.test') - 1}`,
    );
    await first.kill();
    assert.match(await second.ask('lease.test'), /^OK secure /, 'the survivor answers at once');
    await pass(16 * MINUTE, [second]);
    await until(
      () => fetches('lease.test') >= 3,
      () => 'the survivor refreshes',
    );
    assert.match(await second.ask('lease.test'), /^OK secure /);
  });

  it('E17: kill -9 of both, and the policies are there with the policy host and its record gone', async () => {
    await enforced('crash.test');
    assert.match(await one.ask('crash.test'), /^OK secure /);
    await until(
      async () => (await rowOf('crash.test')) !== undefined,
      () => 'the row is written',
    );
    await Promise.all([one.kill(), two.kill()]);
    world.dns.override('_mta-sts.crash.test', 'servfail');
    world.policyHost.setFault('crash.test', 'down');
    one = await startNode(configOf('one', postgres.url));
    assert.match(await one.ask('crash.test'), /^OK secure /);
    assert.equal(fetches('crash.test'), 1);
  });

  it('F6: an override or a purge at one node reaches the other within seconds', async () => {
    await enforced('far.test');
    assert.match(await one.ask('far.test'), /^OK secure /);
    assert.match(await two.ask('far.test'), /^OK secure /);
    const config = ['--store', postgres.url, '--control', join(folder, 'one.sock')];
    const terms = ['--skip', '--reason', 'their certificate', '--for', '1d'];
    const added = await run(['overrides', 'add', 'far.test', ...terms, ...config]);
    assert.equal(added.exitCode, 0, added.stderr);
    assert.equal(await one.ask('far.test'), 'NOTFOUND ');
    await until(
      async () => (await two.ask('far.test')) === 'NOTFOUND ',
      () => 'the override at two',
      6 * SECOND,
    );
    await run(['overrides', 'drop', 'far.test', ...config]);
    await until(
      async () => (await two.ask('far.test')).startsWith('OK secure '),
      () => 'its end at two',
      6 * SECOND,
    );
    // Nothing can be learned anew: whoever forgets it has no policy.
    world.policyHost.setFault('far.test', 'down');
    const purged = await run(['policies', 'purge', 'far.test', ...config]);
    assert.equal(purged.exitCode, 0, purged.stderr);
    await until(
      async () => (await two.ask('far.test')) === 'NOTFOUND ',
      () => 'the purge at two',
      10 * SECOND,
    );
    assert.equal(await one.ask('far.test'), 'NOTFOUND ');
  });

  async function rowOf(domain: string): Promise<{ readonly mode: string } | undefined> {
    return await store.db
      .selectFrom('sts_policy')
      .select('mode')
      .where('policy_domain', '=', domain)
      .where('expires_at', '>', 0)
      .executeTakeFirst();
  }

  /** The database goes, both go on and say so; it comes back, and nothing is missing. */
  async function outage(
    name: string,
    how: { readonly end: () => Promise<void>; readonly begin: () => Promise<void> },
  ): Promise<void> {
    const nodes = [one, two];
    await enforced(`held-${name}.test`);
    for (const node of nodes) assert.match(await node.ask(`held-${name}.test`), /^OK secure /);
    await world.domain({ name: `bare-${name}.test` });
    await enforced(`new-${name}.test`);
    await how.begin();
    for (const node of nodes) {
      assert.match(await node.ask(`held-${name}.test`), /^OK secure /, 'from memory');
      assert.match(await node.ask(`bare-${name}.test`), /^TEMP POLICY_STORE_DOWN/, 'not relaxed');
    }
    assert.match(await one.ask(`new-${name}.test`), /^(OK secure |TEMP )/);
    await until(
      async () => (await one.ask(`new-${name}.test`)).startsWith('OK secure '),
      () => 'a policy that is fetched meanwhile is enforced',
    );
    await pass(2 * MINUTE);
    for (const node of nodes) {
      await until(
        async () => (await node.health()).status === 'degraded',
        () => 'degraded health',
      );
      assert.match((await node.health()).store, /down, answers come from memory/);
      assert.match(await node.metrics(), /^smtp_sts_store_up 0$/m);
      assert.match(node.log(), /STORE_UNAVAILABLE/);
      assert.match(await node.ask(`held-${name}.test`), /^OK secure /, 'still from memory');
    }
    await how.end();
    await until(
      async () => {
        await pass(30 * SECOND);
        const up = await Promise.all(nodes.map(async (node) => (await node.health()).status));
        return (
          up.every((status) => status === 'ok') && (await rowOf(`new-${name}.test`)) !== undefined
        );
      },
      () => 'both are well again, and what was fetched meanwhile is written',
      60 * SECOND,
    );
    for (const node of nodes) {
      assert.match(await node.metrics(), /^smtp_sts_store_up 1$/m);
      await until(
        async () => (await node.ask(`bare-${name}.test`)) === 'NOTFOUND ',
        () => 'a plain answer again',
      );
      assert.match(await node.ask(`held-${name}.test`), /^OK secure /);
    }
    assert.equal(fetches(`new-${name}.test`), 1);
    assert.match(await two.ask(`new-${name}.test`), /^OK secure /);
    assert.equal(fetches(`new-${name}.test`), 1, 'two took it from the table');
  }

  it('I8: the database ends: both answer from memory, say so, relax nothing, and recover', async () => {
    await outage('gone', {
      begin: async () => await postgres.halt(),
      end: async () => await postgres.resume(),
    });
  });

  it('I8: the database freezes: the same', async () => {
    await outage('ice', {
      begin: async () => await Promise.resolve(postgres.freeze('freeze')),
      end: async () => await Promise.resolve(postgres.freeze('thaw')),
    });
  });
});

describe('one node with SQLite', () => {
  it('STS-3.3-R6, E17: kill -9: the map gives the same answer with record and policy host gone', async () => {
    const config = configOf('alone', `sqlite:${join(folder, 'alone.sqlite')}`);
    await enforced('alone.test');
    const first = await startNode(config);
    const answer = await first.ask('alone.test');
    assert.match(answer, /^OK secure /);
    await first.kill();
    world.dns.override('_mta-sts.alone.test', 'servfail');
    world.policyHost.setFault('alone.test', 'down');
    const second = await startNode(config);
    assert.equal(await second.ask('alone.test'), answer);
    assert.equal(fetches('alone.test'), 1);
    await second.stop();
  });
});
