import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Run, run } from '../src/cli/io.fixture.ts';
import { raiseStandingDomains } from '../src/lab/standing-domains.ts';
import { startWorld, type World } from '../src/lab/world.ts';

let world: World;
let folder: string;

before(async () => {
  world = await startWorld();
  await raiseStandingDomains(world);
  folder = mkdtempSync(join(tmpdir(), 'smtp-sts-cli-'));
});

after(async () => {
  await world.close();
  rmSync(folder, { recursive: true });
});

/** The options that point a command at the lab, with a store of its own. */
function flags(store = 'none'): readonly string[] {
  return [
    `--resolver=${world.dns.address}:${world.dns.port}`,
    `--ca-file=${world.caFile}`,
    `--smtp-port=${world.smtpPort}`,
    `--https-port=${world.policyHost.port}`,
    `--store=sqlite:${join(folder, `${store}.sqlite`)}`,
  ];
}

interface ExplainJson {
  readonly version: number;
  readonly status: string;
  readonly policy: { readonly outcome: string; readonly hosts: readonly object[] };
  readonly answers: readonly { readonly type: string; readonly name: string }[];
  readonly connections?: readonly { readonly outcome: string }[];
}

async function explainJson(...argv: string[]): Promise<[exitCode: number, json: ExplainJson]> {
  const { exitCode, stdout } = await run(['explain', ...argv, ...flags(), '--json']);
  return [exitCode, JSON.parse(stdout) as ExplainJson];
}

describe('explain against the lab', () => {
  const cases: readonly (readonly [domain: string, exitCode: number, status: string])[] = [
    ['good.test', 0, 'protected'],
    ['dane.test', 0, 'protected'],
    ['bücher.test', 0, 'protected'],
    ['someone@good.test', 0, 'protected'],
    ['plain.test', 1, 'unprotected'],
    ['testing.test', 1, 'unprotected'],
    ['dane-unusable.test', 1, 'unprotected'],
    ['mismatch.test', 2, 'unsafe'],
    ['bogus.test', 2, 'unsafe'],
    ['null.test', 2, 'unsafe'],
    ['nowhere.test', 2, 'unsafe'],
  ];
  for (const [domain, exitCode, status] of cases) {
    it(`${domain}: exit ${exitCode}, ${status}`, async () => {
      const [code, json] = await explainJson(domain);
      assert.deepEqual([code, json.status, json.version], [exitCode, status, 1]);
    });
  }

  it('the DNS answers are all there', async () => {
    const [, { answers }] = await explainJson('good.test');
    const asked = answers.map(({ type, name }) => `${type} ${name}`);
    for (const question of ['MX good.test', 'A mx1.good.test', 'TXT _mta-sts.good.test']) {
      assert.ok(asked.includes(question), question);
    }
  });

  it('--connect sees the handshake: a good host, a bad one, one of two', async () => {
    const [good, { connections }] = await explainJson('good.test', '--connect');
    assert.deepEqual([good, connections?.map(({ outcome }) => outcome)], [0, ['ready']]);
    const [expired, { status }] = await explainJson('expired.test', '--connect');
    assert.deepEqual([expired, status], [2, 'unsafe']);
    const [two, json] = await explainJson('two.test', '--connect');
    assert.deepEqual(
      [two, json.connections?.map(({ outcome }) => outcome)],
      [0, ['refused', 'ready']],
    );
  });

  it('STS-8.4-2: a bad second host, which no delivery would notice, is seen with --connect', async () => {
    await world.domain({
      name: 'second-bad.test',
      mx: [{}, { certificate: 'expired' }],
      sts: { mode: 'enforce' },
    });
    const sent = await send('bob@second-bad.test', 'second-bad');
    assert.equal(sent.exitCode, 0);
    assert.doesNotMatch(sent.stdout, /TLS_CERTIFICATE_EXPIRED/);
    const { stdout } = await run(['explain', 'second-bad.test', '--connect', ...flags()]);
    assert.match(stdout, /mx2\.second-bad\.test[^]*refused: .*TLS_CERTIFICATE_EXPIRED/);
    const [, { connections }] = await explainJson('second-bad.test', '--connect');
    assert.deepEqual(
      connections?.map(({ outcome }) => outcome),
      ['ready', 'refused'],
    );
  });

  it('no answer from DNS: exit 3', async () => {
    const { exitCode } = await run([
      'explain',
      'good.test',
      ...flags(),
      '--resolver',
      '127.0.0.1:1',
    ]);
    // Both resolvers are asked: the second one answers.
    assert.equal(exitCode, 0);
    const alone = await run(['explain', 'good.test', '--resolver', '127.0.0.1:1', '--json']);
    assert.equal(alone.exitCode, 3);
  });

  it('text for people: verdict first, hosts, answers, advice', async () => {
    const { stdout } = await run(['explain', 'expired.test', '--connect', ...flags()]);
    assert.match(stdout, /^expired\.test: mail is NOT deliverable safely/);
    assert.match(stdout, /must show: a certificate valid for mx1\.expired\.test \(MTA-STS\)/);
    assert.match(stdout, /verdict: {3}refused: .*TLS_CERTIFICATE_EXPIRED/);
    assert.match(stdout, /insecure {2}TXT +_mta-sts\.expired\.test/);
    assert.match(stdout, /mx1\.expired\.test: The owner of the host must renew the certificate\./);
  });
});

const LETTER = 'From: a@sender.example\r\nSubject: hi\r\n\r\nHello.\r\n';

async function send(to: string, store: string, ...more: string[]): Promise<Run> {
  return await run(['send', '--to', to, ...more, ...flags(store)], LETTER);
}

