import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { run, type Run } from '../src/cli/io.fixture.ts';
import { type LabRelay, startLabRelay } from '../src/cli/relay-in-lab.ts';
import { systemClock } from '../src/clock.ts';
import { raiseStandingDomains } from '../src/lab/standing-domains.ts';
import { startWorld, type World } from '../src/lab/world.ts';
import { createLog } from '../src/log/log.ts';
import { attempt, decisionOf, MX } from '../src/relay/bounce/notice.fixture.ts';
import { EMPTY } from '../src/relay/queue/queue.fixture.ts';
import type { ListedJob } from '../src/relay/operations/list-jobs.ts';
import { jobsIn, seed, type Seed, seedAttempt } from '../src/relay/operations/seed.fixture.ts';
import { openStore } from '../src/store/open-store.ts';
import type { Store } from '../src/store/types.ts';
import type { PostgresPeer } from './peers/postgres.ts';
import { startPostgres } from './peers/postgres.ts';

const HOUR = 3_600_000;

/** Umlauts, an underscore, capitals: what two databases may compare in two ways. */
function seeds(now: number): readonly Seed[] {
  return [
    {
      id: 'm1',
      acceptedAt: now - 10 * HOUR,
      nextAt: now + HOUR + 30_000,
      attempts: 7,
      from: 'Alice_1@Here.test',
      lastText: '451 4.7.1 come back later',
    },
    {
      id: 'm2',
      acceptedAt: now - HOUR,
      from: 'alicex1@else.test',
      to: ['bob@there.test', 'ü@other.test', 'y@[192.0.2.1]', 'z@third.test'],
      held: ['other.test'],
      taken: ['third.test'],
    },
    { id: 'm3', acceptedAt: now - 60_000, from: '', to: ['alice_1@here.test'] },
    { id: 'm4', acceptedAt: now - 30_000, to: ['bob@example.test'], attempts: 1, lastHost: '' },
  ];
}

const ALL = [
  'm1/there.test waiting',
  'm2/[192.0.2.1] waiting',
  'm2/other.test held',
  'm2/there.test waiting',
  'm2/third.test delivering',
  'm3/here.test waiting',
  'm4/example.test waiting',
];

/** What a command must say and leave behind. */
interface Case {
  readonly argv: readonly string[];
  readonly exitCode?: number;
  readonly says: readonly RegExp[];
  /** Jobs that are there afterwards; absent: as before. Notifications stand as `new/…`. */
  readonly leaves?: readonly string[];
}

const NO_SERVICE = /No service runs here/;

