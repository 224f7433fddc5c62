import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deliveryStatus } from './delivery-status.ts';
import { valueOf, type Fields, type Report } from './mime-reader.fixture.ts';
import { MX, notice, NOW, queued, refusedBy, reportOf } from './notice.fixture.ts';
import { noticeStatus } from './notice-status.ts';

const group = (report: Report, number: number): Fields => report.groups[number] ?? [];
const REFUSED = refusedBy({ code: 550, enhanced: '5.1.1', lines: ['no such', 'user'] });

describe('the part that programs read', () => {
  it('DSN-3464-2.2-1: who reports, on which message', async () => {
    const report = await reportOf(notice({ message: queued({ envid: 'QQ 314159' }) }));
    assert.equal(report.statusType, 'message/delivery-status');
    assert.equal(valueOf(group(report, 0), 'Reporting-MTA'), 'dns; relay.sender.test');
    assert.equal(valueOf(group(report, 0), 'Original-Envelope-Id'), 'QQ 314159');
    assert.equal(valueOf(group(report, 0), 'Arrival-Date'), 'Thu, 01 Jan 2026 00:00:00 +0000');
    assert.equal(valueOf(group(await reportOf(notice()), 0), 'Original-Envelope-Id'), undefined);
  });

  it('DSN-3464-2.3-1: for each recipient what became of it', async () => {
    const report = await reportOf(
      notice({
        recipients: [
          { ...REFUSED, orcpt: 'rfc822;Bob@Old.test' },
          { address: 'carol@example.test', failure: { code: 'DIAL_TIMEOUT', detail: 'silence' } },
        ],
        ending: 'expired',
        lastAttemptAt: NOW - 1000,
      }),
    );
    assert.equal(report.groups.length, 3);
    assert.deepEqual(group(report, 1), [
      ['Original-Recipient', 'rfc822; Bob@Old.test'],
      ['Final-Recipient', 'rfc822; bob@example.test'],
      ['Action', 'failed'],
      ['Status', '5.1.1'],
      ['Remote-MTA', `dns; ${MX}`],
      ['Diagnostic-Code', 'smtp; 550 5.1.1 no such user'],
      ['Last-Attempt-Date', 'Mon, 05 Jan 2026 23:59:59 +0000'],
    ]);
    assert.deepEqual(group(report, 2).slice(0, 4), [
      ['Final-Recipient', 'rfc822; carol@example.test'],
      ['Action', 'failed'],
      ['Status', '5.4.7'],
      ['Diagnostic-Code', 'X-Smtp-Sts; DIAL_TIMEOUT: silence'],
    ]);
  });

  it('Will-Retry-Until stands with a delay alone', async () => {
    const late = await reportOf(notice({ kind: 'delayed', willRetryUntil: NOW + 1000 }));
    assert.equal(valueOf(group(late, 1), 'Will-Retry-Until'), 'Tue, 06 Jan 2026 00:00:01 +0000');
    const gone = await reportOf(notice({ willRetryUntil: NOW + 1000 }));
    assert.equal(valueOf(group(gone, 1), 'Will-Retry-Until'), undefined);
  });

  it('a message that was never tried has no time of an attempt', async () => {
    const report = await reportOf(notice({ attempts: 0, ending: 'operator' }));
    assert.equal(valueOf(group(report, 1), 'Last-Attempt-Date'), undefined);
  });

  it('DSN-6522-3-1: an address beyond ASCII makes it the report of RFC 6533', async () => {
    const report = await reportOf(
      notice({
        recipients: [{ address: 'pelé@example.test', orcpt: 'utf-8;pelé@old.test' }],
        message: queued({ smtpUtf8: true }),
      }),
    );
    assert.equal(report.statusType, 'message/global-delivery-status');
    assert.equal(valueOf(group(report, 1), 'Final-Recipient'), 'utf-8; pelé@example.test');
    assert.equal(valueOf(group(report, 1), 'Original-Recipient'), 'utf-8; pelé@old.test');
  });

  it('what a stranger says cannot add a line', () => {
    const evil = 'x\r\nAction: delivered\r\n\r\nFinal-Recipient: rfc822; eve@evil.test';
    const { text } = deliveryStatus(
      notice({
        message: queued({ envid: evil }),
        recipients: [
          refusedBy({ code: 550, lines: [evil] }, { orcpt: `rfc822;${evil}`, host: evil }),
        ],
      }),
    );
    assert.equal(text.match(/^Action:/gm)?.length, 1);
    assert.equal(text.match(/^Final-Recipient:/gm)?.length, 1);
    assert.equal(text.split('\r\n\r\n').length, 2);
  });
});

describe('the status', () => {
  it('a server that refuses keeps its own; one without is 5.0.0', () => {
    assert.equal(noticeStatus(REFUSED, { kind: 'failed' }), '5.1.1');
    assert.equal(
      noticeStatus(refusedBy({ code: 550, lines: ['no'] }), { kind: 'failed' }),
      '5.0.0',
    );
    const wrongClass = refusedBy({ code: 550, enhanced: '4.2.2', lines: ['no'] });
    assert.equal(noticeStatus(wrongClass, { kind: 'failed' }), '5.0.0');
  });

  it('RT-4.2.1-6: REQUIRETLS has 5.7.30 and 5.7.10, also when the time is up', () => {
    const status = (code: 'POLICY_REQUIRETLS_UNSUPPORTED' | 'POLICY_REQUIRETLS_UNVERIFIED') =>
      (['rejected', 'expired'] as const).map((ending) =>
        noticeStatus({ address: 'a@b', failure: { code, detail: '' } }, { kind: 'failed', ending }),
      );
    assert.deepEqual(status('POLICY_REQUIRETLS_UNSUPPORTED'), ['5.7.30', '5.7.30']);
    assert.deepEqual(status('POLICY_REQUIRETLS_UNVERIFIED'), ['5.7.10', '5.7.10']);
  });

  it('DSN-R1: time that ran out for the network is 5.4.7, also where a server kept asking to wait', () => {
    const busy = refusedBy({ code: 451, enhanced: '4.3.2', lines: ['later'] });
    assert.equal(noticeStatus(busy, { kind: 'failed', ending: 'expired' }), '5.4.7');
    assert.equal(noticeStatus(busy, { kind: 'delayed' }), '4.3.2');
    const silent = { address: 'a@b', failure: { code: 'DIAL_TIMEOUT', detail: '' } } as const;
    assert.equal(noticeStatus(silent, { kind: 'failed', ending: 'expired' }), '5.4.7');
    assert.equal(noticeStatus(silent, { kind: 'delayed' }), '4.4.1');
  });

  it('what was settled counts where nothing else is known', () => {
    const known = { address: 'a@b', code: '5.7.5' } as const;
    assert.equal(noticeStatus(known, { kind: 'failed', ending: 'operator' }), '5.7.5');
    assert.equal(noticeStatus({ address: 'a@b', code: 'x' }, { kind: 'delayed' }), '4.0.0');
    assert.equal(noticeStatus({ address: 'a@b' }, { kind: 'relayed' }), '2.0.0');
  });
});
