import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { accept, messageTo, queueRig, rowCounts } from './queue.fixture.ts';
import { PART_OCTETS } from './sink.ts';

const TO_BOB = messageTo(['bob@there.test']);
const SECOND = 1_000;

describe('parts of messages that nobody accepted', () => {
  it('of a node taken for dead no later part is written: none stays without its mark', async () => {
    const rig = await queueRig();
    const { queue, store } = rig;
    const sink = queue.open();
    await sink.write(Buffer.alloc(PART_OCTETS));
    // What another node does that takes this one for dead.
    await store.db.deleteFrom('queue_part').execute();
    await store.db.deleteFrom('queue_upload').execute();
    await Promise.all([sink.write(Buffer.alloc(PART_OCTETS)), accept(queue, TO_BOB, 'words')]);
    assert.equal((await rowCounts(store))['queue_part'], 1);
    const outcome = await sink.commit(TO_BOB);
    assert.ok(!outcome.ok && outcome.failure.code === 'QUEUE_UPLOAD_LOST');
    assert.equal((await rowCounts(store))['queue_message'], 1);
    await rig.close();
  });

  it('those that are there all the same are cleared away, and no others', async () => {
    const rig = await queueRig();
    const { queue, store, clock } = rig;
    await accept(queue, TO_BOB, 'words');
    const sink = queue.open();
    await sink.write(Buffer.alloc(PART_OCTETS));
    const orphan = { message_id: 'a', data: new Uint8Array(3) };
    const rows = Array.from({ length: 2_500 }, (_, number) => ({ ...orphan, number }));
    await store.db.insertInto('queue_part').values(rows).execute();
    for (let look = 0; look < 4; look += 1) await clock.advance(5 * 60 * SECOND);
    assert.equal((await rowCounts(store))['queue_part'], 2);
    assert.ok((await sink.commit(TO_BOB)).ok);
    await rig.close();
  });
});
