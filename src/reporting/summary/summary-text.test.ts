import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../../clock.fixture.ts';
import { openStore } from '../../store/open-store.ts';
import { TODAY } from './own-state.fixture.ts';
import { MEANINGS } from './meanings.ts';
import { addReport, type DayReport } from './rollups.fixture.ts';
import { summarize } from './summarize.ts';
import { summaryJson } from './summary-json.ts';
import { summaryText, type SummaryTextOptions } from './summary-text.ts';
import type { Summary } from './summary-types.ts';
import { percentText } from './text-lines.ts';

const clock = new FakeClock((TODAY + 0.5) * 86_400_000);
const emphasis = (_style: string, text: string): string => text;
const MX = 'mx1.example.com';

async function summaryOf(
  reports: readonly DayReport[],
  more: {
    readonly domain?: string;
    readonly days?: number;
    readonly ignoreSenders?: readonly string[];
  } = {},
): Promise<Summary> {
  const store = await openStore('sqlite::memory:');
  for (const report of reports) await addReport(store, report);
  const summary = await summarize({ store, clock, days: 7, ...more });
  await store.close();
  return summary;
}

function textOf(summary: Summary, more: Partial<SummaryTextOptions> = {}): string {
  return summaryText(summary, { emphasis, ...more }).join('\n');
}

