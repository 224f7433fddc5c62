import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Failure } from '../../failure.ts';
import { hostEvidence, noSts, stsPolicy } from '../../tls-policy/evidence.fixture.ts';
import { otherDane } from '../../tls-policy/requirements.fixture.ts';
import type { AttemptEvent } from '../../tls-policy/attempt-event.ts';
import type { Requirement } from '../../tls-policy/types.ts';
import { enforcing, EXPIRED_CERTIFICATE, play } from '../deliver.fixture.ts';
import { failing, SHAPES } from './cause-shapes.fixture.ts';
import { CAUSE_TEXTS } from './cause-texts.ts';
import { causeOf, isPolicyCause } from './causes.ts';
import { letter } from './letter.ts';
import { attempt, blocked, decisionOf, MX, notice, queued, refusedBy } from './notice.fixture.ts';
import type { NoticeOptions } from './types.ts';

/** The letter in one line. */
function flat(options: NoticeOptions): string {
  return letter(options, undefined).replaceAll(/\s+/g, ' ');
}

describe('what people are told', () => {
  for (const { cause, failure, happened, mend, rule, advice } of SHAPES) {
    it(`${cause}: what happened, the rule, what to mend and what to do`, () => {
      assert.equal(causeOf(failure), cause);
      // The refused host is no part of the decision here: nothing refines the failure.
      const text = flat(blocked(failure));
      assert.match(text, happened);
      if (mend !== undefined) assert.match(text, mend);
      if (rule !== undefined) assert.match(text, rule);
      if (advice !== undefined) assert.match(text, advice);
      assert.match(text, new RegExp(`Seen ${failure.detail}`));
      assert.equal(
        /NOT sent unencrypted to example\.test/.test(text) && /not the recipient/.test(text),
        isPolicyCause(cause),
      );
    });
  }

  it('every kind of fault is in these tests', () => {
    const shown = [...SHAPES.map(({ cause }) => cause), 'refused', 'asked-to-wait'];
    assert.deepEqual(shown.toSorted(), Object.keys(CAUSE_TEXTS).toSorted());
  });

  it('no text has two full stops or a name missing', () => {
    for (const { failure } of SHAPES) {
      assert.doesNotMatch(flat(blocked(failure)), /\.\.|undefined| {2}| \./);
    }
  });
});

describe('whose rule it is', () => {
  const nameMismatch = failing('TLS_CERTIFICATE_NAME_MISMATCH', 'certificate-host-mismatch');
  const under = (requirement: Requirement, failure: Failure): string =>
    flat(
      blocked(failure, {
        decision: decisionOf({ sts: noSts() }),
        events: [attempt(failure, requirement)],
      }),
    );

  it('MTA-STS: the policy, its id, and since when it is known', () => {
    const text = flat(blocked(nameMismatch));
    assert.match(text, /example\.test publishes a security policy \(MTA-STS\)/);
    assert.match(
      text,
      /Policy MTA-STS of example\.test, mode enforce, id id1, fetched 31 Dec 2025, 23:59 UTC/,
    );
    assert.match(text, /Server mx1\.example\.test, address 192\.0\.2\.1/);
    assert.match(text, /Tried 31 times, from 1 Jan 2026, 00:00 UTC to 6 Jan 2026, 00:00 UTC/);
  });

  it('DANE: also for STARTTLS that is missing', () => {
    const failure = failing('SMTP_STARTTLS_NOT_OFFERED', 'starttls-not-supported');
    const text = under({ kind: 'dane', dane: otherDane() }, failure);
    assert.match(text, /The owner of mx1\.example\.test protects it with DANE/);
    assert.match(text, /Rule RFC 7672 section 2\.2 \(DANE\)/);
    assert.doesNotMatch(text, /MTA-STS/);
  });

  it('DANE and MTA-STS: whichever was not met', () => {
    const sts = {
      policyDomain: 'example.test',
      mode: 'enforce',
      id: 'id1',
      host: MX,
      mxMatches: true,
    } as const;
    const both: Requirement = { kind: 'dane-and-sts', dane: otherDane(), sts };
    assert.match(under(both, nameMismatch), /publishes a security policy/);
    assert.match(under(both, failing('DANE_NO_MATCH')), /protects it with DANE/);
  });

  it('the operator', () => {
    const requirement: Requirement = {
      kind: 'encrypt',
      because: {
        kind: 'override',
        override: {
          kind: 'require-tls',
          policyDomain: 'example.test',
          reason: 'contract',
          until: Number.MAX_SAFE_INTEGER,
          addedAt: 0,
          addedBy: 'root',
        },
      },
    };
    const text = under(requirement, failing('SMTP_STARTTLS_NOT_OFFERED'));
    assert.match(text, /The operator of this mail system demands protected connections/);
    assert.match(text, /Rule a setting of this mail system/);
  });

  it('"no host may be used" is told as the fault of the first host', () => {
    const decision = decisionOf({
      hosts: [hostEvidence('mx9.example.test')],
      sts: stsPolicy('enforce', ['mx1.example.test']),
    });
    const failure = decision.policy.failure;
    assert.equal(failure?.code, 'POLICY_NO_HOST_USABLE');
    const text = flat(
      blocked(failure, {
        decision,
        events: [],
        recipients: [{ address: 'bob@example.test', failure }],
      }),
    );
    assert.match(text, /DNS names mx9\.example\.test as mail server of example\.test/);
    assert.match(text, /Server mx9\.example\.test/);
  });
});

