import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { silentLog, type Log } from '../log/log.ts';
import { askControl } from './control-client.ts';
import { createControlApi, startControl, type ControlActions } from './control.ts';

let folder: string;

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'sts-control-'));
});
after(() => rmSync(folder, { recursive: true }));

function actions(more: Partial<ControlActions> = {}): ControlActions {
  return {
    status: () => ({ pid: 1 }),
    reload: async () => await Promise.resolve({ outcome: 'refused', problems: [] }),
    refreshOverrides: async () => await Promise.resolve(['d.test']),
    forgetPolicy: async (domain) => await Promise.resolve(domain === 'known.test'),
    ...more,
  };
}

describe('the control socket', () => {
  it('I1: is a UNIX socket for its owner alone, and gone when the service ends', async () => {
    const path = join(folder, 'deep', 'control.sock');
    const control = await startControl({ path, log: silentLog, ...actions() });
    assert.ok(control !== undefined);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(statSync(join(folder, 'deep')).mode & 0o777, 0o700);
    const status = await askControl({ socket: path, method: 'GET', path: '/status' });
    assert.deepEqual(status, { ok: true, value: { pid: 1 } });
    await control.close();
    assert.equal(existsSync(path), false);
  });

  it('a reload that is refused is an answer too', async () => {
    const path = join(folder, 'refused.sock');
    const control = await startControl({ path, log: silentLog, ...actions() });
    const answer = await askControl({ socket: path, method: 'POST', path: '/reload' });
    assert.deepEqual(answer, { ok: true, value: { outcome: 'refused', problems: [] } });
    await control?.close();
  });

  it('I7: takes the place of a socket that a dead process left, and of nothing else', async () => {
    const warnings: string[] = [];
    const log: Log = { ...silentLog, warn: (_fields, text) => void warnings.push(text) };
    const path = join(folder, 'taken.sock');
    const first = await startControl({ path, log, ...actions() });
    assert.ok(first !== undefined);
    assert.equal(await startControl({ path, log, ...actions() }), undefined);
    assert.match(warnings[0] ?? '', /no control socket: .*taken\.sock/);
    const still = await askControl({ socket: path, method: 'GET', path: '/status' });
    assert.equal(still.ok, true);
    await first.close();

    const plain = join(folder, 'plain.txt');
    writeFileSync(plain, 'mine');
    assert.equal(await startControl({ path: plain, log, ...actions() }), undefined);
    assert.equal(existsSync(plain), true);
  });

  it('wakes the queue, for some destinations or all; says where nothing is relayed', async () => {
    const woken: (readonly string[])[] = [];
    const api = createControlApi(
      actions({ wakeQueue: (destinations) => void woken.push(destinations) }),
    );
    const post = { method: 'POST' };
    const one = await api.request(
      '/queue/wake?destination=a.test&destination=%5B192.0.2.1%5D',
      post,
    );
    assert.deepEqual(await one.json(), { woken: true });
    await api.request('/queue/wake', post);
    assert.deepEqual(woken, [['a.test', '[192.0.2.1]'], []]);
    const without = await createControlApi(actions()).request('/queue/wake', post);
    assert.deepEqual(await without.json(), { woken: false });
  });

  it('notes what a command removed from the queue, and refuses what it cannot read', async () => {
    const notes: unknown[] = [];
    const noteRemoval = (note: unknown): boolean => notes.push(note) > 0 && note !== undefined;
    const path = join(folder, 'noted.sock');
    const control = await startControl({ path, log: silentLog, ...actions({ noteRemoval }) });
    const ask = { socket: path, method: 'POST', path: '/queue/removed' } as const;
    const noted = await askControl({ ...ask, body: { by: 'ä' } });
    assert.deepEqual(noted, { ok: true, value: { noted: true } });
    const refused = await askControl(ask);
    assert.ok(refused.ok);
    assert.match(JSON.stringify(refused.value), /cannot read what the command tells it/);
    assert.deepEqual(notes, [{ by: 'ä' }, undefined]);
    await control?.close();
  });

  it('forgets a policy by its normalised name, and refuses what is none', async () => {
    const asked: string[] = [];
    const api = createControlApi(
      actions({
        forgetPolicy: async (domain) => {
          asked.push(domain);
          return await Promise.resolve(true);
        },
      }),
    );
    const post = { method: 'POST' };
    const known = await api.request(
      `/policies/${encodeURIComponent('MÜNCHEN.test.')}/forget`,
      post,
    );
    assert.deepEqual(await known.json(), { policyDomain: 'xn--mnchen-3ya.test', known: true });
    const bad = await api.request('/policies/a%20b/forget', post);
    assert.equal(bad.status, 400);
    assert.deepEqual(asked, ['xn--mnchen-3ya.test']);
  });

  it('a bug behind it is an answer in JSON, not the end of the service', async () => {
    const api = createControlApi(
      actions({ refreshOverrides: async () => await Promise.reject(new Error('a bug')) }),
    );
    const answer = await api.request('/overrides/refresh', { method: 'POST' });
    assert.equal(answer.status, 500);
    assert.match(await answer.text(), /a bug/);
  });

  it('nothing is changed by a GET', async () => {
    const api = createControlApi(actions());
    for (const path of ['/reload', '/overrides/refresh', '/policies/d.test/forget']) {
      assert.equal((await api.request(path)).status, 404, path);
    }
    assert.equal((await api.request('/')).status, 200);
    const refreshed = await api.request('/overrides/refresh', { method: 'POST' });
    assert.deepEqual(await refreshed.json(), { changed: ['d.test'] });
  });
});

describe('the other end of the control socket', () => {
  it('nobody there: says where it looked', async () => {
    const socket = join(folder, 'nobody.sock');
    const answer = await askControl({ socket, method: 'POST', path: '/reload' });
    assert.ok(!answer.ok);
    assert.equal(answer.failure.code, 'CONTROL_NOT_RUNNING');
    assert.match(answer.failure.detail, /no service listens at .*nobody\.sock/);
  });

  it('somebody else there: says so', async () => {
    const socket = join(folder, 'other.sock');
    const other = createServer((connection) => {
      connection.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello');
    });
    await new Promise<void>((resolve) => {
      other.listen(socket, resolve);
    });
    const answer = await askControl({ socket, method: 'POST', path: '/reload' });
    assert.ok(!answer.ok);
    assert.equal(answer.failure.code, 'CONTROL_ANSWER_INVALID');
    other.close();
  });

  it('a service that dies in the middle: says so', async () => {
    const socket = join(folder, 'dies.sock');
    const other = createServer((connection) => {
      connection.on('data', () => connection.destroy());
      connection.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => {
      other.listen(socket, resolve);
    });
    const answer = await askControl({ socket, method: 'POST', path: '/reload' });
    assert.ok(!answer.ok);
    assert.equal(answer.failure.code, 'CONTROL_NOT_RUNNING');
    other.close();
  });
});
