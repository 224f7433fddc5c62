import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { silentLog } from '../../log/log.ts';
import { accept, messageTo, queueRig, settlement, takeDue } from './queue.fixture.ts';
import type { Notification } from './types.ts';

describe('the log of notifications', () => {
  it('leads from a notification to the message that it is about', async () => {
    const lines: Record<string, unknown>[] = [];
    const info = (fields: object): void => void lines.push({ ...fields });
    const rig = await queueRig({ log: { ...silentLog, info } });
    const { queue, clock } = rig;
    const about = await accept(queue, messageTo(['bob@there.test']));
    const [job] = await takeDue(queue, clock.now());
    const message = messageTo(['alice@here.test'], { envelope: { from: '' } });
    const notifications: readonly Notification[] = [{ kind: 'failed', message, content: [] }];
    await queue.settle(job!, settlement(job!, 'failed', { at: clock.now(), notifications }));
    const [line, ...others] = lines.filter(({ event }) => event === 'notified');
    assert.deepEqual(others, []);
    assert.partialDeepStrictEqual(line, {
      about,
      kind: 'failed',
      from: '<>',
      to: ['alice@here.test'],
    });
    const [own] = await takeDue(queue, clock.now());
    assert.equal(line?.['id'], own?.messageId);
    await rig.close();
  });
});