describe('"not sent unencrypted" is said only where it is certain', () => {
  const broken = failing('TLS_HANDSHAKE_CLOSED', 'validation-failure');
  const CLAIM = /NOT sent unencrypted|security rule holds/;
  const clear: AttemptEvent = {
    ...attempt(broken, { kind: 'opportunistic' }),
    outcome: 'ready',
    verdict: { deliver: true, tls: 'none', why: 'nothing asks for TLS' },
  };

  it('nothing demands TLS', () => {
    const text = flat(
      blocked(broken, {
        decision: decisionOf({ sts: noSts() }),
        events: [attempt(broken, { kind: 'opportunistic' })],
      }),
    );
    assert.match(text, /the TLS handshake failed/);
    assert.doesNotMatch(text, CLAIM);
  });

  it('another session of the same attempt was in clear', () => {
    const options = blocked(broken);
    assert.match(flat(options), CLAIM);
    assert.doesNotMatch(flat({ ...options, events: [...(options.events ?? []), clear] }), CLAIM);
  });

  it('the message says `TLS-Required: No`', () => {
    const message = queued({ tlsRequiredNo: true });
    assert.doesNotMatch(flat(blocked(broken, { message })), CLAIM);
  });
});

describe('after a delivery that really failed', () => {
  it('RT-4.2.1-5, DSN-R1: the report of the delivery is all that it takes', async () => {
    const { report } = await play({
      servers: { '2001:db8::1': EXPIRED_CERTIFICATE },
      policies: enforcing(),
    });
    const [recipient] = report.recipients;
    const [hop] = report.hops;
    assert.ok(recipient?.status === 'deferred' && hop !== undefined);
    const { failure } = recipient;
    const text = flat(
      notice({
        ending: 'expired',
        recipients: [{ address: 'r@example.test', failure }],
        decision: hop.decision,
        events: hop.attempts,
      }),
    );
    assert.match(text, /The certificate of mx1\.example\.test has expired/);
    assert.match(text, /Server mx1\.example\.test, address 2001:db8::1/);
    assert.match(text, /Policy MTA-STS of example\.test, mode enforce/);
    assert.match(text, /Also mx1\.example\.test \[192\.0\.2\.1\]/);
    assert.match(text, /NOT sent unencrypted to example\.test/);
  });

  it('a fault on the way over a smart host is for the operator, not for the recipient', () => {
    const nextHop = { kind: 'host', host: 'relay.isp.test', port: 587 } as const;
    const failure = failing('DANE_NO_MATCH', 'validation-failure');
    const text = flat(
      blocked(failure, { decision: decisionOf({ nextHop, hostsFrom: 'smart-host' }) }),
    );
    assert.match(text, /Route mail for example\.test goes by way of relay\.isp\.test/);
    assert.match(text, /For those who run the mail of relay\.isp\.test/);
    assert.match(text, /Ask the people who run this mail system/);
    assert.doesNotMatch(text, /whoever runs their mail/);
  });
});

