import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createLedger, type Delivery, type Ledger } from './ledger.ts';
import { type Letter, writeLetter } from './letters.ts';

const LETTER = writeLetter(1, ['a.test', 'b.test'], 500);
const [FIRST = '', SECOND = ''] = LETTER.recipients;

/** Books with one letter in them. */
function books(entry: Parameters<Ledger['enter']>[1]): Ledger {
  const ledger = createLedger();
  ledger.offer(LETTER);
  ledger.enter(LETTER, entry);
  return ledger;
}

function delivery(letter: Letter, to: string, at = 10): Delivery {
  const content = `Received: by a relay\r\n${letter.content}`;
  return { from: letter.from, recipients: [to], content, begunAt: at, endedAt: at + 1 };
}

describe("the relay's ledger: what it would notice", () => {
  it('a letter that arrived whole, or whose author was told, is no loss', () => {
    const ledger = books('accepted');
    ledger.arrive(delivery(LETTER, FIRST));
    ledger.arrive({
      ...delivery(LETTER, LETTER.from),
      from: '',
      recipients: [LETTER.from],
      content: `Final-Recipient: rfc822; ${SECOND}\r\nAction: failed\r\n`,
    });
    const { lost, unexplained, duplicates } = ledger.balance();
    assert.deepEqual(
      { lost, unexplained, duplicates },
      { lost: [], unexplained: [], duplicates: 0 },
    );
    assert.equal(ledger.missing(), 0);
  });

  it('nothing of a recipient is a loss, of an accepted letter and of half of one in doubt', () => {
    for (const entry of ['accepted', 'in-doubt', 'refused'] as const) {
      const ledger = books(entry);
      ledger.arrive(delivery(LETTER, FIRST));
      assert.equal(ledger.balance({ refusedMayArrive: true }).lost.length, 1, entry);
    }
    assert.equal(books('accepted').balance().lost.length, 1);
    assert.equal(books('in-doubt').balance().lost.length, 0);
  });

  it('what was refused, or never ended, must not arrive', () => {
    for (const entry of ['refused', 'begun'] as const) {
      const ledger = books(entry);
      for (const to of LETTER.recipients) ledger.arrive(delivery(LETTER, to));
      assert.equal(ledger.balance().lost.length, 1, entry);
    }
  });

  it('another content, another recipient, and a letter that nobody sent', () => {
    const ledger = books('accepted');
    for (const to of LETTER.recipients) ledger.arrive(delivery(LETTER, to));
    ledger.arrive(delivery({ ...LETTER, content: LETTER.content.slice(0, -9) }, FIRST));
    ledger.arrive(delivery(LETTER, 'stranger@a.test'));
    ledger.arrive(delivery(writeLetter(2, ['a.test'], 500), 'r0-2@a.test'));
    assert.equal(ledger.balance().lost.length, 3);
  });

  it('twice is explained by a kill of the process that had it in hand, and by nothing else', () => {
    const twice = (disturb: (ledger: Ledger) => void): number => {
      const ledger = books('accepted');
      for (const to of LETTER.recipients) ledger.arrive(delivery(LETTER, to));
      disturb(ledger);
      ledger.arrive(delivery(LETTER, FIRST, 900));
      return ledger.balance().unexplained.length;
    };
    assert.equal(
      twice(() => undefined),
      1,
    );
    assert.equal(
      twice((ledger) => ledger.disturb({ at: 500, held: new Set([SECOND]) })),
      1,
    );
    assert.equal(
      twice((ledger) => ledger.disturb({ at: 5, held: new Set([FIRST]) })),
      1,
    );
    assert.equal(
      twice((ledger) => ledger.disturb({ at: 500, held: new Set([FIRST]) })),
      0,
    );
  });
});
