import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ConfigChange } from '../config/changes.ts';
import { readConfig } from '../config/load-config.ts';
import type { Config } from '../config/types.ts';
import { fail, ok, type Outcome } from '../failure.ts';
import type { Log } from '../log/log.ts';
import { createReloader, type ApplyResult, type Reloader } from './reload.ts';

interface Rig {
  readonly reloader: Reloader;
  readonly applied: (readonly string[])[];
  readonly logged: string[];
  readonly counted: string[];
  text: string;
  result: Outcome<ApplyResult>;
}

function rig(start = ''): Rig {
  const config = readConfig(start).value;
  assert.ok(config !== undefined);
  const logged: string[] = [];
  const note = (_fields: object, message: string): void => void logged.push(message);
  const log: Log = { debug: note, info: note, warn: note, error: note };
  const applied: (readonly string[])[] = [];
  const counted: string[] = [];
  const made: Omit<Rig, 'reloader'> = {
    applied,
    logged,
    counted,
    text: start,
    result: ok({ caChanged: false }),
  };
  const reloader = createReloader({
    config,
    source: { file: 'sts.yaml', read: () => readConfig(made.text) },
    apply: (_next: Config, changed: readonly ConfigChange[]) => {
      applied.push(changed.map(({ key }) => key));
      return made.result;
    },
    overrides: { refresh: async () => await Promise.resolve(['d.test']) },
    log,
    metrics: { reloaded: (outcome) => void counted.push(outcome) },
  });
  return Object.assign(made, { reloader });
}

describe('a reload', () => {
  it('I5: takes over what can be taken over, and names what needs a restart', async () => {
    const it = rig();
    it.text = 'policy: { enforce_testing: true }\nhttp: { listen: "127.0.0.1:9" }\n';
    const report = await it.reloader.reload();
    assert.ok(report.outcome === 'ok');
    assert.deepEqual(report.changed, [
      { key: 'policy.enforce_testing', from: 'false', to: 'true', effect: 'reload' },
    ]);
    assert.deepEqual(
      report.needsRestart.map(({ key, from, to }) => [key, from, to]),
      [['http.listen', '127.0.0.1:8462', '127.0.0.1:9']],
    );
    assert.deepEqual(report.overridesChanged, ['d.test']);
    assert.equal(report.file, 'sts.yaml');
    assert.deepEqual(it.applied, [['policy.enforce_testing']]);
    assert.equal(it.reloader.config.policy.enforceTesting, true);
    assert.match(it.logged[0]!, /changed: policy\.enforce_testing; needs a restart: http\.listen/);
    assert.deepEqual(it.counted, ['ok']);
  });

  it('what needs a restart is named at each reload until it comes, or is taken back', async () => {
    const it = rig();
    it.text = 'store: { url: "sqlite:other.sqlite" }';
    for (let turn = 0; turn < 2; turn += 1) {
      const report = await it.reloader.reload();
      assert.ok(report.outcome === 'ok');
      assert.deepEqual(
        report.needsRestart.map(({ key }) => key),
        ['store.url'],
      );
      assert.deepEqual(report.changed, []);
    }
    it.text = '{}';
    const report = await it.reloader.reload();
    assert.ok(report.outcome === 'ok');
    assert.deepEqual(report.needsRestart, []);
  });

  it('I4: a fault in the file changes nothing and is told with line and column', async () => {
    const it = rig('policy: { enforce_testing: true }');
    it.text = 'policy:\n  enforce_testing: false\n  enforce_tests: true\n';
    const report = await it.reloader.reload();
    assert.ok(report.outcome === 'refused');
    assert.deepEqual(
      report.problems.map(({ code, line, column }) => [code, line, column]),
      [['CONFIG_KEY_UNKNOWN', 3, 3]],
    );
    assert.deepEqual(it.applied, []);
    assert.equal(it.reloader.config.policy.enforceTesting, true);
    assert.match(it.logged[0]!, /sts\.yaml:3:3: unknown key policy\.enforce_tests/);
    assert.deepEqual(it.counted, ['refused']);
  });

  it('a file that was emptied changes nothing: an editor may be about to write it', async () => {
    const it = rig('policy: { enforce_testing: true }\n');
    for (const text of ['', '# policy: { enforce_testing: true }\n']) {
      it.text = text;
      const report = await it.reloader.reload();
      assert.ok(report.outcome === 'refused');
      assert.deepEqual(
        report.problems.map(({ code, severity }) => [code, severity]),
        [['CONFIG_EMPTY', 'error']],
      );
    }
    assert.deepEqual(it.applied, []);
    assert.equal(it.reloader.config.policy.enforceTesting, true);
    assert.match(it.logged[0]!, /sts\.yaml:1:1: the file is empty/);
    it.text = '{}';
    assert.equal((await it.reloader.reload()).outcome, 'ok');
    assert.equal(it.reloader.config.policy.enforceTesting, false);
  });

  it('an empty file that was empty before is taken over, with a warning', async () => {
    const it = rig();
    it.text = '# nothing yet\n';
    const report = await it.reloader.reload();
    assert.ok(report.outcome === 'ok');
    assert.deepEqual(
      report.warnings.map(({ code }) => code),
      ['CONFIG_EMPTY'],
    );
  });

  it('what the file names and cannot be used changes nothing either', async () => {
    const it = rig();
    it.text = 'tls: { ca_file: nowhere.pem }\npolicy: { enforce_testing: true }';
    it.result = fail('TLS_CA_FILE_UNREADABLE', 'cannot read nowhere.pem');
    const report = await it.reloader.reload();
    assert.ok(report.outcome === 'refused');
    assert.equal(report.failure?.code, 'TLS_CA_FILE_UNREADABLE');
    assert.equal(it.reloader.config.policy.enforceTesting, false);
  });

  it('two at once are made one after the other', async () => {
    const it = rig();
    it.text = 'policy: { enforce_testing: true }';
    const [first, second] = await Promise.all([it.reloader.reload(), it.reloader.reload()]);
    assert.ok(first.outcome === 'ok' && second.outcome === 'ok');
    assert.equal(first.changed.length, 1);
    assert.equal(second.changed.length, 0);
  });
});
