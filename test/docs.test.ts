import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Command } from 'commander';
import { run } from '../src/cli/io.fixture.ts';
import { loadCommands } from '../src/cli/commands.ts';
import { buildProgram } from '../src/cli/program.ts';

const ROOT = join(import.meta.dirname, '..');
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

function blocksOf(page: string, language: string): readonly string[] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  return Array.from(text.matchAll(/^```(\w+)\n(.*?)^```$/gms))
    .filter(([, found]) => found === language)
    .map(([, , block]) => block ?? '');
}

/** The words after `smtp-sts`, for each time a block calls it; redirections and pipes cut off. */
function callsIn(block: string): readonly (readonly string[])[] {
  const joined = block.replaceAll(/\\\n\s*/g, ' ');
  return joined.split('\n').flatMap((line) => {
    const call = /(?:^|\| |npm run -s )smtp-sts (?:-- )?(?<words>[^#|>]*)/.exec(line)?.groups?.[
      'words'
    ];
    return call === undefined ? [] : [call.trim().split(/\s+/)];
  });
}

/** Walks down to the command that the words name; the rest are its arguments. */
function resolve(program: Command, words: readonly string[]): [Command, readonly string[]] {
  const [first = '', ...rest] = words;
  const next = program.commands.find((command) => command.name() === first);
  return next === undefined ? [program, words] : resolve(next, rest);
}

const commands = await loadCommands([]);

describe('the documents', () => {
  const program = buildProgram(
    commands,
    { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr },
    () => undefined,
  );
  for (const page of PAGES) {
    const calls = blocksOf(page, 'sh').flatMap(callsIn);
    if (calls.length === 0) continue;
    it(`${page}: every command and option that it shows exists`, () => {
      for (const words of calls) {
        const [command, rest] = resolve(program, words);
        assert.notEqual(command, program, `no command: ${words.join(' ')}`);
        const known = [...command.options, ...program.options].flatMap(({ short, long }) => [
          short,
          long,
        ]);
        for (const word of rest) {
          if (!/^--?[a-z]/i.test(word)) continue;
          const option = word.split('=')[0];
          assert.ok(known.includes(option), `${page}: smtp-sts ${words.join(' ')}: no ${option}`);
        }
      }
    });
  }

  it('README, explain.md: what lint is shown to do, it does', async () => {
    const record = await run(['lint', 'record', '-'], 'v=STSv1; id=20260101T000000\n');
    assert.equal(record.exitCode, 0);
    const tlsrpt = await run(['lint', 'tlsrpt', '-'], 'v=TLSRPTv1; rua=mailto:tls@example.com\n');
    assert.equal(tlsrpt.exitCode, 0);
  });

  it('library.md, README: the programs compile', () => {
    const folder = mkdtempSync(join(ROOT, 'test', 'docs-'));
    try {
      const blocks = ['README.md', 'docs/library.md'].flatMap((page) => blocksOf(page, 'ts'));
      for (const [index, block] of blocks.entries()) {
        const source = block.replaceAll(/'smtp-sts\/([\w-]+)'/g, "'../../src/$1/index.ts'");
        writeFileSync(join(folder, `program-${index}.ts`), `${source}\nexport {};\n`);
      }
      const config = {
        extends: '../../tsconfig.json',
        compilerOptions: { noUnusedLocals: false },
        include: ['*.ts'],
      };
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
      const tsc = join(ROOT, 'node_modules/.bin/tsc');
      execFileSync(tsc, ['-p', folder], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