const CASES: readonly Case[] = [
  {
    argv: ['list'],
    says: [
      /^m1 +10 h +25 B +Alice_1@Here\.test +bob@there\.test +7 +in 60 min +451 4\.7\.1 come back later$/m,
      /^m2 .* y@\[192\.0\.2\.1\] +0 +due$\n^m2 .* ü@other\.test +0 +held$/m,
      /^4 messages at 7 destinations, 100 B: 5 waiting, 1 held, 1 in delivery; the oldest is 10 h old$/m,
    ],
  },
  { argv: ['list', '--sender', 'alice_1@HERE.test'], says: [/^m1 /m, /^1 message, 25 B/m] },
  { argv: ['list', '--sender', 'HERE.test'], says: [/^m1 /m, /^2 messages, 50 B/m] },
  { argv: ['list', '--sender', '<>'], says: [/^m3 /m, /^1 message, /m] },
  { argv: ['list', '--recipient', 'alice_1@here.test'], says: [/^m3 /m, /^1 message, /m] },
  { argv: ['list', '--recipient', 'here_test'], says: [/Nothing waits/] },
  { argv: ['list', '--state', 'delivering'], says: [/third\.test/, /^1 message, /m] },
  { argv: ['list', '--older', '2h'], says: [/^m1 /m, /^1 message, /m] },
  { argv: ['list', '--destination', '[192.0.2.1]'], says: [/^m2 /m, /^1 message, /m] },
  {
    argv: ['list', '--after', 'm2', '--limit', '1'],
    says: [/^m3 /m, /1 rows shown\. Go on: --after m3\/here\.test/],
  },
  { argv: ['show', 'M2'], says: [/^ {2}waiting {2}ü@other\.test$/m, /^ {2}other\.test +held/m] },
  { argv: ['show', 'm2', '--content'], says: [/^Subject: hello\r\n\r\nwords\r\n$/] },
  { argv: ['show', 'm4'], says: [/^ {2}1 {2}.*example\.test, took 400 ms$/m] },
  { argv: ['show', 'gone'], exitCode: 66, says: [/QUEUE_NO_SUCH_MESSAGE/] },
  {
    argv: ['explain', 'm4'],
    says: [/^m4 to example\.test: waits, /m, /TLS_CERTIFICATE_EXPIRED/, /MTA-STS/],
  },
  { argv: ['explain', 'm2'], says: [/held by an operator/, /being delivered now/] },
  {
    argv: [],
    says: [
      /4 messages, 100 B, the oldest 10 h old\nwaiting 5 {2}held 1 {2}in delivery 1$/m,
      /^< 5 min +2 .*\n< 1 h +0\n< 4 h +1 .*\n< 1 d +1 .*\n> 1 d +0$/m,
      /^there\.test +2 +0 +0 {2}due$/m,
      /^other\.test +1 +1 +0$/m,
    ],
  },
  { argv: ['--watch', '--interval', '100ms', '--count', '2'], says: [/in 0\.0\/s {2}out 0\.0\/s/] },
  {
    argv: ['hold', '--destination', 'there.test'],
    says: [/^2 deliveries held\.$/m],
    leaves: ALL.map((job) => job.replace(/(there\.test) waiting/, '$1 held')),
  },
  {
    argv: ['hold', 'm2'],
    exitCode: 1,
    says: [/^2 deliveries held\.\n1 held already\.$/m, /1 in delivery at this moment/],
    leaves: ALL.map((job) => (job.startsWith('m2') ? job.replace('waiting', 'held') : job)),
  },
  {
    argv: ['release', '--state', 'held'],
    says: [/^1 delivery released\.$/m, NO_SERVICE],
    leaves: ALL.map((job) => job.replace('held', 'waiting')),
  },
  { argv: ['retry', 'm1'], says: [/^1 delivery due now\.$/m, NO_SERVICE] },
  {
    argv: ['retry', '--all'],
    says: [/^5 deliveries due now\.\n1 held, and not named: left alone\.$/m],
  },
  { argv: ['drop', '--all'], exitCode: 64, says: [/4 messages at 7 destinations.*Say --yes/] },
  {
    argv: ['drop', '--sender', 'else.test', '--yes'],
    exitCode: 1,
    says: [/^Dropped for 3 recipients\. Nobody is told\.$/m, /1 in delivery at this moment/],
    leaves: ALL.filter((job) => !job.startsWith('m2') || job.includes('third')),
  },
  {
    argv: ['bounce', 'm1', 'm4'],
    says: [/^Given up for 2 recipients; 2 notifications queued for the authors\.$/m],
    leaves: ['new/here.test waiting', 'new/here.test waiting', ...ALL.slice(1, -1)],
  },
  {
    argv: ['bounce', 'm3'],
    says: [/nobody is told of alice_1@here\.test: .*null reverse-path/],
    leaves: ALL.filter((job) => !job.startsWith('m3')),
  },
];

let folder: string;
let postgres: PostgresPeer;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sts-operations-'));
  postgres = await startPostgres();
});
after(async () => {
  await postgres.stop();
  rmSync(folder, { recursive: true });
});

const ENGINES: Readonly<Record<string, () => string>> = {
  SQLite: () => `sqlite:${join(folder, 'queue.sqlite')}`,
  PostgreSQL: () => postgres.url,
};

