import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  archiveRig,
  DAY_MS,
  incoming,
  MONDAY,
  policyResult,
  report,
} from '../archive/archive.fixture.ts';
import type { IncomingReport } from '../types.ts';
import { summarize } from '../summary/summarize.ts';
import { noteSighting } from '../summary/own-history.ts';
import { policy } from '../summary/own-state.fixture.ts';
import { createLog } from '../../log/log.ts';
import { openStore } from '../../store/open-store.ts';
import { collectingLog, type Line } from '../intake/intake.fixture.ts';
import { alertRig } from './alerts.fixture.ts';

const OURS = policy(['mx.shop.test']);
const EVIL = policy(['mx.evil.example'], { maxAge: 86_400 });

/** A report for a day after Monday whose sessions were held to a policy. */
function heldTo(text: string, day: number, more: Partial<IncomingReport> = {}): IncomingReport {
  const start = MONDAY + day * DAY_MS;
  const said = report({
    reportId: `${day} ${text}`,
    start,
    end: start + DAY_MS,
    policies: [policyResult([5, 0], { strings: text.split('\n') })],
  });
  return incoming(said, { receivedAt: start + DAY_MS, ...more });
}

describe('a policy reported that is not ours', () => {
  async function rigged() {
    const archive = await archiveRig();
    const { store, clock } = archive;
    const own = { subject: 'shop.test', kind: 'policy' } as const;
    await noteSighting(store, {
      ...own,
      value: policy(['old.shop.test']),
      at: MONDAY - 99 * DAY_MS,
    });
    await noteSighting(store, { ...own, value: OURS, at: MONDAY - 2 * DAY_MS });
    const looked: string[] = [];
    const rig = alertRig({
      store,
      clock,
      ownState: async (domain) => {
        looked.push(domain);
        return await Promise.resolve(undefined);
      },
    });
    const titles = (): readonly string[] =>
      rig.posts.map((json) => {
        const { event, title } = JSON.parse(json) as { event: string; title: string };
        return `${event} ${title}`;
      });
    return { archive, rig, looked, titles };
  }

  it('raises one alert with both texts and since when ours holds; it ends with reports of ours', async () => {
    const { archive, rig, titles } = await rigged();
    await archive.archive.take(heldTo(EVIL.text, 0));
    for (let look = 0; look < 2; look += 1) await rig.alerts.tick();
    assert.deepEqual(titles(), [
      'opened shop.test: bigmail.test was held to an MTA-STS policy that is not ours (2026-03-02)',
    ]);
    const { causes } = JSON.parse(rig.posts[0]!) as { causes: readonly string[] };
    assert.match(
      causes[0]!,
      /reported: ".*mx\.evil\.example.*"; ours: ".*mx\.shop\.test.*changed on 2026-02-28/,
    );
    rig.pass(2 * DAY_MS);
    await archive.archive.take(heldTo(OURS.text, 2));
    await rig.alerts.tick();
    assert.match(titles()[1]!, /^closed /);
    await rig.alerts.close();
    await archive[Symbol.asyncDispose]();
  });

  it('the log escapes what a sender calls itself once, and leaves its letters alone', async () => {
    const lines: Line[] = [];
    const store = await openStore('sqlite::memory:');
    const rig = alertRig({ store, log: collectingLog(lines) });
    const details = [{ type: 'certificate-expired', mx: 'mx.test' }] as const;
    await rig.report(-1, { sender: '日本\u202e\u0007', details });
    await rig.alerts.tick();
    const text: string[] = [];
    const log = createLog('info', { sink: { write: (line) => text.push(line) } });
    for (const { fields, message } of lines) log.warn(fields, message);
    assert.match(text.join(''), /"event":"alert-opened".*reported by 日本\ufffd\ufffd"/);
    assert.doesNotMatch(text.join(''), /\\\\/);
    await rig.alerts.close();
    await store.close();
  });

  it('several senders: how many there are, and the days of all of them', async () => {
    const { archive, rig, titles } = await rigged();
    for (const [index, name] of ['zeta', 'beta', 'alpha'].entries()) {
      const domain = `${name}.test`;
      const authenticity = { kind: 'verified', domain, selector: 's', notes: [] } as const;
      await archive.archive.take(heldTo(EVIL.text, index, { authenticity }));
    }
    rig.pass(2 * DAY_MS);
    await rig.alerts.tick();
    assert.deepEqual(titles(), [
      'opened shop.test: 3 senders were held to an MTA-STS policy that is not ours (2026-03-02 to 2026-03-04)',
    ]);
    const { senders } = JSON.parse(rig.posts[0]!) as { senders: readonly string[] };
    assert.deepEqual(senders.toSorted(), ['alpha.test', 'beta.test', 'zeta.test']);
    await rig.alerts.close();
    await archive[Symbol.asyncDispose]();
  });

  it('ours, one of before, none, and one that nobody vouches for raise nothing', async () => {
    const { archive, rig, titles } = await rigged();
    await archive.archive.take(heldTo(OURS.text, 0));
    await archive.archive.take(heldTo(policy(['old.shop.test']).text, 0));
    await archive.archive.take(heldTo('', 0));
    const authenticity = { kind: 'unsigned', notes: [] } as const;
    await archive.archive.take(heldTo(EVIL.text, 0, { authenticity }));
    await rig.alerts.tick();
    assert.deepEqual(titles(), []);
    await rig.alerts.close();
    await archive[Symbol.asyncDispose]();
  });

  it('before it is told, it is looked up once more: we may have changed it just now', async () => {
    const { archive, rig, titles, looked } = await rigged();
    await rig.alerts.tick();
    const own = { subject: 'shop.test', kind: 'policy' } as const;
    await archive.archive.take(heldTo(EVIL.text, 0));
    await noteSighting(archive.store, { ...own, value: EVIL, at: MONDAY + DAY_MS });
    await rig.alerts.tick();
    assert.deepEqual(titles(), []);
    assert.deepEqual(looked, ['shop.test'], 'by the watch alone');
    await rig.alerts.close();
    await archive[Symbol.asyncDispose]();
  });

  it('P8, Q8: the summary counts sessions under two policies once, and each type by itself', async () => {
    const { archive, rig } = await rigged();
    const said = report({
      policies: [
        policyResult([4, 0], { strings: OURS.text.split('\n') }),
        policyResult([4, 0], { type: 'tlsa', strings: ['3 1 1 aa'] }),
      ],
    });
    await archive.archive.take(incoming(said));
    const conflicting = report({ policies: [policyResult([9, 0])] });
    await archive.archive.take(incoming(conflicting));
    const { total, policyTypes, notCounted } = await summarize({
      store: archive.store,
      clock: archive.clock,
      days: 3,
      domain: 'shop.test',
    });
    assert.deepEqual(total, { reports: 1, successes: 4, failures: 0 });
    assert.deepEqual(policyTypes.map(({ type, successes }) => [type, successes]).slice(0, 2), [
      ['tlsa', 4],
      ['sts', 4],
    ]);
    assert.deepEqual(notCounted, { unproven: 0, conflicts: 1, replaced: 0 });
    await rig.alerts.close();
    await archive[Symbol.asyncDispose]();
  });
});
