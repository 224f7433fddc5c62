import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openStore } from '../../store/open-store.ts';
import { noteSubject } from './note-subject.ts';
import { packTally, type Prepared } from './prepare-report.ts';
import { readSubjects } from './send-log.ts';
import { DAY, HOUR, MARCH_1, MIDNIGHT, SETTINGS, stsResult } from './sender.fixture.ts';

const packed = packTally(
  { day: MARCH_1, scope: 'recipient', domain: 'a.test', policies: [stsResult('a.test', 1)] },
  SETTINGS,
)!;
const absent: Prepared = {
  kind: 'no-record',
  failure: { code: 'TLSRPT_RECORD_SEVERAL', detail: '2 records' },
  packed,
};
const unknown: Prepared = { ...absent, kind: 'unknown' };
const made: Prepared = {
  kind: 'report',
  packed,
  record: { rua: [], extensions: [] },
  recordText: '',
};

async function noted(
  ...of: readonly (readonly [Prepared, number])[]
): Promise<readonly (readonly [string, string])[]> {
  const store = await openStore('sqlite::memory:');
  try {
    for (const [prepared, now] of of) {
      await noteSubject(store, {
        day: MARCH_1,
        domain: 'a.test',
        prepared,
        now,
        spreadMs: SETTINGS.spreadMs,
      });
    }
    const found = await readSubjects(store, { fromDay: MARCH_1 });
    return found.map(({ state, note }) => [state, note] as const);
  } finally {
    await store.close();
  }
}

describe('what a command notes of a domain', () => {
  it('why it got no report; the newest counts, until there is one', async () => {
    const record = 'TLSRPT_RECORD_SEVERAL: 2 records';
    assert.deepEqual(await noted([absent, MIDNIGHT + HOUR]), [['no-record', record]]);
    assert.deepEqual(await noted([unknown, MIDNIGHT + HOUR]), [['due', record]]);
    assert.deepEqual(await noted([unknown, MIDNIGHT + 3 * DAY]), [['given-up', record]]);
    assert.deepEqual(await noted([absent, MIDNIGHT + HOUR], [made, MIDNIGHT + 2 * HOUR]), []);
    assert.deepEqual(await noted([made, MIDNIGHT + HOUR], [absent, MIDNIGHT + 2 * HOUR]), []);
  });

  it('nothing to report only when all nodes have told what they counted', async () => {
    assert.deepEqual(await noted([{ kind: 'nothing' }, MIDNIGHT + 1000]), []);
    assert.deepEqual(await noted([{ kind: 'nothing' }, MIDNIGHT + HOUR]), [['nothing', '']]);
  });
});
