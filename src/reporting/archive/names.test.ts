import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { FakeClock } from '../../clock.fixture.ts';
import type { ReceivedReport } from '../../tlsrpt/report.ts';
import { detail, policyResult, report, verified } from './archive.fixture.ts';
import { contentDigest, identityOf } from './digest.ts';
import { isKnownDomain } from './known-domains.ts';
import { createReportIds, isReportId } from './report-ids.ts';
import { senderOf } from './sender-name.ts';

const NOBODY = { kind: 'unauthenticated', notes: [] } as const;
const named = (organizationName: string, contactInfo?: string): string =>
  senderOf({ organizationName, ...(contactInfo === undefined ? {} : { contactInfo }) }, NOBODY);

describe('the name of a sender', () => {
  it('is the organisation that signed, whatever the report says', () => {
    const said = { organizationName: 'Google Inc.', contactInfo: 'x@google.com' };
    assert.equal(senderOf(said, verified('mta.post.bigmail.test')), 'bigmail.test');
  });

  it('is that of the contact, whatever the organisation calls itself', () => {
    assert.equal(named('Google Inc.', 'smtp-tls-reporting@google.com'), 'google.com');
    assert.equal(named('google.com', 'smtp-tls-reporting@GOOGLE.com.'), 'google.com');
    assert.equal(named('Mail Ltd', 'Post <help@corp.bigmail.co.uk>'), 'bigmail.co.uk');
    assert.equal(named('Mail Ltd', 'mailto:help@bigmail.test'), 'bigmail.test');
  });

  it('Q21: without a contact it is the name, as a domain or without its legal form', () => {
    assert.equal(named('Corp.BigMail.test.'), 'bigmail.test');
    assert.equal(named('Microsoft Corporation'), 'microsoft.com');
    assert.equal(named('  Green   Post, Inc. ', 'no mailbox'), 'green post');
    assert.equal(named(''), 'unknown');
  });

  it('without a contact and a name that is a domain it is who handed the report over, or its file name', () => {
    const said = { organizationName: 'Example Hosting' };
    const fileName = 'mail.files.test!shop.test!1772409600!1772495999!001.json.gz';
    const headerSubmitter = 'mta.hosting.test';
    assert.equal(senderOf(said, NOBODY, { headerSubmitter, fileName }), 'hosting.test');
    assert.equal(senderOf(said, NOBODY, { fileName: `in/${fileName}` }), 'files.test');
    assert.equal(senderOf(said, NOBODY, { fileName: 'report!1.json' }), 'example hosting');
    assert.equal(senderOf(said, NOBODY, { headerSubmitter: 'no domain' }), 'example hosting');
    const known = { ...said, contactInfo: 'a@bigmail.test' };
    assert.equal(senderOf(known, NOBODY, { headerSubmitter }), 'bigmail.test');
    assert.equal(senderOf(said, verified('bigmail.test'), { headerSubmitter }), 'bigmail.test');
  });

  it('fuzz: is never empty, never long, never what a database refuses', () => {
    const text = fc.string({ unit: 'binary', maxLength: 40 });
    fc.assert(
      fc.property(text, fc.option(text, { nil: undefined }), (name, contact) => {
        const sender = named(name, contact);
        assert.ok(sender !== '' && sender.length <= 255 && !sender.includes('\0'));
        assert.ok(sender.isWellFormed());
      }),
    );
  });
});

describe('digest', () => {
  const said = report({
    policies: [
      policyResult([1, 3], { details: [detail(1), detail(2, { reasonCode: 'X' })] }),
      policyResult([4, 0], { type: 'tlsa' }),
    ],
  });

  it('Q26: does not depend on the order of keys, policies and details', () => {
    const turned = reversed(said) as ReceivedReport;
    const shuffled = {
      ...turned,
      policies: turned.policies
        .map((each) => ({ ...each, details: [...each.details].reverse() }))
        .reverse(),
    };
    assert.notEqual(JSON.stringify(shuffled), JSON.stringify(said));
    assert.equal(contentDigest(shuffled), contentDigest(said));
  });

  it('depends on every fact', () => {
    const others: readonly ReceivedReport[] = [
      report({ policies: [policyResult([1, 3]), policyResult([4, 0], { type: 'tlsa' })] }),
      { ...said, end: said.end + 1 },
      { ...said, reportId: 'other' },
      { ...said, policies: said.policies.slice(1) },
      { ...said, organizationName: 'Other' },
    ];
    const digests = new Set([said, ...others].map(contentDigest));
    assert.equal(digests.size, others.length + 1);
  });

  it('does not depend on the contact, which copies of one report may lack', () => {
    assert.equal(contentDigest({ ...said, contactInfo: 'other@mail.test' }), contentDigest(said));
  });

  it('does not depend on where a domain was taken from that the report does not name', () => {
    const guessed = (domain: string, domainFrom: 'header' | 'file-name'): ReceivedReport =>
      report({ policies: [policyResult([1, 0], { domain, domainFrom })] });
    assert.equal(
      contentDigest(guessed('shop.test', 'header')),
      contentDigest(guessed('other.test', 'file-name')),
    );
  });

  it('Q28: ids are opaque and belong to their sender', () => {
    assert.notEqual(identityOf('a', 'b+c'), identityOf('a', 'b_c'));
    assert.notEqual(identityOf('a b', 'c'), identityOf('a', 'b c'));
    assert.equal(identityOf('a', ''), identityOf('a', ''));
  });

  it('what belongs to one day lies side by side, whoever sent it', () => {
    const days = ['2026-03-01T00:00:00Z', '2026-03-02T00:00:00Z', '2027-01-01T00:00:00Z'];
    const ids = days.map((day) => ['a', 'b', 'c'].map((sender) => identityOf(sender, `${day}+x`)));
    assert.deepEqual(ids.flat().toSorted(), ids.map((each) => each.toSorted()).flat());
    const starts = days.map((day) => Date.parse(day));
    const digests = starts.map((start) =>
      ['a', 'b', 'c'].map((reportId) => contentDigest({ ...said, start, reportId })),
    );
    assert.deepEqual(digests.flat().toSorted(), digests.map((each) => each.toSorted()).flat());
  });
});

/** The same with the keys of every object the other way round. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).reverse();
  return Object.fromEntries(entries.map(([key, inner]) => [key, reversed(inner)]));
}

describe('domains of ours', () => {
  it('fit a name, all below one, or any', () => {
    assert.ok(isKnownDomain('shop.test', ['Shop.test.']));
    assert.ok(!isKnownDomain('x.shop.test', ['shop.test']));
    assert.ok(isKnownDomain('a.b.shop.test', ['*.shop.test']));
    assert.ok(!isKnownDomain('shop.test', ['*.shop.test']));
    assert.ok(!isKnownDomain('myshop.test', ['*.shop.test', 'shop.test']));
    assert.ok(isKnownDomain('', ['*']) && !isKnownDomain('', ['shop.test']));
    assert.ok(!isKnownDomain('shop.test', []));
  });
});

describe('ids of reports', () => {
  it('rise, also within a millisecond and when the clock goes back', () => {
    const clock = new FakeClock(1_700_000_000_000);
    const next = createReportIds(clock, (below) => below - 1);
    const ids = Array.from({ length: 2_000 }, next);
    const later = createReportIds(new FakeClock(1_700_000_060_000), () => 0);
    ids.push(later());
    assert.deepEqual(ids.toSorted(), ids);
    assert.equal(new Set(ids).size, ids.length);
    assert.ok(ids.every(isReportId));
    assert.ok(!isReportId("x' or 1=1"));
  });
});
