import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Log } from '../../log/log.ts';
import { createMetrics } from '../../metrics/metrics.ts';
import { noteRemoval, readRemovalNote, type RemovalNote } from './removal-note.ts';

const NOTE: RemovalNote = {
  how: 'bounce',
  by: 'alice',
  jobs: [
    { messageId: 'm1', destination: 'there.test', recipients: 2, notifications: 1 },
    { messageId: 'm2', destination: 'there.test', recipients: 1, notifications: 0 },
  ],
};

function recorder(): { readonly log: Log; readonly lines: [object, string][] } {
  const lines: [object, string][] = [];
  const note = (fields: object, message: string): void => void lines.push([fields, message]);
  return { log: { debug: note, info: note, warn: note, error: note }, lines };
}

describe('what a command took out of the queue', () => {
  it('is a line of the log for each job, and counts as notifications that were queued', async () => {
    const { log, lines } = recorder();
    const metrics = createMetrics({ version: '0' });
    noteRemoval(NOTE, { log, metrics: metrics.relay });
    assert.deepEqual(lines, [
      [
        {
          event: 'removed',
          how: 'bounce',
          id: 'm1',
          destination: 'there.test',
          recipients: 2,
          notifications: 1,
          by: 'alice',
        },
        'returned to the author by alice',
      ],
      [
        {
          event: 'removed',
          how: 'bounce',
          id: 'm2',
          destination: 'there.test',
          recipients: 1,
          notifications: 0,
          by: 'alice',
        },
        'given up by alice, and nobody is told',
      ],
    ]);
    assert.match(await metrics.text(), /^smtp_sts_relay_bounces_total\{kind="failed"\} 1$/m);
    noteRemoval(
      { how: 'drop', by: 'alice', jobs: [{ ...NOTE.jobs[0]!, notifications: 0 }] },
      { log, metrics: metrics.relay },
    );
    assert.equal(lines.at(-1)![1], 'dropped by alice, and nobody is told');
  });

  it('what stays queued is a line as well, of another event', () => {
    const { log, lines } = recorder();
    const metrics = createMetrics({ version: '0' });
    noteRemoval({ ...NOTE, how: 'hold' }, { log, metrics: metrics.relay });
    assert.equal(lines.length, 2);
    assert.deepEqual(lines[0], [
      { event: 'changed', how: 'hold', id: 'm1', destination: 'there.test', by: 'alice' },
      'held, says alice',
    ]);
  });

  it('is read as it is written, and nothing else is', () => {
    assert.deepEqual(readRemovalNote(JSON.parse(JSON.stringify(NOTE))), NOTE);
    for (const wrong of [
      undefined,
      null,
      [],
      {},
      { ...NOTE, how: 'burn' },
      { ...NOTE, by: 7 },
      { ...NOTE, jobs: [{ messageId: 'm1' }] },
      { ...NOTE, jobs: [{ ...NOTE.jobs[0], notifications: -1 }] },
    ]) {
      assert.equal(readRemovalNote(wrong), undefined, JSON.stringify(wrong));
    }
  });
});
