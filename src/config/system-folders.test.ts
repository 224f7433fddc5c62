import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readConfig } from './load-config.ts';
import { systemFolders, withFolders } from './system-folders.ts';

const FOLDERS = { state: '/var/lib/smtp-sts', runtime: '/run/smtp-sts' };

describe('the folders of systemd', () => {
  it('are read from the environment; of several, the first', () => {
    assert.deepEqual(
      systemFolders({ STATE_DIRECTORY: '/var/lib/a:/var/lib/b', RUNTIME_DIRECTORY: '/run/a' }),
      { state: '/var/lib/a', runtime: '/run/a' },
    );
    assert.deepEqual(systemFolders({ STATE_DIRECTORY: '' }), {});
  });

  it('take what the file says nothing of, and nothing else', () => {
    const { value } = readConfig('', {}, FOLDERS);
    assert.equal(value!.store.url, 'sqlite:/var/lib/smtp-sts/smtp-sts.sqlite');
    assert.equal(value!.control.socket, '/run/smtp-sts/control.sock');
    const written = 'store: { url: "sqlite:/x" }\ncontrol: { socket: "" }\n';
    const file = readConfig(written, {}, FOLDERS).value!;
    assert.deepEqual([file.store.url, file.control.socket], ['sqlite:/x', '']);
    const option = readConfig('', { storeUrl: 'sqlite:/y' }, FOLDERS).value!;
    assert.equal(option.store.url, 'sqlite:/y');
  });

  it('a section that is no map stays as it is, to be named', () => {
    assert.deepEqual(withFolders({ store: 'x' }, { state: '/s' }), { store: 'x' });
    assert.equal(readConfig('store: x', {}, FOLDERS).value, undefined);
  });
});
