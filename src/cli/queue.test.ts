import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { silentLog } from '../log/log.ts';
import { startControl } from '../policy-server/control.ts';
import { attempt, decisionOf, MX } from '../relay/bounce/notice.fixture.ts';
import { jobsIn, seed, type Seed, seedAttempt } from '../relay/operations/seed.fixture.ts';
import { openStore } from '../store/open-store.ts';
import type { Store } from '../store/types.ts';
import { run, type Run } from './io.fixture.ts';

const HOUR = 3_600_000;

let folder: string;
let number = 0;
let file: string;
let control: string;

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'sts-queue-'));
});
after(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  number += 1;
  file = join(folder, `${number}.sqlite`);
  control = join(folder, `${number}.sock`);
});

async function queue(argv: readonly string[], input = ''): Promise<Run> {
  return await run(['queue', ...argv, '--store', `sqlite:${file}`, '--control', control], input);
}
async function onStore<T>(task: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore(`sqlite:${file}`);
  try {
    return await task(store);
  } finally {
    await store.close();
  }
}

async function fill(seeds: readonly Seed[]): Promise<void> {
  await onStore(async (store) => await seed(store, seeds));
}

async function jobs(): Promise<readonly string[]> {
  return await onStore(jobsIn);
}

function standard(): readonly Seed[] {
  const now = Date.now();
  return [
    {
      id: 'm1',
      acceptedAt: now - 10 * HOUR,
      nextAt: now + HOUR + 30_000,
      attempts: 7,
      lastText: '451 4.7.1 come back later',
    },
    {
      id: 'm2',
      acceptedAt: now - HOUR,
      from: 'carol@else.test',
      to: ['bob@there.test', 'x@other.test', 'y@third.test'],
      held: ['other.test'],
      taken: ['third.test'],
    },
    { id: 'm3', acceptedAt: now - 60_000, from: '', to: ['alice@here.test'] },
  ];
}

describe('smtp-sts queue list', () => {
  it('shows each delivery on a line, and what they come to', async () => {
    await fill(standard());
    const { stdout, exitCode, stderr } = await queue(['list']);
    assert.equal(exitCode, 0, stderr);
    const lines = stdout.trimEnd().split('\n');
    assert.match(lines[0]!, /^ID +AGE +SIZE +FROM +TO +TRIES +NEXT +LAST SAID$/);
    assert.match(
      lines[1]!,
      /^m1 +10 h +25 B +alice@here\.test +bob@there\.test +7 +in 60 min +451 4\.7\.1 come back later$/,
    );
    assert.match(lines[2]!, /^m2 .* x@other\.test +0 +held$/);
    assert.match(lines[4]!, /^m2 .* y@third\.test +0 +now$/);
    assert.match(lines[5]!, /^m3 +1 min .* <> +alice@here\.test +0 +due$/);
    assert.match(
      lines.at(-1)!,
      /^3 messages at 5 destinations, 75 B: 3 waiting, 1 held, 1 in delivery; the oldest is 10 h old$/,
    );
  });

  it('filters, limits, and says how to go on', async () => {
    await fill(standard());
    const ids = async (...argv: readonly string[]): Promise<readonly string[]> => {
      const { stdout } = await queue(['list', '--json', ...argv]);
      return stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as { messageId: string; destination: string })
        .map(({ messageId, destination }) => `${messageId}/${destination}`);
    };
    assert.deepEqual(await ids('--destination', 'THERE.test.'), ['m1/there.test', 'm2/there.test']);
    assert.deepEqual(await ids('--sender', '<>'), ['m3/here.test']);
    assert.deepEqual(await ids('--sender', 'else.test', '--state', 'held'), ['m2/other.test']);
    assert.deepEqual(await ids('--recipient', '<bob@there.test>', 'M1'), ['m1/there.test']);
    assert.deepEqual(await ids('--older', '2h'), ['m1/there.test']);
    const first = await queue(['list', '--limit', '2']);
    assert.match(first.stderr, /2 rows shown\. Go on: --after m2\/other\.test/);
    assert.deepEqual(await ids('--after', 'm2/other.test'), [
      'm2/there.test',
      'm2/third.test',
      'm3/here.test',
    ]);
    assert.deepEqual(await ids('--after', 'm2'), ['m3/here.test']);
  });

  it('nothing waits; looking makes no database', async () => {
    const none = await queue(['list']);
    assert.equal(none.exitCode, 0);
    assert.match(
      none.stderr,
      /^There is no store yet at \S+\.sqlite: .*--config\.\nNothing waits\.$/m,
    );
    const json = await queue(['--json']);
    assert.deepEqual(JSON.parse(json.stdout), { store: `sqlite:${file}`, exists: false });
    assert.match(json.stderr, /--config/);
    assert.equal((await queue([])).exitCode, 0);
    assert.equal(existsSync(file), false);
    await fill([]);
    assert.equal((await queue(['list'])).stderr.trim(), 'Nothing waits.');
  });

  it('wrong usage: exit 64, and what to write', async () => {
    for (const [argv, says] of [
      [['list', '--older', 'long'], /--older long: write a duration/],
      [['list', '--limit', 'x'], /--limit x: write a whole number/],
      [['list', '--state', 'lost'], /waiting, held, delivering/],
      [['retry'], /say which messages/],
      [['drop', '--all', '--sender', 'a@b.test'], /--all stands alone/],
      [['show', 'm1', '--content', '--headers'], /one of --headers and --content/],
    ] as const) {
      const wrong = await queue(argv);
      assert.equal(wrong.exitCode, 64, argv.join(' '));
      assert.match(wrong.stderr, says);
    }
  });
});

