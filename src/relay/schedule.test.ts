import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { loadConfig } from '../config/load-config.ts';
import { nextStep, scheduleBy, type NextStep } from './schedule.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What the settings say where nobody has changed them. */
const SETTINGS = loadConfig({}).value!.relay;
const MAIL_SCHEDULE = scheduleBy(SETTINGS, 'a@b.test');
const BOUNCE_SCHEDULE = scheduleBy(SETTINGS, '');

/** Runs a message that never gets through; attempts take no time. */
function life(schedule = MAIL_SCHEDULE): {
  readonly attempts: readonly number[];
  readonly notices: number;
} {
  const attempts = [0];
  let notices = 0;
  for (;;) {
    const step: NextStep = nextStep(
      {
        acceptedAt: 0,
        failedAttempts: attempts.length,
        delayNoticeSent: notices > 0,
        now: attempts.at(-1)!,
      },
      schedule,
    );
    if (step.kind === 'give-up') return { attempts, notices };
    if (step.sendDelayNotice) notices += 1;
    attempts.push(step.at);
  }
}

describe('nextStep', () => {
  it('SMTP-4.5.4.1-1: 1, 5, 15, 30 min, 1, 2 h, then every 4 h, to the end of day 5', () => {
    const { attempts } = life();
    const waits = attempts.slice(1).map((at, index) => (at - attempts[index]!) / MINUTE);
    assert.deepEqual(waits.slice(0, 9), [1, 5, 15, 30, 60, 120, 240, 240, 240]);
    assert.equal(attempts.at(-1), 5 * DAY);
  });

  it('attempts that an operator asks for in between make no wait longer', () => {
    const state = { acceptedAt: 0, failedAttempts: 6, delayNoticeSent: false };
    const early = nextStep({ ...state, now: 3 * MINUTE }, MAIL_SCHEDULE);
    assert.deepEqual(early, { kind: 'retry', at: 8 * MINUTE, sendDelayNotice: false });
    const late = nextStep({ ...state, now: 3 * HOUR }, MAIL_SCHEDULE);
    assert.equal(late.kind === 'retry' && late.at, 5 * HOUR);
  });

  it('the author hears of the delay once, after 4 h', () => {
    assert.equal(life().notices, 1);
    const state = { acceptedAt: 0, failedAttempts: 7, delayNoticeSent: false };
    const early = nextStep({ ...state, now: 4 * HOUR - 1 }, MAIL_SCHEDULE);
    const due = nextStep({ ...state, now: 4 * HOUR }, MAIL_SCHEDULE);
    assert.ok(early.kind === 'retry' && !early.sendDelayNotice);
    assert.ok(due.kind === 'retry' && due.sendDelayNotice);
  });

  it('SMTP-4.5.4.1-1: bounces are given up sooner, and nobody hears of their delay', () => {
    const { attempts, notices } = life(BOUNCE_SCHEDULE);
    assert.equal(attempts.at(-1), DAY);
    assert.equal(notices, 0);
    assert.equal(BOUNCE_SCHEDULE.delayNoticeAfter, undefined);
    assert.equal(MAIL_SCHEDULE.giveUpAfter, 5 * DAY);
  });

  it('all of it may be changed', () => {
    const schedule = { waits: [10], delayNoticeAfter: undefined, giveUpAfter: 25 };
    assert.deepEqual(life(schedule).attempts, [0, 10, 20, 25]);
  });

  it('fuzz: never later than the end, never in the past', () => {
    fc.assert(
      fc.property(fc.nat(10 * DAY), fc.nat(200), fc.boolean(), (now, failedAttempts, sent) => {
        const step = nextStep(
          { acceptedAt: 0, failedAttempts, delayNoticeSent: sent, now },
          MAIL_SCHEDULE,
        );
        if (step.kind === 'give-up') assert.ok(now >= 5 * DAY);
        else assert.ok(step.at > now && step.at <= 5 * DAY);
      }),
      { numRuns: 300 },
    );
  });
});