for (const [engine, urlOf] of Object.entries(ENGINES)) {
  describe(`smtp-sts queue on ${engine}, no service runs`, () => {
    let store: Store;

    before(async () => {
      store = await openStore(urlOf());
    });
    after(async () => await store.close());
    beforeEach(async () => {
      for (const table of [...Object.keys(EMPTY), 'queue_decision']) {
        await store.db.deleteFrom(table as 'queue_message').execute();
      }
      const now = Date.now();
      await seed(store, seeds(now));
      const decision = decisionOf();
      const failure = {
        code: 'TLS_CERTIFICATE_EXPIRED',
        detail: `the certificate of ${MX} expired 3 days ago`,
        resultType: 'certificate-expired',
      } as const;
      const events = [attempt(failure, decision.policy.hosts[0]!.requirement)];
      const at = now - 20_000;
      await seedAttempt(store, { id: 'm4', destination: 'example.test', at, events, decision });
      await store.db
        .updateTable('queue_recipient')
        .set({ last_text: failure.detail, last_at: at })
        .where('message_id', '=', 'm4')
        .execute();
    });

    for (const { argv, exitCode = 0, says, leaves = ALL } of CASES) {
      it(`queue ${argv.join(' ')}`, async () => {
        const done = await queue(argv, urlOf());
        const said = `${done.stdout}\n${done.stderr}`;
        assert.equal(done.exitCode, exitCode, said);
        for (const pattern of says) assert.match(said.replace(/\n$/, ''), pattern);
        const jobs = (await jobsIn(store)).map((job) => job.replace(/^(?!m\d\/)[^/]+/, 'new'));
        assert.deepEqual(jobs.toSorted(), [...leaves].toSorted());
      });
    }

    it('thousands at once: page by page, all of them', async () => {
      const many = Array.from({ length: 603 }, (_, index) => ({
        id: `n${String(index).padStart(5, '0')}`,
        to: [`a@d${index % 60}.test`],
        from: 'many@else.test',
        acceptedAt: Date.now() - HOUR,
      }));
      await seed(store, many);
      const only = ['--sender', 'many@else.test'];
      const listed = await queue(['list', '--json', ...only], urlOf());
      assert.equal(listed.stdout.trim().split('\n').length, 603);
      assert.match((await queue(['hold', ...only], urlOf())).stdout, /^603 deliveries held/);
      assert.match((await queue(['release', ...only], urlOf())).stdout, /^603 deliveries rel/);
      const bounced = await queue(['bounce', ...only, '--yes'], urlOf());
      assert.match(bounced.stdout, /^Given up for 603 recipients; 603 notifications/);
      const dropped = await queue(['drop', '--sender', '<>', '--yes'], urlOf());
      assert.match(dropped.stdout, /^Dropped for 604 recipients/);
      assert.equal((await jobsIn(store)).length, ALL.length - 1);
    });
  });
}

async function queue(argv: readonly string[], url: string): Promise<Run> {
  const control = join(folder, 'nobody.sock');
  return await run(['queue', ...argv, '--store', url, '--control', control]);
}

/** Lines of the service's log, as they are read by machines. */
interface LogLine {
  readonly event?: string;
  readonly how?: string;
  readonly id?: string;
  readonly by?: string;
  readonly recipients?: number;
}

