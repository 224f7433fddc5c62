import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { StoredReport } from '../../reporting/archive/read-archive.ts';
import { cellWidth } from './cells.ts';
import { receivedTable } from './received-rows.ts';

const report = (more: Partial<StoredReport> = {}): StoredReport => ({
  id: '019a0f5c2b7d4e11',
  sender: 'google.com',
  identity: '',
  digest: '',
  report_id: 'r',
  organization: 'Google',
  contact: null,
  starts_at: 0,
  ends_at: 0,
  day: 20_515,
  received_at: Date.UTC(2026, 2, 3, 4, 5, 6),
  way: 'smtp',
  auth_kind: 'verified',
  auth_domain: 'google.com',
  auth_selector: 's',
  auth_notes: '[]',
  verified: 1,
  deviations: '[]',
  hints: '{}',
  state: 'counted',
  other_id: null,
  domains: ' example.com ',
  successes: 812,
  failures: 3,
  size: 100,
  has_details: 1,
  ...more,
});

function lines(reports: readonly StoredReport[], width: number, isCut = true): readonly string[] {
  const table = receivedTable(reports, { width, isCut });
  return [table.head, ...reports.map((each) => table.row(each))];
}

const LONG = report({
  sender: 'reports.a-rather-long-name-of-a-provider.example',
  domains: ' mail.department.some-organisation.example  b.example ',
  auth_kind: 'unauthenticated',
  state: 'not-counted',
});

describe('rows of received reports', () => {
  it('fit a terminal of 80 columns, whatever the names', () => {
    for (const all of [[report()], [report(), LONG], [LONG]]) {
      for (const line of lines(all, 80)) assert.ok(cellWidth(line) <= 80, line);
    }
    const [head, short, long] = lines([report(), LONG], 80);
    assert.match(head!, /^ID +DAY +SENDER +DOMAIN +STATE +OK\/FAILED$/);
    assert.match(short!, / google\.com +example\.com +counted +812\/3$/);
    assert.match(long!, / reports\.a\S*…  mail\.\S*…  not-counted  812\/3$/);
  });

  it('names that are usual stay whole beside one that is very long: the year goes first', () => {
    const busy = report({ successes: 1_234_567, failures: 12_345 });
    const [head, short, , long] = lines([report(), busy, LONG], 80);
    assert.match(head!, /^ID +DAY {4}SENDER/);
    assert.match(short!, / 03-03 +google\.com +example\.com +counted/);
    assert.match(long!, / reports?\S*…  mail\.\S*…  not-counted/);
    const older = report({ day: 20_115 });
    assert.match(lines([report(), busy, LONG, older], 80)[1]!, /^\S+ {2}2026-03-03 /);
    for (const line of lines([report(), LONG], 60)) assert.ok(cellWidth(line) <= 60, line);
    assert.match(lines([report(), LONG], 60)[0]!, /^ID +SENDER +DOMAIN +STATE +OK/);
    const [wide, cut] = lines([report({ sender: 'x'.repeat(60), domains: ' b.test ' })], 80);
    assert.equal(cellWidth(wide!), 80);
    assert.match(cut!, /…  b\.test  counted/);
  });

  it('are as wide as what they say; where there is room, how it is proven and when it came', () => {
    const narrow = lines([report({ sender: 'a.test', domains: ' b.test ' })], 80);
    assert.match(narrow[0]!, /OK\/FAILED {2}PROOF$/);
    const [head, row] = lines([report()], 110);
    assert.match(head!, /PROOF {5}CAME$/);
    assert.match(row!, /verified {2}2026-03-03 04:05$/);
  });

  it('where it is no terminal, no name is cut', () => {
    const [head, row] = lines([LONG], 80, false);
    assert.match(head!, /OK\/FAILED$/);
    assert.ok(row!.includes(LONG.sender));
    assert.match(row!, /organisation\.example \+1 {2}not-counted {2}812\/3$/);
    for (const line of lines([report()], 80, false)) assert.ok(line.length <= 80);
  });

  it('columns stand below each other where names are Japanese', () => {
    const all = [
      report({ sender: '株式会社サンプル' }),
      report({ sender: 'e\u0301tude' }),
      report(),
    ];
    for (const [width, isCut] of [
      [80, true],
      [110, true],
      [80, false],
    ] as const) {
      const places = lines(all, width, isCut).map((line) =>
        cellWidth(line.slice(0, line.search(/DOMAIN|example\.com/))),
      );
      assert.equal(new Set(places).size, 1, places.join(' '));
    }
  });

  it('RPT-7-2: what a stranger wrote moves no cursor', () => {
    const [, row] = lines([report({ sender: 'a\u001b[2J\u202e' })], 80);
    assert.doesNotMatch(row!, /[\u001b\u202e]/);
  });
});
