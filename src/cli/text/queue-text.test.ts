import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ListedJob } from '../../relay/operations/list-jobs.ts';
import { listHead, listRow, nextText } from './queue-text.ts';

const NOW = Date.UTC(2026, 2, 1, 12);
const JOB: ListedJob = {
  messageId: '06d0c3b1a2e4f5',
  destination: 'there.test',
  state: 'waiting',
  acceptedAt: NOW - 3_600_000,
  size: 2_048,
  sender: 'alice.with.a.long.name@here.test',
  recipients: 1,
  recipient: 'bob@there.test',
  attempts: 7,
  nextAt: NOW + 600_000,
  lastText: `451 4.7.1 come back later, ${'and '.repeat(20)}`,
  lastCode: '4.7.1',
  lastHost: 'mx.there.test',
  lastAt: NOW - 60_000,
};

describe('rows of the queue', () => {
  it('no terminal: all on one line, and the reason whole', () => {
    const [line, ...others] = listRow(JOB, NOW);
    assert.deepEqual(others, []);
    assert.match(line!, /2 KiB +alice.*bob@there\.test +7 +in 10 min +451 4\.7\.1 come back/);
  });

  for (const width of [60, 80, 100, 139]) {
    it(`${width} columns: tries and next are there, and the reason on a line of its own`, () => {
      assert.match(listHead(width), /^ID +AGE +(?:FROM +)?TO +TRIES +NEXT$/);
      const lines = listRow(JOB, NOW, width);
      assert.equal(lines.length, 2);
      for (const line of lines) assert.ok(line.length <= width, line);
      assert.match(lines[0]!, /^06d0c3b1a2e4f5 +60 min .*bob@there\.test +7 +in 10 min$/);
      assert.match(lines[1]!, /^ {4}451 4\.7\.1 come back later/);
      assert.equal(lines[0]!.includes('alice'), width >= 100);
    });
  }

  it('what was never tried says what keeps it back', () => {
    const { lastText: _, ...rest } = JOB;
    const behind = {
      text: 'the certificate expired',
      code: '4.7.5',
      host: 'mx.there.test',
      at: NOW,
    };
    assert.equal(
      listRow({ ...rest, lastText: '', behind }, NOW, 80)[1],
      '    not tried yet: there.test rests after: mx.there.test 4.7.5 the certificate …',
    );
    assert.equal(listRow({ ...rest, lastText: '' }, NOW, 80).length, 1);
  });

  it('what is due within seconds is due', () => {
    assert.equal(nextText({ state: 'waiting', nextAt: NOW + 3_000 }, NOW), 'due');
    assert.equal(nextText({ state: 'waiting', nextAt: NOW + 6_000 }, NOW), 'in 6 s');
  });
});
