import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { listScenes, runLab, standLab } from './run-lab.ts';
import { SCENES } from './scenes/all.ts';

function collector(): { stream: PassThrough; text: () => string } {
  const stream = new PassThrough();
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return { stream, text: () => Buffer.concat(chunks).toString() };
}

describe('lab command', () => {
  it('plays a scene through the real engine and shows it as a table', async () => {
    const out = collector();
    const run = await runLab({
      filter: ['certificate-valid-enforce'],
      stdout: out.stream,
      stderr: new PassThrough(),
    });
    assert.equal(run.kind, 'passed', out.text());
    assert.match(out.text(), /^ {2}SCENE/);
    assert.match(out.text(), /✓ everything is right; enforce +delivered +delivered +RFC 8461 §4/);
    assert.match(out.text(), /all 1 scenes ended as they must/);
    assert.ok(!out.text().includes('\u001b'), 'no colours where there is no terminal');
  });

  it('writes JSON lines for machines', async () => {
    const out = collector();
    await runLab({
      filter: ['routing-null-mx', 'routing-greylist'],
      output: 'json',
      stdout: out.stream,
      stderr: new PassThrough(),
    });
    const scenes = out
      .text()
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { scene: string }).scene);
    assert.deepEqual(scenes, ['routing-greylist', 'routing-null-mx']);
  });

  it('says when no scene is left, and stops when told to', async () => {
    const streams = { stdout: new PassThrough(), stderr: new PassThrough() };
    assert.equal((await runLab({ ...streams, filter: ['no such scene'] })).kind, 'no-scene');
    const signal = AbortSignal.abort();
    assert.equal((await runLab({ ...streams, signal })).kind, 'stopped');
  });

  it('lists the scenes', () => {
    const out = collector();
    listScenes({ stdout: out.stream });
    assert.equal(out.text().trim().split('\n').length, SCENES.length);
  });

  it('stands until told to go', async () => {
    const out = collector();
    const stop = new AbortController();
    const listeners = process.listenerCount('SIGTERM');
    const standing = standLab({ stdout: out.stream, signal: stop.signal });
    while (!out.text().includes('Try')) {
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }
    stop.abort();
    await standing;
    assert.match(out.text(), /The lab is gone/);
    assert.equal(process.listenerCount('SIGTERM'), listeners);
  });
});
