import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setSocketAccess } from './socket-access.ts';

describe('who may use a UNIX socket', () => {
  let folder: string;
  const server = createServer();
  const at = (name: string): string => join(folder, name);

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sts-access-'));
    await new Promise<void>((resolve) => {
      server.listen(at('socket'), resolve);
    });
    writeFileSync(at('file'), '', { mode: 0o600 });
    symlinkSync(at('file'), at('to-file'));
    symlinkSync(at('socket'), at('to-socket'));
  });
  after(async () => {
    await new Promise((resolve) => {
      server.close(resolve);
    });
    rmSync(folder, { recursive: true });
  });

  it('the mode, and an owner by number', () => {
    const { uid, gid } = statSync(at('socket'));
    assert.equal(setSocketAccess(at('socket'), { mode: 0o620 }), undefined);
    assert.equal(statSync(at('socket')).mode & 0o777, 0o620);
    const owner = `${uid}:${gid}`;
    assert.equal(setSocketAccess(at('socket'), { mode: 0o600, owner }), undefined);
    assert.equal(statSync(at('socket')).mode & 0o777, 0o600);
  });

  it('a file or a link in the place of the socket is left alone, whatever it leads to', () => {
    for (const name of ['file', 'to-file', 'to-socket']) {
      const fault = setSocketAccess(at(name), { mode: 0o666, owner: '' });
      assert.equal(fault?.code, 'EEXIST', name);
      assert.equal(statSync(at(name)).mode & 0o777, 0o600, name);
    }
    assert.equal(setSocketAccess(at('nothing'), { mode: 0o666 })?.code, 'ENOENT');
  });

  it('a name that the system does not know: where it was looked for', () => {
    const fault = (owner: string) => setSocketAccess(at('socket'), { mode: 0o666, owner });
    assert.match(fault('nobody-by-this-name')?.reason ?? '', /^\/etc\/passwd knows no nobody-by/);
    assert.match(fault(':no-such-group')?.reason ?? '', /^\/etc\/group knows no no-such-group$/);
    assert.equal(statSync(at('socket')).mode & 0o777, 0o600);
  });
});