describe('smtp-sts queue show', () => {
  it('envelope, recipients, destinations; header section; content to the octet', async () => {
    await fill(standard());
    const shown = await queue(['show', 'M2']);
    assert.equal(shown.exitCode, 0, shown.stderr);
    assert.match(shown.stdout, /^m2$/m);
    assert.match(shown.stdout, /came +from a trusted network, 192\.0\.2\.7 \(client\.here\.test\)/);
    assert.match(shown.stdout, /from +carol@else\.test/);
    assert.match(shown.stdout, /^ {2}waiting {2}x@other\.test$/m);
    assert.match(shown.stdout, /^ {2}other\.test +held +0 attempts +next: held$/m);
    assert.equal((await queue(['show', 'm2', '--headers'])).stdout, 'Subject: hello\n');
    assert.equal(
      (await queue(['show', 'm2', '--content'])).stdout,
      'Subject: hello\r\n\r\nwords\r\n',
    );
    const json = JSON.parse((await queue(['show', 'm2', '--json'])).stdout) as {
      readonly message: { readonly id: string };
    };
    assert.equal(json.message.id, 'm2');
  });

  it('what a stranger wrote does not move the cursor', async () => {
    await fill([{ id: 'm1', lastText: '451 \u001b[2Jgone' }]);
    for (const argv of [['show', 'm1'], ['list'], ['explain', 'm1']]) {
      const { stdout } = await queue(argv);
      assert.match(stdout, /451 \\u\{1b\}\[2Jgone/, argv.join(' '));
    }
  });

  it('an id that is not there: exit 66, for every command', async () => {
    await fill(standard());
    for (const argv of [
      ['show', 'nowhere'],
      ['explain', 'nowhere'],
      ['retry', 'nowhere'],
      ['hold', 'nowhere', 'm1'],
      ['drop', 'nowhere', '--yes'],
      ['bounce', 'nowhere'],
    ]) {
      const { exitCode, stderr } = await queue(argv);
      assert.equal(exitCode, 66, argv.join(' '));
      assert.match(stderr, /no message nowhere in the queue: .* \(QUEUE_NO_SUCH_MESSAGE\)/);
    }
    assert.ok((await jobs()).includes('m1/there.test held'), 'the others are done');
  });
});

describe('smtp-sts queue explain', () => {
  it('E6: a policy keeps it: which one, since when, until when, and who must mend what', async () => {
    const at = Date.now() - 300_000;
    const failure = {
      code: 'TLS_CERTIFICATE_EXPIRED',
      detail: `the certificate of ${MX} expired 3 days ago`,
      resultType: 'certificate-expired',
    } as const;
    await fill([
      {
        id: 'm1',
        to: ['bob@example.test'],
        acceptedAt: Date.now() - 10 * HOUR,
        nextAt: Date.now() + HOUR,
        attempts: 7,
        lastText: failure.detail,
        lastHost: '',
      },
    ]);
    const decision = decisionOf();
    const { requirement } = decision.policy.hosts[0]!;
    await onStore(async (store) => {
      const events = [attempt(failure, requirement)];
      await seedAttempt(store, { id: 'm1', destination: 'example.test', at, events, decision });
    });
    const { stdout, exitCode, stderr } = await queue(['explain', 'm1']);
    assert.equal(exitCode, 0, stderr);
    assert.match(
      stdout,
      /^m1 to example\.test: waits, next try in 60 min; given up in 4 d 13 h \(/m,
    );
    assert.match(stdout, /accepted 10 h ago, 7 attempts/);
    assert.match(stdout, /^ {2}bob@example\.test {2}waiting, .* expired 3 days ago$/m);
    assert.match(
      stdout,
      /The other side must mend it: Renew the certificate of mx1\.example\.test/,
    );
    assert.match(stdout, /overrides add example\.test --skip/);
    assert.match(
      stdout,
      /^The last attempt at example\.test, 5 min ago: .*NOT deliverable safely/m,
    );
    assert.match(stdout, /must show: a certificate valid for mx1\.example\.test \(MTA-STS\)/);
    assert.match(stdout, /refused: the certificate of mx1\.example\.test expired/);
    const json = JSON.parse((await queue(['explain', 'm1', '--json'])).stdout) as {
      readonly decision: { readonly version: number };
      readonly advice: readonly string[];
      readonly givenUpAt: number;
    };
    assert.equal(json.decision.version, 1);
    assert.ok(json.advice.length >= 3);
  });

  it('a server puts it off: its operator is the one to ask', async () => {
    await fill(standard());
    const { stdout } = await queue(['explain', 'm1']);
    assert.match(stdout, /mx\.there\.test has put it off in its own words/);
  });

  it('not tried yet, held, in delivery', async () => {
    await fill(standard());
    const { stdout } = await queue(['explain', 'm2']);
    assert.match(stdout, /^m2 to other\.test: held by an operator/m);
    assert.match(stdout, /smtp-sts queue release m2/);
    assert.match(
      stdout,
      /^m2 to there\.test: waits, due for 60 min \(no service runs, or it leaves the next hop alone for now\); given up in/m,
    );
    assert.match(stdout, /^m2 to third\.test: being delivered now/m);
    assert.match(stdout, /bob@there\.test {2}waiting, not tried yet/);
  });
});

describe('smtp-sts queue retry, hold, release', () => {
  it('works without a service, and says so', async () => {
    await fill(standard());
    const held = await queue(['hold', '--destination', 'there.test']);
    assert.deepEqual([held.exitCode, held.stdout], [0, '2 deliveries held.\n']);
    const again = await queue(['hold', '--destination', 'there.test']);
    assert.match(again.stdout, /^Nothing to do\.\n2 held already\.$/m);
    const retried = await queue(['retry', '--all']);
    assert.match(retried.stdout, /^1 delivery due now\.\n3 held, and not named: left alone\.\n/);
    assert.match(retried.stdout, /No service runs here/);
    assert.equal(retried.exitCode, 0);
    const named = await queue(['retry', 'm1']);
    assert.match(named.stdout, /^1 delivery due now\.$/m);
    assert.ok((await jobs()).includes('m1/there.test waiting'));
  });

  it('what is in delivery is left alone: exit 1', async () => {
    await fill(standard());
    const { exitCode, stderr, stdout } = await queue(['hold', 'm2']);
    assert.equal(exitCode, 1);
    assert.match(stderr, /^1 in delivery at this moment: left alone/);
    assert.match(stdout, /^1 delivery held\.\n1 held already\.$/m);
  });

  it('a running service is told where to look', async () => {
    await fill(standard());
    const woken: (readonly string[])[] = [];
    const actions = {
      status: () => ({}),
      reload: async () => await Promise.resolve({ outcome: 'refused', problems: [] } as const),
      refreshOverrides: async () => await Promise.resolve([]),
      forgetPolicy: async () => await Promise.resolve(false),
      wakeQueue: (destinations: readonly string[]) => void woken.push(destinations),
    };
    const server = await startControl({ path: control, log: silentLog, ...actions });
    try {
      const released = await queue(['release', '--state', 'held']);
      assert.match(released.stdout, /^1 delivery released\.\nThe running service tries it now\.$/m);
      const json = await queue(['retry', 'm1', '--json']);
      assert.deepEqual(JSON.parse(json.stdout), {
        action: 'retry',
        changed: 1,
        inDelivery: 0,
        unconcerned: 0,
        missing: [],
        service: 'told',
      });
      assert.deepEqual(woken, [['other.test'], ['there.test']]);
      const many = Array.from({ length: 60 }, (_, index) => `x@d${index}.test`);
      await fill([{ id: 'm5', to: many }]);
      const all = await queue(['retry', 'm5']);
      assert.match(all.stdout, /^The running service looks for all that is due; .* at most 5 min/m);
      assert.deepEqual(woken.at(-1), []);
    } finally {
      await server?.close();
    }
  });
});

describe('smtp-sts queue drop, bounce', () => {
  it('drop asks; where nobody can answer it wants --yes', async () => {
    await fill(standard());
    const unsure = await queue(['drop', 'm1']);
    assert.equal(unsure.exitCode, 64);
    assert.match(unsure.stderr, /drop: 1 message, 25 B: 1 waiting; .*Say --yes if that is meant/);
    const dropped = await queue(['drop', 'm1', '--yes']);
    assert.equal(dropped.stdout, 'Dropped for 1 recipient. Nobody is told.\n');
    assert.equal((await queue(['show', 'm1'])).exitCode, 66);
  });

  it('in delivery is left alone: exit 1', async () => {
    await fill(standard());
    const some = await queue(['drop', 'm2', '--yes']);
    assert.equal(some.exitCode, 1);
    assert.match(some.stderr, /1 in delivery at this moment/);
    assert.deepEqual((await jobs())[1], 'm2/third.test delivering');
  });

  it('bounce returns the message to its author', async () => {
    await fill(standard());
    const bounced = await queue(['bounce', 'm1']);
    assert.equal(bounced.exitCode, 0, bounced.stderr);
    assert.equal(
      bounced.stdout,
      'Given up for 1 recipient; 1 notification queued for the authors.\n' +
        'No service runs here. It is tried when one starts, or soon by one elsewhere on the same store.\n',
    );
    assert.match(
      bounced.stderr,
      /^Not in any log \(no service runs here\): bounce by \S.*: m1 to there\.test$/m,
    );
    const listed = await queue(['list', '--sender', '<>', '--json']);
    const rows = listed.stdout.trim().split('\n');
    assert.equal(rows.length, 2);
    const ofBounce = await queue(['bounce', 'm3']);
    assert.match(ofBounce.stdout, /nobody is told of alice@here\.test: .*null reverse-path/);
    assert.doesNotMatch(ofBounce.stdout, /No service/, 'there is nothing to be tried');
    const json = JSON.parse((await queue(['bounce', 'm2', '--json'])).stdout) as object;
    assert.partialDeepStrictEqual(json, {
      action: 'bounce',
      notifications: 2,
      logged: 'not-running',
      service: 'not-running',
    });
    const many = await queue(['bounce', '--all']);
    assert.equal(many.exitCode, 64);
  });
});

describe('smtp-sts queue', () => {
  it('the queue on one screen, without escape codes in a pipe', async () => {
    await fill(standard());
    const { stdout } = await queue([]);
    assert.match(
      stdout,
      /3 messages, 75 B, the oldest 10 h old\nwaiting 3 {2}held 1 {2}in delivery 1\n/,
    );
    assert.match(stdout, /^< 5 min +1 {2}#+\n< 1 h +0\n< 4 h +1 {2}#+\n< 1 d +1 {2}#+\n> 1 d +0$/m);
    assert.match(stdout, /^there\.test +2 +0 +0 {2}due$/m);
    assert.doesNotMatch(stdout, /\u001b/);
  });

  it('--watch looks again, with rates', async () => {
    await fill(standard());
    const { stdout } = await queue(['--watch', '--interval', '100ms', '--count', '2']);
    assert.equal(stdout.match(/3 messages/g)?.length, 2);
    assert.match(stdout, /in 0\.0\/s {2}out 0\.0\/s/);
    const json = await queue(['--json']);
    assert.equal((JSON.parse(json.stdout) as { jobs: number }).jobs, 5);
  });
});
