import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DeliveryReport, RecipientReport } from '../../relay/types.ts';
import { enforcing, EXPIRED_CERTIFICATE, play } from '../../relay/deliver.fixture.ts';
import { stsPolicy } from '../../tls-policy/evidence.fixture.ts';
import { deliveryText } from './delivery-text.ts';
import type { Paint } from './paint.ts';

const plain: Paint = (_style, text) => text;

function textOf(report: DeliveryReport): string {
  return deliveryText(report, plain).join('\n');
}

function recipientText(recipient: RecipientReport): string {
  return deliveryText({ recipients: [recipient], hops: [] }, plain)[0]!;
}

const REPLY = { code: 250, lines: ['OK'] } as const;
const FAILURE = { code: 'SMTP_RCPT_REFUSED', detail: '451 later' } as const;

describe('what became of a message, as text', () => {
  it('says by whom a message was taken, and who put it off', () => {
    const recipient = 'a@b.example';
    const via = { recipient, host: 'mx1.b.example', address: '192.0.2.1' };
    assert.equal(
      recipientText({ ...via, status: 'delivered', reply: REPLY }),
      'a@b.example: delivered by mx1.b.example [192.0.2.1]',
    );
    assert.equal(
      recipientText({ ...via, status: 'deferred', failure: FAILURE }),
      'a@b.example: NOT delivered, try again later (mx1.b.example [192.0.2.1] answered)',
    );
    assert.equal(
      recipientText({ ...via, status: 'failed', failure: FAILURE }),
      'a@b.example: FAILED for good (mx1.b.example [192.0.2.1] answered)',
    );
    assert.equal(
      recipientText({ ...via, host: '[192.0.2.1]', status: 'delivered', reply: REPLY }),
      'a@b.example: delivered by [192.0.2.1]',
    );
    assert.equal(
      recipientText({ recipient, status: 'deferred', failure: FAILURE }),
      'a@b.example: NOT delivered, try again later',
    );
  });

  it('RT-3-3: names the header as the reason why an enforced policy is not followed', async () => {
    const { report } = await play({
      servers: { '2001:db8::1': EXPIRED_CERTIFICATE },
      policies: enforcing(stsPolicy('enforce')),
      more: { tlsRequiredNo: { present: true, submitted: true, use: 'submission' } },
    });
    const text = textOf(report);
    assert.match(text, /may deliver: policy not enforced: the message says TLS-Required: No/);
    assert.match(text, /the policy would refuse: /);
    assert.doesNotMatch(text, /would fail if enforced/);
  });

  it('a policy in testing: what it would refuse, both faults of two', async () => {
    const { report } = await play({
      servers: { '2001:db8::1': EXPIRED_CERTIFICATE },
      policies: enforcing(stsPolicy('testing', ['elsewhere.test'])),
    });
    const text = textOf(report);
    assert.match(text, /would fail if enforced: MX host .* matches no mx pattern/);
    assert.match(text, /and also: .*expired/);
    assert.doesNotMatch(text, /TLS-Required/);
  });
});
