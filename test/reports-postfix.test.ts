import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Machine, startMachine } from './peers/namespace.ts';
import type { ReportMailQuestion, TakenMail } from './peers/report-mail-machine.ts';

const ROOT = join(import.meta.dirname, '..');

/** A block of the page, by its first line. */
function blockOf(firstLine: string): string {
  const page = readFileSync(join(ROOT, 'docs/reports-receiving.md'), 'utf8');
  const block = page.split('```\n').find((text) => text.startsWith(`${firstLine}\n`));
  assert.ok(block !== undefined, firstLine);
  return block;
}

describe("report mail through Debian's Postfix, set up as docs/reports-receiving.md says", () => {
  let machine: Machine;
  const ask = async <Answer>(question: ReportMailQuestion): Promise<Answer> =>
    await machine.ask<Answer>(question);

  before(() => {
    machine = startMachine({
      peer: 'postfix',
      program: join(import.meta.dirname, 'peers/report-mail-machine.ts'),
      args: [blockOf('# /etc/postfix/main.cf'), blockOf('# /etc/postfix/master.cf')],
    });
  });
  after(async () => {
    await machine.stop();
  });

  it('a report comes by LMTP with its signature whole, and is in the archive when Postfix hears 250', async () => {
    const word = await ask({ do: 'mail', what: 'report', to: 'tls-reports@example.com' });
    assert.match(String(word), /^sent \(250 2\.6\.0 reports kept: 1\)/);
    assert.deepEqual((await ask<TakenMail[]>({ do: 'taken' })).at(-1), {
      way: 'smtp',
      kind: 'reports',
      authenticity: 'verified',
      archived: 'stored',
    });
  });

  it('I5: a letter makes no bounce', async () => {
    const word = await ask({ do: 'mail', what: 'letter', to: 'tls-reports@example.com' });
    assert.match(String(word), /^sent \(250 2\.6\.0 dropped: /);
  });

  it('I19: while the archive takes nothing Postfix keeps the mail', async () => {
    await ask({ do: 'store', isUp: false });
    const word = await ask({ do: 'mail', what: 'report', to: 'tls-reports@example.com' });
    assert.match(String(word), /^deferred \(.*451 4\.3\.0 /);
    await ask({ do: 'store', isUp: true });
  });

  it('I18: what Postfix lays into a Maildir is read, and a letter stays', async () => {
    for (const what of ['letter', 'report'] as const) {
      const word = await ask({ do: 'mail', what, to: 'box@mail.test' });
      assert.match(String(word), /^sent \(delivered to maildir\)/);
    }
    const taken = (await ask<TakenMail[]>({ do: 'taken' })).filter(({ way }) => way === 'maildir');
    const found = taken.map(({ kind, authenticity = 'none' }) => `${kind} ${authenticity}`);
    assert.deepEqual(new Set(found), new Set(['not-a-report none', 'reports verified']));
  });
});
