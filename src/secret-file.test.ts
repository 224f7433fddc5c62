import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readSecretFile } from './secret-file.ts';

let folder: string;

function secret(name: string, content: string, mode: number): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

describe('a file with a secret', () => {
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'sts-secret-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  it('is read where its owner and group alone can', () => {
    for (const mode of [0o600, 0o640]) {
      const read = readSecretFile(secret(`good-${mode}`, 'open sesame', mode), 11);
      assert.deepEqual(read, { kind: 'read', octets: Buffer.from('open sesame') });
    }
  });

  it('is not read where everybody can read or change it, or where it is too long', () => {
    const exposed = readSecretFile(secret('exposed', 'x', 0o644), 10);
    assert.deepEqual(exposed, { kind: 'exposed', mode: '0644' });
    const written = readSecretFile(secret('written', 'x', 0o602), 10);
    assert.deepEqual(written, { kind: 'exposed', mode: '0602' });
    assert.deepEqual(readSecretFile(secret('long', 'x'.repeat(11), 0o600), 10), {
      kind: 'too-long',
    });
  });

  it('what is no file says so at once, a pipe without a writer too', () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    for (const path of [folder, pipe]) {
      const read = readSecretFile(path, 10);
      assert.deepEqual(read, { kind: 'unreadable', why: 'it is no file' });
    }
    const missing = readSecretFile(join(folder, 'missing'), 10);
    assert.deepEqual(missing, { kind: 'unreadable', why: 'there is no such file' });
  });
});