describe('the summary as text', () => {
  it('says how much failed, what, since when, by whom, what it means and what to do', async () => {
    const details = [
      { type: 'certificate-expired', mx: MX, reason: 'certificate has expired', sessions: 30 },
    ] as const;
    const text = textOf(
      await summaryOf([
        { day: TODAY - 2, successes: 970, details },
        { day: TODAY - 1, sender: 'microsoft.com', verified: false, successes: 1000 },
      ]),
    );
    assert.match(
      text,
      /^TLS reports\n2026-11-14 to 2026-11-20, UTC\n\n98\.5 % of 2,000 sessions went well, 30 failed\.\n2 reports of 2 senders\./,
    );
    assert.match(text, /^2026-11-18 +#{27}x +1,000 +97\.0 % +30 failed$/m);
    assert.match(text, /^2026-11-19 +#{28} +1,000 +100\.0 %$/m);
    assert.match(text, /^2026-11-20 +no report$/m);
    assert.match(text, /^ 1\. certificate-expired at mx1\.example\.com \(example\.com\)$/m);
    assert.match(text, /30 sessions, on 2026-11-18; reported by google\.com \(30\)/);
    assert.match(text, /^ {4}Reason: certificate has expired \(30\)$/m);
    assert.match(text, /^ {4}To do: +Renew it/m);
    assert.match(text, /^ {4}Who: +you$/m);
    assert.match(text, /^google\.com +1 +all +1,000 +30 +97\.0 % +2026-11-18$/m);
    assert.match(text, /^microsoft\.com +1 +0 +1,000 +0 +100\.0 % +2026-11-19$/m);
    assert.match(text, /^MTA-STS \(sts\) +2,000 +30 +98\.5 %$/m);
    assert.doesNotMatch(text, /itemised/);
  });

  it('Q18: what is not itemised, and what is itemised too often, is said', async () => {
    const failures = (count: number): readonly DayReport[] => [
      {
        day: TODAY,
        successes: 1,
        failures: count,
        details: [{ type: 'tlsa-invalid', sessions: 5 }],
      },
    ];
    assert.match(textOf(await summaryOf(failures(7))), /2 failed sessions are not itemised/);
    assert.match(textOf(await summaryOf(failures(3))), /add up to 5, more than the 3 failed/);
  });

  it('a single failure among a million is no 100 %, and is seen in the bar', async () => {
    const text = textOf(await summaryOf([{ day: TODAY, successes: 999_999, failures: 1 }]));
    assert.match(text, /^99\.9 % of 1,000,000/m);
    assert.match(text, /#{27}x/);
  });

  it('shares are rounded, but 100 % means all, and 0 % none', () => {
    const shares: readonly (readonly [part: number, whole: number, text: string])[] = [
      [7, 9, '77.8 %'],
      [2, 3, '66.7 %'],
      [9_999, 10_000, '99.9 %'],
      [1, 10_000, '0.1 %'],
      [3, 3, '100.0 %'],
      [0, 3, '0.0 %'],
      [0, 0, '-'],
    ];
    for (const [part, whole, text] of shares) assert.equal(percentText(part, whole), text);
  });

  it('longer ranges by month; many kinds and domains are cut, and that is said', async () => {
    const reports = Array.from({ length: 25 }, (_, index): DayReport => {
      const domain = `d${index}.example`;
      return { day: TODAY - index * 3, domain, details: [{ type: 'certificate-expired' }] };
    });
    const summary = await summaryOf(reports, { days: 90 });
    const text = textOf(summary);
    assert.match(text, /^By month$/m);
    assert.match(text, /^2026-10 /m);
    assert.match(text, /\.\.\. and 15 more places \(--all shows them\)/);
    assert.match(text, /^\.\.\. and 5 more \(--all shows them\)$/m);
    const all = textOf(summary, { all: true });
    assert.doesNotMatch(all, /\.\.\. and/);
    assert.match(all, /^d24\.example +1/m);
  });

  it('kinds beyond ten are cut, unless all are asked for', async () => {
    const types = Object.keys(MEANINGS) as readonly (keyof typeof MEANINGS)[];
    const summary = await summaryOf([
      { day: TODAY, successes: 1, details: types.map((type) => ({ type, mx: MX })) },
    ]);
    assert.match(textOf(summary), /^\.\.\. and 2 more kinds \(--all shows them/m);
    assert.match(textOf(summary, { all: true }), /^12\. /m);
  });

  it('what means the same is said once, with each place beneath it, the most failed first', async () => {
    const failing = (domain: string, mx: string, sessions: number): DayReport => {
      const reason = sessions > 3 ? 'certificate has expired' : '';
      const details = [{ type: 'certificate-expired', mx, sessions, reason }] as const;
      return { day: TODAY - 1, domain, successes: 10, details };
    };
    const summary = await summaryOf([
      failing('a.example', 'mx.a.example', 3),
      failing('b.example', '', 4),
      failing('c.example', 'mx.c.example', 1),
      { day: TODAY, domain: 'a.example', details: [{ type: 'sts-policy-invalid', sessions: 2 }] },
    ]);
    const text = textOf(summary);
    const [, block = ''] = /What failed, and what to do\n([^]*?)\n\nDomains/.exec(text) ?? [];
    assert.equal(block.match(/To do:/g)?.length, 2);
    assert.deepEqual(
      block.split('\n').filter((line) => /^ *(?:\d+\.|-) /.test(line)),
      [
        ' 1. certificate-expired at 3 places, 8 sessions',
        '    - no host named (b.example)',
        '    - mx.a.example (a.example)',
        '    - mx.c.example (c.example)',
        ' 2. sts-policy-invalid (a.example)',
      ],
    );
    assert.match(block, /^ {6}3 sessions, on 2026-11-19; reported by google\.com \(3\)$/m);
    assert.doesNotMatch(block, /DOMAIN/);
    const denies = { kind: 'denies', text: 'it is well' } as const;
    assert.equal(
      textOf(summary, { causesOf: () => [denies] }).match(/But: +it is well/g)?.length,
      4,
    );
  });

  it('another reason that means another thing is another entry', async () => {
    const details = [
      { type: 'validation-failure', mx: MX, reason: 'MX_HOSTS_MISMATCH' },
      { type: 'validation-failure', mx: 'mx2.example.com' },
      { type: 'validation-failure', mx: 'mx3.example.com' },
    ] as const;
    const text = textOf(await summaryOf([{ day: TODAY, details }], { domain: 'example.com' }));
    assert.match(text, /^ 1\. validation-failure at 2 places, 2 sessions$/m);
    assert.match(text, /explain example\.com --connect/);
    assert.match(text, /^ 2\. validation-failure at mx1\.example\.com$/m);
  });

  it('senders that are left out are named', async () => {
    const reports = [{ day: TODAY, sender: 'spam.example', successes: 9 }];
    const text = textOf(await summaryOf(reports, { ignoreSenders: ['spam.example'] }));
    assert.match(text, /^No report that counts/m);
    assert.match(text.replaceAll('\n', ' '), /ignore_senders: 1 report of spam\.example \(--all/);
    assert.doesNotMatch(textOf(await summaryOf(reports)), /Left out/);
  });

  it('sums over domains where the same sessions may stand twice say so', async () => {
    const sts = { day: TODAY, successes: 5 } as const;
    const dane = { ...sts, domain: MX, type: 'tlsa' } as const;
    const note = /under DANE at an MX host of yours and under MTA-STS may count\s+twice\s+here\./;
    assert.match(textOf(await summaryOf([sts, dane])), note);
    for (const reports of [[sts], [sts, { ...sts, domain: 'b.example' }]]) {
      assert.doesNotMatch(textOf(await summaryOf(reports)), note);
    }
  });

  it('nothing came: what that may mean', async () => {
    const text = textOf(await summaryOf([], { domain: 'example.com' }));
    assert.match(text, /about example\.com\n.*\n\nNo report that counts/);
    assert.match(text, /_smtp\._tls\.example\.com/);
  });

  it('reports that do not count are told of', async () => {
    const summary = await summaryOf([]);
    const linesOf = (unproven: number, conflicts: number, replaced: number): readonly string[] => {
      const text = textOf({ ...summary, notCounted: { unproven, conflicts, replaced } });
      return text
        .replaceAll(/\n(?!Not counted)/g, ' ')
        .split('\n')
        .slice(1);
    };
    const why =
      'after a change of reporting.receive.unauthenticated, smtp-sts report reparse counts';
    assert.deepEqual(linesOf(3, 2, 2), [
      `Not counted: 3 reports whose sender is not proven (smtp-sts report list --state not-counted); ${why} them.`,
      'Not counted: 2 reports that contradict others (smtp-sts report list --state conflict).',
      'Not counted: 2 reports that better proven ones replaced (smtp-sts report list --state replaced).',
    ]);
    assert.deepEqual(linesOf(1, 1, 1), [
      `Not counted: 1 report whose sender is not proven (smtp-sts report list --state not-counted); ${why} it.`,
      'Not counted: 1 report that contradicts another one (smtp-sts report list --state conflict).',
      'Not counted: 1 report that a better proven one replaced (smtp-sts report list --state replaced).',
    ]);
  });

  it('--explain: what was found on our side, what speaks against it, and nothing', async () => {
    const summary = await summaryOf([
      { day: TODAY, successes: 1, details: [{ type: 'certificate-expired', mx: MX }] },
    ]);
    const explains = { kind: 'explains', text: 'it ran out' } as const;
    const denies = { kind: 'denies', text: 'it is well' } as const;
    const text = textOf(summary, { causesOf: () => [explains, denies] });
    assert.match(text, /^ {4}Found: +it ran out\n {4}But: +it is well$/m);
    assert.match(textOf(summary, { causesOf: () => [] }), /Found: +nothing on our side/);
    assert.doesNotMatch(textOf(summary), /Found:/);
  });

  it('D1, RPT-7-2: what strangers write moves no cursor, hides nothing and fits the terminal', async () => {
    const evil = '\u001b[2J\u202e<script>=HYPERLINK("x")\r\nOK';
    const details = [
      { type: 'unknown', mx: evil, reason: `${evil}${'w'.repeat(500)}` },
      { type: 'certificate-expired', mx: 'x'.repeat(250) },
      { type: 'certificate-expired', mx: evil, reason: evil },
    ] as const;
    const summary = await summaryOf([
      { day: TODAY, sender: evil, domain: 'example.com', successes: 1, details },
      { day: TODAY, sender: 'y'.repeat(200), domain: 'z'.repeat(250), successes: 1 },
    ]);
    const causesOf = () => [{ kind: 'explains', text: evil }] as const;
    for (const width of [40, 60, 80, 200]) {
      const lines = summaryText(
        { ...summary, notCounted: { unproven: 1, conflicts: 1, replaced: 1 } },
        { emphasis, causesOf, width },
      );
      for (const line of lines) {
        assert.doesNotMatch(line, /[\p{C}]/u);
        assert.ok(line.length <= Math.min(80, width), `${line.length}: ${line}`);
      }
    }
    const lines = summaryText(summary, { emphasis, causesOf });
    assert.match(lines.join('\n'), /\\u\{1b\}\[2J\\u\{202e\}<script>/);
  });

  it('JSON has days as text, and every kind', async () => {
    const summary = await summaryOf([
      { day: TODAY - 1, successes: 1, details: [{ type: 'certificate-expired', mx: MX }] },
    ]);
    const json = summaryJson(summary, () => [{ kind: 'explains', text: 'so' }]) as {
      readonly days: readonly object[];
      readonly failures: readonly Record<string, unknown>[];
    } & Record<string, unknown>;
    assert.deepEqual([json['firstDay'], json['lastDay']], ['2026-11-14', '2026-11-20']);
    assert.deepEqual(json.days[5], { day: '2026-11-19', reports: 1, successes: 1, failures: 1 });
    const [kind] = json.failures;
    assert.deepEqual(
      [kind!['firstDay'], kind!['causes']],
      ['2026-11-19', [{ kind: 'explains', text: 'so' }]],
    );
  });
});
