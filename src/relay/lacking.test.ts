import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ErrorCode } from '../errors.ts';
import type { Recipient, RecipientResult } from '../smtp/types.ts';
import { greylisted, rejected, type FakeServer } from '../tls-policy/network.fixture.ts';
import { enforcing, GOOD, play, statuses } from './deliver.fixture.ts';

const [V6, V4, SECOND] = ['2001:db8::1', '192.0.2.1', '192.0.2.2'] as const;

const lacks =
  (code: ErrorCode) =>
  ({ address }: Recipient): RecipientResult => ({
    recipient: address,
    status: 'failed',
    failure: { code, detail: 'lacks it' },
  });

function server(answer: NonNullable<FakeServer['answer']>): FakeServer {
  return { ...GOOD, answer };
}

const SMALL = server(lacks('SMTP_MESSAGE_TOO_LARGE'));
const CODES = ['SMTP_MESSAGE_TOO_LARGE', 'SMTP_SMTPUTF8_MISSING', 'SMTP_8BITMIME_MISSING'] as const;

describe('a host that lacks what the message needs', () => {
  for (const code of CODES) {
    it(`${code}: the next host is tried, and has it`, async () => {
      const played = await play({ servers: { [V6]: server(lacks(code)), [SECOND]: GOOD } });
      assert.deepEqual(statuses(played), ['delivered']);
      assert.equal(played.report.recipients[0]?.address, SECOND);
      // Its other address would say the same.
      assert.equal(played.network.only('connect').length, 2);
    });

    it(`${code}: the message is returned where every host lacks it`, async () => {
      const none = server(lacks(code));
      const played = await play({ servers: { [V6]: none, [SECOND]: none } });
      const [report] = played.report.recipients;
      assert.ok(report?.status === 'failed' && report.failure.code === code);
      assert.equal(played.report.hops[0]?.recheck, 'not-needed');
    });
  }

  it('the message waits where another host could not be reached', async () => {
    const [report] = (await play({ servers: { [V6]: SMALL } })).report.recipients;
    assert.ok(report?.status === 'deferred');
    assert.equal(report.failure.detail, 'lacks it; another host could not be tried');
    const [other] = (await play({ servers: { [SECOND]: SMALL } })).report.recipients;
    assert.equal(other?.status, 'deferred');
  });

  it('what another host says of a recipient counts, in either order', async () => {
    for (const [answer, status] of [
      [greylisted, 'deferred'],
      [rejected, 'failed'],
    ] as const) {
      const after = await play({ servers: { [V6]: SMALL, [SECOND]: server(answer) } });
      assert.deepEqual(statuses(after), [status]);
      assert.equal(after.report.recipients[0]?.address, SECOND);
      const before = await play({ servers: { [V6]: server(answer), [SECOND]: SMALL } });
      assert.deepEqual(statuses(before), [status]);
      assert.equal(before.report.recipients[0]?.address, V6);
    }
  });

  it('a server that refuses the size itself has spoken', async () => {
    const refuses = server(({ address }) => ({
      recipient: address,
      status: 'failed',
      failure: { code: 'SMTP_MESSAGE_TOO_LARGE', detail: '552 too large' },
      reply: { code: 552, enhanced: '5.3.4', lines: ['too large'] },
    }));
    const played = await play({ servers: { [V6]: refuses, [V4]: GOOD, [SECOND]: GOOD } });
    assert.deepEqual(statuses(played), ['failed']);
    assert.equal(played.network.only('connect').length, 1);
  });

  it('a host that lacks REQUIRETLS for good is none to wait for', async () => {
    const played = await play({
      servers: { [V6]: { ...SMALL, requireTls: true }, [SECOND]: GOOD },
      envelope: { requireTls: true },
      policies: enforcing(),
    });
    assert.deepEqual(statuses(played), ['failed']);
    assert.equal(played.network.only('mail').length, 1);
  });
});
