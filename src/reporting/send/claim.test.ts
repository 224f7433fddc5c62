import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock, settle } from '../../clock.fixture.ts';
import { openStore } from '../../store/open-store.ts';
import type { Store } from '../../store/types.ts';
import { CLAIM_MS } from './attempt-limit.ts';
import { beginTarget, claimTarget, type ClaimOptions } from './claim.ts';
import { addReport } from './outbox.ts';
import { packTally } from './prepare-report.ts';
import { sendReportNow } from './send-now.ts';
import { MARCH_1, MIDNIGHT, SETTINGS, stsResult, worldOf } from './sender.fixture.ts';
import type { PostReport } from './types.ts';

const REPORT = 'a-report';
const URL_A = 'https://r.test/v1';
const ATTEMPT_MS = 9 * 60_000;

/** A store with one report for one place. */
async function outbox(): Promise<Store> {
  const store = await openStore('sqlite::memory:');
  const policies = [stsResult('a.test', 1)];
  const subject = { day: MARCH_1, scope: 'recipient', domain: 'a.test', policies } as const;
  const packed = packTally(subject, SETTINGS);
  assert.ok(packed !== undefined);
  await addReport(store, {
    reportId: REPORT,
    day: MARCH_1,
    domain: 'a.test',
    fileName: packed.fileName,
    submitter: packed.submitter,
    organization: 'x',
    policies: 1,
    successes: 1,
    failures: 0,
    record: '',
    content: packed.gzip,
    targets: [{ kind: 'https', uri: URL_A, url: URL_A }],
    mode: 'all',
    madeAt: MIDNIGHT,
    madeBy: 'one',
    sendAt: MIDNIGHT,
  });
  return store;
}

function by(owner: string, now: number): ClaimOptions {
  return { owner, now, holdMs: CLAIM_MS, maxPerTarget: 10 };
}

describe('claiming a target', () => {
  it('an attempt begins only while the claim is ours, the first one and each later one', async () => {
    const store = await outbox();
    for (const firstAt of [0, MIDNIGHT]) {
      const start = MIDNIGHT + (firstAt === 0 ? 0 : 2 * CLAIM_MS);
      const late = start + CLAIM_MS + 1;
      const ours = await claimTarget(store, { reportId: REPORT, number: 0 }, by('one', start));
      const theirs = await claimTarget(store, { reportId: REPORT, number: 0 }, by('two', late));
      assert.ok(ours !== undefined && theirs !== undefined);
      assert.equal(await beginTarget(store, { ...ours, firstAt }, by('one', late)), 'not-ours');
      assert.equal(await beginTarget(store, { ...theirs, firstAt }, by('two', late)), 'begun');
      await store.db.updateTable('report_target').set({ claimed_by: null }).execute();
      await store.db.updateTable('report_target').set({ claimed_until: null }).execute();
    }
    await store.close();
  });

  it('the claim holds for a whole attempt from its beginning on', async () => {
    const store = await outbox();
    const which = { reportId: REPORT, number: 0 };
    const ours = await claimTarget(store, which, by('one', MIDNIGHT));
    assert.ok(ours !== undefined);
    const begins = MIDNIGHT + CLAIM_MS - 1;
    assert.equal(await beginTarget(store, ours, by('one', begins)), 'begun');
    const other = by('two', begins + ATTEMPT_MS);
    assert.equal(await claimTarget(store, which, other), undefined);
    await store.close();
  });
});

describe('sending now', () => {
  /** Sends over this way, on a clock that goes on to the end of an attempt. */
  async function sendOver(post: PostReport, store: Store): Promise<readonly string[]> {
    const clock = new FakeClock(MIDNIGHT);
    const { signer } = worldOf(new Map(), {});
    const sending = sendReportNow(REPORT, {
      store,
      clock,
      settings: SETTINGS,
      owner: 'command',
      signer: () => signer,
      sendMail: async () => await Promise.reject(new Error('no mail')),
      postReport: post,
    });
    for (let turn = 0; turn < 20; turn += 1) await settle();
    await clock.advance(ATTEMPT_MS);
    const sent = await sending;
    assert.equal(clock.waiting, 0);
    return sent.map(({ settlement }) => `${settlement.state} ${settlement.code}`);
  }

  it('an attempt that hangs is called off before its claim ends', async () => {
    const store = await outbox();
    const hangs: PostReport = async (_url, _gzip, signal) =>
      await new Promise((resolve) => {
        const failure = { code: 'HTTP_TIMEOUT', detail: 'called off' } as const;
        signal?.addEventListener('abort', () => resolve({ kind: 'later', failure }));
      });
    assert.deepEqual(await sendOver(hangs, store), ['waiting HTTP_TIMEOUT']);
    await store.close();
  });

  it('one that ends leaves nothing behind', async () => {
    const store = await outbox();
    const takes: PostReport = async () => await Promise.resolve({ kind: 'accepted', text: 'ok' });
    assert.deepEqual(await sendOver(takes, store), ['accepted ']);
    await store.close();
  });
});
