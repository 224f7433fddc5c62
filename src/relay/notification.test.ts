import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { notificationEnvelope, notificationRule, returnedContent } from './notification.ts';

const plain = { address: 'r@example.test' };

describe('notificationRule', () => {
  it('SMTP-6.1-1: the author of an undeliverable message is told', () => {
    const expected = { kind: 'notify', to: 'a@sender.test' };
    assert.deepEqual(notificationRule('a@sender.test', plain, 'failure'), expected);
    assert.deepEqual(notificationRule('a@sender.test', plain, 'delay'), expected);
  });

  it('SMTP-4.5.5-1: nobody is told of a failed notification', () => {
    const asked = { ...plain, notify: ['FAILURE'] } as const;
    assert.equal(notificationRule('', plain, 'failure').kind, 'drop');
    assert.equal(notificationRule('', asked, 'failure').kind, 'drop');
    assert.equal(notificationRule('', plain, 'delay').kind, 'drop');
  });

  it('what the author asked for counts', () => {
    const never = { ...plain, notify: ['NEVER'] } as const;
    const failure = { ...plain, notify: ['FAILURE'] } as const;
    assert.equal(notificationRule('a@sender.test', never, 'failure').kind, 'drop');
    assert.equal(notificationRule('a@sender.test', failure, 'failure').kind, 'notify');
    assert.equal(notificationRule('a@sender.test', failure, 'delay').kind, 'drop');
  });
});

describe('notifications about REQUIRETLS messages', () => {
  it('RT-5-2: headers alone, whatever RET says', () => {
    assert.equal(returnedContent({ ret: 'FULL', requireTls: true }), 'headers');
    assert.equal(returnedContent({ requireTls: true }), 'headers');
    assert.equal(returnedContent({ ret: 'FULL' }), 'full');
    assert.equal(returnedContent({ ret: 'HDRS' }), 'headers');
    assert.equal(returnedContent({}), 'full');
  });

  it('RT-5-1: as well protected as the message, and from nobody', () => {
    const recipients = [{ address: 'a@sender.test' }];
    assert.deepEqual(notificationEnvelope('a@sender.test', { requireTls: true }), {
      from: '',
      recipients,
      requireTls: true,
    });
    assert.deepEqual(notificationEnvelope('a@sender.test', {}), { from: '', recipients });
  });
});
