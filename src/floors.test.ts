import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { describe, it } from 'node:test';

const SRC = import.meta.dirname;

/**
 * A folder imports only from floors below its own. `cli/` stands one floor above `serve.ts` and
 * the lab, because its commands start both.
 */
const FLOORS: Readonly<Record<string, number>> = {
  cli: 6,
  'serve.ts': 5,
  'mail-sender.ts': 5,
  lab: 5,
  'policy-server': 4,
  relay: 4,
  reporting: 4,
  'policy-host': 4,
  check: 4,
  web: 4,
  'tls-policy': 3,
  'mta-sts': 2,
  dane: 2,
  tlsrpt: 2,
  smtp: 2,
  dns: 1,
  tls: 1,
  http: 1,
  store: 0,
  config: 0,
  listen: 0,
  log: 0,
  metrics: 0,
  'base32.ts': 0,
  'clock.ts': 0,
  'errors.ts': 0,
  errors: 0,
  'failure.ts': 0,
  'file-path.ts': 0,
  'file-trouble.ts': 0,
  'json.ts': 0,
  'problems.ts': 0,
  'printable.ts': 0,
  'secret-file.ts': 0,
  'version.ts': 0,
  systemd: 0,
};

/**
 * `dns/` is asked by `http/`, which stands beside it: the fetcher dials what the resolver checked.
 * `mail-sender.ts` joins two faces, as `serve.ts` does, which has it from there.
 */
const NEIGHBOURS: readonly string[] = ['http -> dns', 'http -> tls', 'serve.ts -> mail-sender.ts'];

/** Where a file belongs: its folder, or the file itself if it stands in `src/`. */
function unitOf(file: string): string {
  const path = relative(SRC, file);
  return path.split('/')[0]!.replace(/\.fixture\.ts$/, '.ts');
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  const found = text.matchAll(/(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g);
  return Array.from(found, (match) => join(dirname(file), match[1]!));
}

describe('floors', () => {
  it('every import goes to the same folder or to a floor below', async () => {
    const wrong: string[] = [];
    for await (const file of glob('**/*.ts', { cwd: SRC })) {
      if (/\.(test|fixture)\.ts$/.test(file)) continue;
      const from = unitOf(join(SRC, file));
      const fromFloor = FLOORS[from];
      if (fromFloor === undefined) {
        wrong.push(`${file}: no floor is known for ${from}`);
        continue;
      }
      for (const target of importsOf(join(SRC, file))) {
        const to = unitOf(target);
        if (to === from || NEIGHBOURS.includes(`${from} -> ${to}`)) continue;
        const toFloor = FLOORS[to];
        const groundFloor = fromFloor === 0 && toFloor === 0;
        if (toFloor === undefined || (toFloor >= fromFloor && !groundFloor)) {
          wrong.push(`${file} (floor ${fromFloor}) imports ${to} (floor ${toFloor})`);
        }
      }
    }
    assert.deepEqual(wrong, []);
  });
});