describe('what a server said', () => {
  const USER_UNKNOWN = refusedBy({ code: 550, enhanced: '5.1.1', lines: ['User', 'unknown'] });

  it('is quoted, and nothing is said of encryption', () => {
    const text = letter(notice({ attempts: 1, recipients: [USER_UNKNOWN] }), undefined);
    assert.match(
      text,
      /mx1\.example\.test refused it and said:\r\n\r\n {4}550 5\.1\.1 User unknown/,
    );
    assert.match(text, /Check the address for typing errors/);
    assert.match(text, /It will not be tried again\./);
    assert.doesNotMatch(text, /unencrypted/);
    assert.match(text, /Tried {6}6 Jan 2026, 00:00 UTC\r\n/);
  });

  it('after days of "come back later" the time is up', () => {
    const busy = refusedBy({ code: 451, enhanced: '4.7.1', lines: ['Greylisted'] });
    const text = flat(notice({ ending: 'expired', recipients: [busy] }));
    assert.match(text, /It was tried 31 times from 1 Jan 2026, 00:00 UTC to 6 Jan 2026, 00:00 UTC/);
    assert.match(text, /asked us to come back later\. It said: 451 4\.7\.1 Greylisted/);
    assert.match(text, /Status 5\.4\.7/);
  });

  it('recipients with the same answer stand together, others apart', () => {
    const said = (address: string, text: string): NoticeOptions['recipients'][number] =>
      refusedBy({ code: 550, enhanced: '5.1.1', lines: [`<${address}>: ${text}`] }, { address });
    const text = letter(
      notice({
        recipients: [
          said('a@example.test', 'unknown'),
          said('b@example.test', 'unknown'),
          said('c@example.test', 'gone'),
        ],
      }),
      undefined,
    );
    assert.equal(text.match(/What happened/g)?.length, 2);
    assert.match(text, /-{72}\r\n {4}a@example\.test\r\n {4}b@example\.test\r\n\r\n/);
  });

  it('thousands of recipients do not make an endless letter', () => {
    const recipients = Array.from({ length: 3000 }, (_, index) =>
      refusedBy(
        { code: 550, enhanced: '5.1.1', lines: [`no ${index}`] },
        { address: `u${index}@example.test` },
      ),
    );
    const text = letter(notice({ recipients }), undefined);
    assert.match(text, /and 2950 more/);
    assert.match(text, /The other recipients and what happened to them/);
    assert.ok(text.length < 20_000);
  });
});

describe('the other endings', () => {
  it('an operator returned it, and the queue knows the text alone', () => {
    const text = flat(
      notice({
        ending: 'operator',
        recipients: [{ address: 'bob@example.test', text: 'no answer', code: '4.4.1' }],
      }),
    );
    assert.match(text, /The operator of this mail system returned it/);
    assert.match(text, /Seen no answer/);
    assert.match(text, /Status 5\.0\.0/);
  });

  it('relayed: what is known ends at that host', () => {
    const reply = { code: 250, enhanced: '2.0.0', lines: ['OK'] };
    const text = flat(
      notice({ kind: 'relayed', recipients: [{ address: 'bob@example.test', host: MX, reply }] }),
    );
    assert.match(text, /mx1\.example\.test took it\. That server cannot report/);
    assert.doesNotMatch(text, /What happened|Seen|To mend/);
  });

  it('the message is named by what its author knows', () => {
    const text = letter(notice({ message: queued() }), {
      what: 'message',
      mediaType: 'message/rfc822',
      encoding: '7bit',
      content: Buffer.alloc(0),
      subject: 'The contract',
    });
    assert.match(text, / {2}Subject {4}The contract\r\n/);
    assert.match(text, / {2}Queue id {3}4fz2k9w1\r\n/);
    assert.match(text, /It is attached\.\r\n$/);
  });
});