describe('send against the lab', () => {
  it('waits for a first contact as long as the file says, and no longer', async () => {
    await world.domain({ name: 'slow.test', sts: { mode: 'enforce', fault: 'silent' } });
    const file = join(folder, 'slow.yaml');
    writeFileSync(file, 'mta_sts:\n  first_contact: 60s\n  first_contact_relay: 300ms\n');
    const { exitCode, stdout } = await send('a@slow.test', 'slow', '--config', file, '--json');
    assert.equal(exitCode, 0);
    assert.match(stdout, /the policy of slow\.test was not there within 300 ms/);
  });

  it('delivers, waits or fails, with the verdict for each host', async () => {
    const good = await send('bob@good.test', 'send');
    assert.equal(good.exitCode, 0);
    assert.match(good.stdout, /bob@good\.test: delivered by mx1\.good\.test/);
    assert.match(good.stdout, /may deliver: certificate valid for mx1\.good\.test/);
    assert.equal(world.domains.get('good.test')?.host.messages.length, 1);
    const stripped = await send('bob@stripped.test', 'send');
    assert.equal(stripped.exitCode, 1);
    assert.equal(world.domains.get('stripped.test')?.host.messages.length, 0);
    assert.equal((await send('bob@null.test', 'send')).exitCode, 2);
  });

  it('STS-3.1-16: what a first message learned protects the next one when the record is blocked', async () => {
    const { dns } = world;
    const domain = await world.domain({ name: 'kept.test', sts: { mode: 'enforce' } });
    assert.equal((await send('bob@kept.test', 'kept')).exitCode, 0);
    dns.override('_mta-sts.kept.test', 'servfail');
    domain.host.setFault('strip-starttls');
    assert.equal((await send('bob@kept.test', 'kept')).exitCode, 1);
    assert.equal(domain.host.messages.length, 1);
  });

  it('STS-5.1-2: the record id is looked at before each message, and a new one is followed', async () => {
    const domain = await world.domain({ name: 'moves.test', sts: { mode: 'enforce' } });
    assert.equal((await send('bob@moves.test', 'moves')).exitCode, 0);
    domain.host.setFault('strip-starttls');
    assert.equal((await send('bob@moves.test', 'moves')).exitCode, 1);
    world.dns.remove('_mta-sts.moves.test', 'TXT');
    world.dns.add({ type: 'TXT', name: '_mta-sts.moves.test', value: 'v=STSv1; id=2;' });
    const policy = 'version: STSv1\nmode: none\nmax_age: 86400\n';
    world.policyHost.serve('moves.test', policy);
    assert.equal((await send('bob@moves.test', 'moves')).exitCode, 0);
  });

  it('--via sends to a smart host; --json tells the same to machines', async () => {
    const { exitCode, stdout } = await send(
      'x@elsewhere.example',
      'via',
      '--via',
      '[mx1.good.test]',
      '--json',
    );
    assert.equal(exitCode, 0);
    const report = JSON.parse(stdout) as {
      readonly recipients: readonly { readonly status: string }[];
    };
    assert.deepEqual(
      report.recipients.map(({ status }) => status),
      ['delivered'],
    );
  });
});

describe('policies against the lab', () => {
  it('refresh, list, show, purge work on one store', async () => {
    const store = flags('policies');
    assert.equal((await run(['policies', 'show', 'good.test', ...store])).exitCode, 1);
    const refreshed = await run(['policies', 'refresh', 'good.test', ...store]);
    assert.equal(refreshed.exitCode, 0);
    assert.match(refreshed.stdout, /mode enforce, id 1/);
    assert.match((await run(['policies', 'list', ...store])).stdout, /^good\.test +enforce +1 /m);
    const shown = await run(['policies', 'show', 'GOOD.test.', ...store]);
    assert.match(shown.stdout, /\| mode: enforce/);
    const json = await run(['policies', 'show', 'good.test', '--json', ...store]);
    assert.equal(
      (JSON.parse(json.stdout) as { readonly policyDomain: string }).policyDomain,
      'good.test',
    );
    const explained = await run(['explain', 'good.test', ...store]);
    assert.match(explained.stdout, /from the policy host, fetched just now/);
    assert.match(explained.stdout, /cached policy id 1, fetched just now; renewed now/);
    assert.equal((await run(['policies', 'purge', 'good.test', ...store])).exitCode, 0);
    assert.equal((await run(['policies', 'purge', 'good.test', ...store])).exitCode, 1);
  });

  it('what asks no DNS says nothing of the resolver', async () => {
    const bin = join(import.meta.dirname, '..', 'src', 'cli', 'bin.ts');
    const store = `--store=sqlite:${join(folder, 'quiet.sqlite')}`;
    const stderrOf = async (...argv: readonly string[]): Promise<string> =>
      await new Promise((resolve) => {
        const args = [bin, ...argv, '--resolver=192.0.2.1', store];
        execFile(process.execPath, args, (_error, _stdout, stderr) => resolve(stderr));
      });
    for (const argv of [['list'], ['show', 'a.test'], ['purge', 'a.test']]) {
      assert.doesNotMatch(await stderrOf('policies', ...argv), /resolver/, argv[0]);
    }
    const config = join(folder, 'sender.yaml');
    writeFileSync(config, 'reporting: { send: { organization: A, contact: tls@a.test } }\n');
    const sent = await stderrOf('report', 'send', '--dry-run', '--config', config);
    assert.equal(sent.match(/192\.0\.2\.1/g)?.length, 1, 'what asks says it once');
  });

  it('refresh of a domain without a policy says why: exit 1', async () => {
    const { exitCode, stdout } = await run([
      'policies',
      'refresh',
      'plain.test',
      ...flags('policies'),
    ]);
    assert.equal(exitCode, 1);
    assert.match(stdout, /STS_RECORD_NONE/);
  });
});