for (const [engine, urlOf] of Object.entries(ENGINES)) {
  describe(`smtp-sts queue on ${engine}, beside a running service`, () => {
    let world: World;
    let relay: LabRelay;
    let store: Store;
    const lines: LogLine[] = [];

    before(async () => {
      store = await openStore(urlOf());
      for (const table of [...Object.keys(EMPTY), 'queue_decision']) {
        await store.db.deleteFrom(table as 'queue_message').execute();
      }
      world = await startWorld();
      await raiseStandingDomains(world);
      const sink = { write: (line: string) => void lines.push(JSON.parse(line) as LogLine) };
      const log = createLog('info', { sink });
      relay = await startLabRelay(world, systemClock, { storeUrl: urlOf(), log });
    });
    after(async () => {
      await relay.close();
      await world.close();
      await store.close();
    });

    const command = async (...argv: readonly string[]): Promise<Run> =>
      await run(['queue', ...argv, '--config', relay.configFile]);

    async function jobOf(id: string): Promise<ListedJob> {
      return JSON.parse((await command('list', id, '--json')).stdout) as ListedJob;
    }

    /** Hands in a message that cannot be delivered, and waits for its first attempt. */
    async function waiting(): Promise<string> {
      const id = await relay.submit({
        from: 'alice@plain.test',
        to: 'bob@stripped.test',
        subject: 'hello',
        text: 'words',
      });
      assert.ok(id.ok);
      await eventually(async () => {
        const { state, attempts, nextAt } = await jobOf(id.value);
        if (state === 'waiting' && attempts > 0 && nextAt > Date.now()) return true;
        // Where the one before failed the service would wait a little, unless an operator says so.
        if (state === 'waiting' && attempts === 0) await command('retry', id.value);
        return false;
      });
      return id.value;
    }

    it('a message that waits is listed, shown and explained by the attempt of the service', async () => {
      const id = await waiting();
      assert.match((await command('list', id)).stdout, /bob@stripped\.test +[12] +in \S+ s +mx1/);
      const shown = (await command('show', id)).stdout;
      assert.match(shown, /Attempts that left somebody waiting\n {2}1 {2}.*stripped\.test/);
      assert.match(shown, /^ {2}came +from a trusted network, 127\.0\.0\.1/m);
      assert.match((await command('explain', id)).stdout, /SMTP_STARTTLS_NOT_OFFERED/);
      assert.match((await command()).stdout, /^stripped\.test +1 +0 +0 {2}in \S+ s$/m);
      await command('drop', id, '--yes');
    });

    it('held: not tried; released: tried at once', async () => {
      const id = await waiting();
      const { attempts } = await jobOf(id);
      assert.match((await command('hold', id)).stdout, /^1 delivery held\.$/m);
      assert.match((await command('list', id)).stdout, / held /);
      const released = await command('release', id);
      assert.equal(released.stdout, '1 delivery released.\nThe running service tries it now.\n');
      await eventually(async () => {
        const job = await jobOf(id);
        return job.state === 'waiting' && job.attempts > attempts;
      });
      await command('drop', id, '--yes');
    });

    it('retry: delivered when the other side is mended', async () => {
      const id = await waiting();
      const { host } = world.domains.get('stripped.test')!;
      const before = host.messages.length;
      host.setFault('none');
      await host.settled();
      try {
        assert.match((await command('retry', id)).stdout, /The running service tries it now/);
        await eventually(async () => await Promise.resolve(host.messages.length > before));
        await eventually(async () => (await command('show', id)).exitCode === 66);
      } finally {
        host.setFault('strip-starttls');
        await host.settled();
      }
    });

    it('drop: the log of the service says who dropped what', async () => {
      const id = await waiting();
      const dropped = await command('drop', id, '--yes', '--json');
      assert.equal((JSON.parse(dropped.stdout) as { logged: string }).logged, 'told');
      const line = lines.find((each) => each.event === 'removed' && each.id === id);
      assert.deepEqual([line?.how, line?.recipients, line?.by], ['drop', 1, userInfo().username]);
    });

    it('bounce: the author is told at once; log and metrics know of it', async () => {
      const id = await waiting();
      const bounces = async (): Promise<number> => {
        const text = await (await fetch(`${relay.http}/metrics`)).text();
        return Number(/^smtp_sts_relay_bounces_total\{kind="failed"\} (\d+)$/m.exec(text)?.[1]);
      };
      const { host } = world.domains.get('plain.test')!;
      const [letters, count] = [host.messages.length, await bounces()];
      const bounced = await command('bounce', id);
      assert.match(bounced.stdout, /^Given up for 1 recipient; 1 notification queued/);
      assert.match(bounced.stdout, /\nThe running service tries it now\.\n$/);
      await eventually(async () => await Promise.resolve(host.messages.length > letters));
      assert.match(String(host.messages.at(-1)!.content), /multipart\/report/);
      assert.equal(await bounces(), count + 1);
      assert.ok(lines.some((each) => each.how === 'bounce' && each.id === id));
    });
  });
}

async function eventually(look: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 15_000;
  while (!(await look())) {
    assert.ok(Date.now() < end, 'it did not happen within 15 seconds');
    await systemClock.sleep(20);
  }
}
