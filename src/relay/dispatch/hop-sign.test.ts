import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Failure } from '../../failure.ts';
import type { AttemptEvent, AttemptOutcome } from '../../tls-policy/attempt-event.ts';
import { dane, leafOf, sts } from '../../tls-policy/requirements.fixture.ts';
import { createLabCa } from '../../lab/pki/ca.ts';
import type { Requirement, TlsLevel } from '../../tls-policy/types.ts';
import type { DeliveryReport, HopReport, RecipientReport } from '../types.ts';
import { hopSign, networkFault, wasBrokenOff } from './hop-sign.ts';
import { wouldWait } from './would-wait.ts';

const good = leafOf(createLabCa().issue(['mx.test']));

function deferred(code: Failure['code'], reply?: number): RecipientReport {
  return {
    recipient: 'r@d.test',
    status: 'deferred',
    failure: { code, detail: 'why' },
    ...(reply === undefined ? {} : { reply: { code: reply, lines: [] } }),
  };
}
const delivered: RecipientReport = {
  recipient: 'r@d.test',
  status: 'delivered',
  reply: { code: 250, lines: [] },
};

const report = (...recipients: readonly RecipientReport[]): DeliveryReport => ({
  recipients,
  hops: [],
});

/** A session with a host of this requirement, which a policy would have refused. */
function watched(
  requirement: Requirement,
  tls: TlsLevel,
  outcome: AttemptOutcome = 'ready',
): DeliveryReport {
  const event = {
    host: 'mx.test',
    requirement,
    outcome,
    verdict: {
      deliver: true,
      tls,
      why: '',
      wouldFail: { code: 'POLICY_TLS_MISSING', detail: 'no' },
    },
  } as unknown as AttemptEvent;
  const hop = {
    attempts: [event],
    decision: { policy: { outcome: 'deliver' } },
    policyUse: 'report-only',
  } as unknown as HopReport;
  return { recipients: [], hops: [hop] };
}

describe('what an attempt shows of its hop', () => {
  it('an answer to a message is one, whatever it says', () => {
    assert.equal(hopSign(report(delivered)), 'answered');
    assert.equal(hopSign(report(deferred('SMTP_RCPT_REFUSED', 451))), 'answered');
    assert.equal(hopSign(report(deferred('SMTP_CONNECTION_LOST'), delivered)), 'answered');
  });

  it('no session, a goodbye, a policy that stands in the way: it has failed', () => {
    for (const each of [
      deferred('DIAL_FAILED'),
      deferred('SMTP_SERVER_CLOSING', 421),
      deferred('POLICY_TLS_MISSING'),
      deferred('POLICY_MX_LOOKUP_FAILED'),
    ]) {
      assert.equal(hopSign(report(each)), 'failed');
    }
  });

  it('a fault of ours or of the message says nothing', () => {
    for (const code of [
      'POLICY_STORE_DOWN',
      'POLICY_REQUIRETLS_UNSUPPORTED',
      'SMTP_MESSAGE_SOURCE_FAILED',
      'SMTP_ABORTED',
    ] as const) {
      assert.equal(hopSign(report(deferred(code))), 'none');
    }
  });

  it('broken off is what ended for that reason alone', () => {
    assert.equal(wasBrokenOff(report(deferred('SMTP_ABORTED'))), true);
    assert.equal(wasBrokenOff(report(deferred('SMTP_ABORTED'), delivered)), false);
    assert.equal(wasBrokenOff(report(deferred('SMTP_FINAL_REPLY_MISSING'))), false);
  });

  it('a policy failure is no fault of the network', () => {
    const refused = watched({ kind: 'sts', sts: sts('enforce') }, 'none', 'refused');
    assert.equal(networkFault({ ...refused, recipients: [deferred('DIAL_FAILED')] }), undefined);
    const lost = watched({ kind: 'sts', sts: sts('enforce') }, 'none', 'unreachable');
    const recipients = [deferred('DIAL_FAILED')];
    assert.equal(networkFault({ ...lost, recipients })?.code, 'DIAL_FAILED');
    assert.equal(networkFault(report(deferred('POLICY_MX_LOOKUP_FAILED'))), undefined);
  });
});

describe('what would wait', () => {
  it('what a binding requirement refuses, and nothing that is only tested', () => {
    const refusing: readonly (readonly [Requirement, TlsLevel, number])[] = [
      [{ kind: 'sts', sts: sts('enforce') }, 'encrypted', 1],
      [{ kind: 'dane', dane: dane(good) }, 'encrypted', 1],
      [{ kind: 'dane', dane: dane(good), testing: sts('testing') }, 'authenticated', 0],
      [{ kind: 'opportunistic', testing: sts('testing') }, 'none', 0],
      [{ kind: 'opportunistic' }, 'none', 0],
      [
        { kind: 'refused', failure: { code: 'POLICY_MX_NOT_IN_POLICY', detail: '' }, rule: '' },
        'none',
        1,
      ],
    ];
    for (const [requirement, tls, count] of refusing) {
      assert.equal(wouldWait(watched(requirement, tls)).length, count, requirement.kind);
    }
    assert.deepEqual(wouldWait({ recipients: [], hops: [] }), []);
  });
});
