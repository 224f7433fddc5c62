import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, describe, it } from 'node:test';
import { startLabDns } from '../lab/lab-dns.ts';
import type { LabDns } from '../lab/types.ts';
import { loadSigner } from '../reporting/mail/dkim-signer.ts';
import { run } from './io.fixture.ts';
import { characterStrings, zoneLines } from './text/dkim-key-text.ts';

const folder = mkdtempSync(join(tmpdir(), 'smtp-sts-dkim-key-'));

after(() => {
  rmSync(folder, { recursive: true, force: true });
});

function publish(dns: LabDns, selector: string, record: string): void {
  const value = characterStrings(record);
  dns.add({ name: `${selector}._domainkey.mail.test`, type: 'TXT', value });
}

function resolverOf({ address, port }: LabDns): string {
  return `${address}:${port}`;
}

describe('smtp-sts dkim-key', () => {
  it('RPT-3-16, RPT-3-19: makes a key for the owner alone and prints a record with s=tlsrpt', async () => {
    const out = join(folder, 'made.pem');
    const made = await run(['dkim-key', '--domain', 'Bücher.example', '--out', out]);
    assert.equal(made.exitCode, 0);
    assert.equal(statSync(out).mode & 0o777, 0o600);
    assert.match(made.stdout, /^tlsrpt\._domainkey\.xn--bcher-kva\.example\. IN TXT \($/m);
    assert.match(made.stdout, /^v=DKIM1; k=rsa; s=tlsrpt; p=[\w+/=]{300,}$/m);
    assert.match(made.stdout, /key_file: ".*made\.pem"/);
    const dkim = { keyFile: out, selector: 'tlsrpt', domain: '' };
    const signer = loadSigner(dkim, 'a@xn--bcher-kva.example');
    assert.ok(signer.ok);
    assert.ok(made.stdout.includes(`p=${signer.value.publicKey}`));
    assert.ok(!made.stdout.includes('PRIVATE KEY'));
  });

  it('never overwrites', async () => {
    const out = join(folder, 'old.pem');
    writeFileSync(out, 'mine');
    const again = await run(['dkim-key', '--domain', 'a.example', '--out', out]);
    assert.deepEqual([again.exitCode, readFileSync(out, 'utf8')], [73, 'mine']);
    assert.match(again.stderr, /DKIM_KEY_FILE_EXISTS/);
    const nowhere = join(folder, 'no', 'where.pem');
    const lost = await run(['dkim-key', '--domain', 'a.example', '--out', nowhere]);
    assert.equal(lost.exitCode, 73);
    assert.match(lost.stderr, /the folder .*\/no does not exist: make it first/);
    const isFolder = await run(['dkim-key', '--domain', 'a.example', '--out', folder]);
    assert.match(isFolder.stderr, /is there already/);
    const inFile = await run(['dkim-key', '--domain', 'a.example', '--out', join(out, 'x.pem')]);
    assert.match(inFile.stderr, /old\.pem is no folder/);
  });

  it('names the file as the service finds it, wherever that is started', async () => {
    const out = join(folder, 'relative.pem');
    const made = await run(['dkim-key', '--domain', 'a.example', '--out', relative('.', out)]);
    assert.ok(made.stdout.includes(`key_file: "${out}"\n`), made.stdout);
    assert.ok(made.stdout.startsWith(`The private key is in ${out}.`));
    const { stdout } = await run(['dkim-key', '--help']);
    assert.match(stdout, /--config \/etc\/smtp-sts\/config\.yaml$/m);
  });

  it('prints JSON, other selectors, Ed25519, and a key for other mail too', async () => {
    const out = join(folder, 'json.pem');
    const args = ['--domain', 'a.example', '--selector', 'x1', '--algorithm', 'ed25519'];
    const made = await run(['dkim-key', ...args, '--also-email', '--out', out, '--json']);
    const answer = JSON.parse(made.stdout) as Readonly<Record<string, string>>;
    assert.equal(answer['name'], 'x1._domainkey.a.example');
    assert.match(answer['record']!, /^v=DKIM1; k=ed25519; s=tlsrpt:email; p=[\w+/]{43}=$/);
    assert.equal(answer['zone'], `x1._domainkey.a.example. IN TXT "${answer['record']}"`);
  });

  it('refuses what makes no sense', async () => {
    const codes = async (...args: string[]): Promise<number> =>
      (await run(['dkim-key', ...args])).exitCode;
    const out = ['--out', join(folder, 'never.pem')];
    assert.equal(await codes('--domain', 'a.example'), 64);
    assert.equal(await codes(...out), 64);
    assert.equal(await codes(...out, '--domain', 'a b'), 64);
    assert.equal(await codes(...out, '--domain', 'a.example', '--bits', '512'), 64);
    assert.equal(await codes(...out, '--domain', 'a.example', '--check'), 64);
    assert.equal(await codes(...out, '--domain', 'a.example', '--key', 'x'), 64);
    assert.equal(await codes('--check', '--domain', 'a.example'), 64);
    assert.equal(await codes('--check', '--domain', 'a.example', '--key', join(folder, 'no')), 66);
  });

  it('S26: --check compares the published record with the key', async () => {
    const key = join(folder, 'check.pem');
    const made = await run(['dkim-key', '--domain', 'mail.test', '--out', key, '--json']);
    const { record } = JSON.parse(made.stdout) as { readonly record: string };
    const dns = await startLabDns();
    try {
      const check = async (selector: string, ...more: string[]): Promise<readonly unknown[]> => {
        const at = ['--domain', 'mail.test', '--selector', selector, '--resolver', resolverOf(dns)];
        const result = await run(['dkim-key', '--check', '--key', key, ...at, ...more]);
        return [result.exitCode, result.stdout];
      };
      dns.zone('mail.test', 'secure');
      publish(dns, 'good', record);
      publish(dns, 'mail', record.replace('s=tlsrpt', 's=email'));
      publish(dns, 'gone', 'v=DKIM1; p=');
      const [code, text] = await check('good');
      assert.equal(code, 0);
      assert.match(
        String(text),
        /^good\._domainkey\.mail\.test: the published record fits the key\./,
      );
      const [mailCode, mailText] = await check('mail');
      assert.equal(mailCode, 0);
      assert.match(String(mailText), /s=email.*\(DKIM_KEY_NOT_TLSRPT\)/);
      const [goneCode, goneText] = await check('gone');
      assert.equal(goneCode, 1);
      assert.match(String(goneText), /\(DKIM_KEY_REVOKED\)/);
      const [noneCode, noneText] = await check('none', '--json');
      assert.equal(noneCode, 1);
      const answer = JSON.parse(String(noneText)) as { readonly verdict: string };
      assert.equal(answer.verdict, 'wrong');
    } finally {
      await dns.close();
    }
  });
});

describe('zoneLines', () => {
  it('cuts a record into strings of 255 octets that join to the same', () => {
    const record = `v=DKIM1; p=${'A'.repeat(700)}`;
    const strings = characterStrings(record);
    assert.deepEqual(
      strings.map(({ length }) => length),
      [255, 255, 201],
    );
    assert.equal(strings.join(''), record);
    const lines = zoneLines({ domain: 'a.example', selector: 's', record });
    assert.equal(lines.length, 5);
    assert.ok(lines.slice(1, 4).every((line) => /^ {4}"[^"]{1,255}"$/.test(line)));
  });
});
