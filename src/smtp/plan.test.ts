import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readCapabilities } from './capabilities.ts';
import { enhancedStatus } from './enhanced-status.ts';
import { planTransaction } from './plan.ts';
import type { Planning } from './plan.ts';
import type { Envelope } from './types.ts';

const envelope: Envelope = {
  from: 'a@example.test',
  recipients: [{ address: 'b@example.test' }],
};

function plan(more: Partial<Envelope>, keywords: readonly string[], insideTls = true): Planning {
  return planTransaction(
    { ...envelope, ...more },
    {
      label: 'mx.example.test [192.0.2.1]:25',
      capabilities: readCapabilities({ code: 250, lines: ['mx', ...keywords] }, { insideTls }),
      insideTls,
    },
  );
}

/** The commands, or what became of it with the status a delivery report would give. */
function say(planning: Planning): readonly string[] {
  if (planning.kind === 'refused') return [fateText(planning.fate)];
  return [
    planning.plan.mail,
    ...planning.plan.recipients.map((planned) =>
      planned.kind === 'say' ? planned.line : fateText(planned.fate),
    ),
  ];
}

function fateText(fate: Extract<Planning, { kind: 'refused' }>['fate']): string {
  if (fate.status === 'delivered') return fate.status;
  return `${fate.status} ${fate.failure.code} ${enhancedStatus(fate.status, fate.failure)}`;
}

describe('planTransaction', () => {
  it('RT-2-3, RT-4.2.1-6: REQUIRETLS needs TLS and an offer made inside it', () => {
    assert.deepEqual(say(plan({ requireTls: true }, ['REQUIRETLS'], false)), [
      'deferred SMTP_REQUIRETLS_WITHOUT_TLS 4.7.10',
    ]);
    assert.deepEqual(say(plan({ requireTls: true }, ['SIZE'])), [
      'deferred SMTP_REQUIRETLS_MISSING 4.7.30',
    ]);
  });

  it('RT-4.2.1-7: REQUIRETLS is repeated to the next hop', () => {
    assert.deepEqual(say(plan({ requireTls: true }, ['REQUIRETLS'])), [
      'MAIL FROM:<a@example.test> REQUIRETLS',
      'RCPT TO:<b@example.test>',
    ]);
    assert.equal(say(plan({}, ['REQUIRETLS']))[0], 'MAIL FROM:<a@example.test>');
  });

  it('RT-4.2.1-6: a message returned for want of REQUIRETLS is 5.7.30, for want of TLS 5.7.10', () => {
    const status = (code: 'SMTP_REQUIRETLS_MISSING' | 'SMTP_REQUIRETLS_WITHOUT_TLS'): string =>
      enhancedStatus('failed', { code, detail: '' });
    assert.equal(status('SMTP_REQUIRETLS_MISSING'), '5.7.30');
    assert.equal(status('SMTP_REQUIRETLS_WITHOUT_TLS'), '5.7.10');
  });

  it('a message over the SIZE limit is not sent (RFC 1870)', () => {
    assert.deepEqual(say(plan({ size: 1001 }, ['SIZE 1000'])), [
      'failed SMTP_MESSAGE_TOO_LARGE 5.3.4',
    ]);
    assert.equal(
      say(plan({ size: 1000 }, ['SIZE 1000']))[0],
      'MAIL FROM:<a@example.test> SIZE=1000',
    );
    assert.equal(
      say(plan({ size: 9e9 }, ['SIZE 0']))[0],
      'MAIL FROM:<a@example.test> SIZE=9000000000',
    );
  });

  it('8-bit content without 8BITMIME is not converted (RFC 6152)', () => {
    assert.deepEqual(say(plan({ body: '8BITMIME' }, [])), ['failed SMTP_8BITMIME_MISSING 5.6.3']);
    assert.equal(
      say(plan({ body: '8BITMIME' }, ['8BITMIME']))[0],
      'MAIL FROM:<a@example.test> BODY=8BITMIME',
    );
    assert.equal(
      say(plan({ body: '7BIT' }, ['8BITMIME']))[0],
      'MAIL FROM:<a@example.test> BODY=7BIT',
    );
    assert.equal(say(plan({ body: '7BIT' }, []))[0], 'MAIL FROM:<a@example.test>');
  });

  it('a message that needs SMTPUTF8 is not sent without it (RFC 6531)', () => {
    assert.deepEqual(say(plan({ smtpUtf8: true }, ['8BITMIME'])), [
      'failed SMTP_SMTPUTF8_MISSING 5.6.7',
    ]);
    assert.deepEqual(say(plan({ from: 'jürgen@example.test' }, [])), [
      'failed SMTP_SMTPUTF8_MISSING 5.6.7',
    ]);
    assert.deepEqual(say(plan({ from: 'jürgen@München.test' }, ['SMTPUTF8', '8BITMIME'])), [
      'MAIL FROM:<jürgen@München.test> BODY=8BITMIME SMTPUTF8',
      'RCPT TO:<b@example.test>',
    ]);
  });

  it('only the recipient that needs SMTPUTF8 fails without it', () => {
    const recipients = [{ address: 'ü@example.test' }, { address: 'b@München.test' }];
    assert.deepEqual(say(plan({ recipients }, [])), [
      'MAIL FROM:<a@example.test>',
      'failed SMTP_SMTPUTF8_MISSING 5.6.7',
      'RCPT TO:<b@xn--mnchen-3ya.test>',
    ]);
  });

  it('an address that is none is not said', () => {
    assert.deepEqual(say(plan({ from: 'a b' }, [])), ['failed SMTP_ADDRESS_INVALID 5.1.3']);
    const recipients = [{ address: 'x@example.test>\r\nRCPT TO:<y@example.test' }];
    assert.deepEqual(say(plan({ recipients }, [])), [
      'MAIL FROM:<a@example.test>',
      'failed SMTP_ADDRESS_INVALID 5.1.3',
    ]);
  });
});

describe('enhancedStatus', () => {
  it("the server's own code counts, if it is of the same class", () => {
    const failure = { code: 'SMTP_RCPT_REFUSED', detail: '' } as const;
    const reply = { code: 550, enhanced: '5.1.1', lines: [] };
    assert.equal(enhancedStatus('failed', failure, reply), '5.1.1');
    assert.equal(enhancedStatus('deferred', failure, reply), '4.0.0');
    assert.equal(enhancedStatus('failed', failure, { code: 550, lines: [] }), '5.0.0');
  });
});
