import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { dialectOf } from '../dialect.ts';
import { factsOf, lineFor, secureLevel } from '../level.fixture.ts';
import type { DomainLevel } from '../types.ts';

const EXIM = read('deploy/exim/sts.conf');
const WHY = 'a test';

const LEVELS: readonly DomainLevel[] = [
  { kind: 'none', why: WHY },
  { kind: 'encrypt', why: WHY },
  { kind: 'dane', why: WHY },
  { kind: 'dane-only', why: WHY },
  { kind: 'dane-only', why: WHY, sts: factsOf(), match: ['mx1.d.test'] },
  secureLevel({ mx: ['mx1.d.test', '*.pool.test'] }),
];

function read(path: string): string {
  return readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
}

/** The pattern of the Exim router that makes messages wait. */
function knownAnswer(): RegExp {
  const pattern = /!match\{\$r_sts\}\{\\N(.+)\\N\}\}/.exec(EXIM)?.[1];
  assert.ok(pattern !== undefined);
  return new RegExp(pattern);
}

function framed(line: string): string {
  return `${Buffer.byteLength(line)}:${line},`;
}

describe('the files for MTAs', () => {
  it('H17: Exim goes on after every answer but TEMP', () => {
    for (const level of LEVELS) assert.match(framed(lineFor('exim', level)), knownAnswer());
    const failure = { code: 'DNS_SERVFAIL', detail: 'OK dane, NOTFOUND ,' } as const;
    assert.doesNotMatch(framed(lineFor('exim', { kind: 'temp', failure })), knownAnswer());
  });

  for (const reply of [
    'DOWN',
    '',
    '7:PERM no,',
    '10:OK strange,',
    '16:OK secure match=,',
    '3:OK ,',
    '11:TIMEOUT now,',
    '7:OK dane',
  ]) {
    it(`Exim waits at ${JSON.stringify(reply)}`, () => {
      assert.doesNotMatch(reply, knownAnswer());
    });
  }

  it('H17: the map names in the examples are known', () => {
    const text = ['deploy/postfix/main.cf.example', 'docs/postfix.md'].map(read).join('\n');
    const names = Array.from(
      text.matchAll(/socketmap:inet:127\.0\.0\.1:8461:([\w-]+)/g),
      (m) => m[1]!,
    );
    assert.ok(names.length >= 5);
    for (const name of names) assert.equal(dialectOf(name, 'exim'), name);
    assert.match(EXIM, /\$\{strlen:exim \$domain\}:exim \$domain,/);
  });
});
