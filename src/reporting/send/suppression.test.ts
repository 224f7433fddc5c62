import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { openStore } from '../../store/open-store.ts';
import { readReportTarget } from '../../tlsrpt/report-target.ts';
import type { ReportTarget } from '../../tlsrpt/types.ts';
import { isListed, placeOf, readPlace, suppressionKeys } from './place.ts';
import {
  addSuppression,
  dropSuppression,
  readSuppressions,
  suppressionFor,
  type Suppression,
} from './suppression.ts';

function target(uri: string): ReportTarget {
  const reading = readReportTarget(uri);
  assert.ok('target' in reading, uri);
  return reading.target;
}

function suppression(place: string, reason = 'they asked'): Suppression {
  return { place, reason, addedAt: 1, addedBy: 'me' };
}

describe('places', () => {
  it('RPT-7-1: all spellings of a place are one', () => {
    const one = ['mailto:a@v.test', 'mailto:A%2B1@v.test', 'mailto:a%2Bx@V.test'].map((uri) =>
      placeOf(target(uri)),
    );
    assert.deepEqual([...new Set(one)], ['a@v.test']);
    const urls = [
      'https://v.test/1',
      'https://V.test/2?x',
      'https://v.test:443/',
      'https://v.test./',
      'https://v.test:8443/',
    ].map((uri) => placeOf(target(uri)));
    assert.deepEqual([...new Set(urls)], ['v.test']);
  });

  it('RPT-7-1: quotes around a local part are spelling, and so are backslashes in them', () => {
    const spellings = ['%22Reports%22', '%22re%5Cports%22', '%22reports+a%22', '%22%5Creports%22'];
    for (const local of ['reports', ...spellings]) {
      assert.equal(placeOf(target(`mailto:${local}@v.test`)), 'reports@v.test', local);
    }
    // Other mailboxes stay others.
    assert.equal(placeOf(target('mailto:%22a%20b%5C+x%22@v.test')), '"a b"@v.test');
    assert.equal(placeOf(target('mailto:%22a%5C%22b%22@v.test')), '"a\\"b"@v.test');
    assert.equal(placeOf(target('mailto:%22a@b%22@v.test')), '"a@b"@v.test');
    assert.equal(placeOf(target('mailto:%22%22@v.test')), '""@v.test');
  });

  it('S13: odd mailto URIs are refused or stripped of what is not an address', () => {
    assert.deepEqual(target('mailto:a@b.test?bcc=x@y.test&subject=z'), {
      kind: 'mailto',
      uri: 'mailto:a@b.test?bcc=x@y.test&subject=z',
      address: 'a@b.test',
    });
    for (const uri of [
      'mailto:a%0d%0aBcc:x@y.test',
      'mailto:a@b.test%0d%0aBcc:x@y.test',
      'mailto:a@b.test,c@d.test',
      'mailto:a b@c.test',
    ]) {
      assert.equal('target' in readReportTarget(uri), false, uri);
    }
  });

  it('a place to suppress: an address, a domain or a host, in any spelling', () => {
    assert.equal(readPlace('A@Bücher.Example'), 'a@xn--bcher-kva.example');
    assert.equal(readPlace('mailto:a@b.test'), 'a@b.test');
    assert.equal(readPlace('https://R.test:8443/v1?x'), 'r.test');
    assert.equal(readPlace('HTTPS://r.test./'), 'r.test');
    assert.equal(readPlace('B.Test.'), 'b.test');
    assert.equal(readPlace('"re\\ports"@b.test'), 'reports@b.test');
    assert.equal(readPlace('"A b"@c.test'), '"a b"@c.test');
    for (const text of ['', '@b.test', 'a@', 'a b@c.test', 'a@b@', '-x-.test!', '"a\n"@b.test']) {
      assert.equal(readPlace(text), undefined, text);
    }
  });

  it('a URL with a user name is no place: neither the user nor a mail address is meant', () => {
    for (const text of ['HTTPS://user@v.test', 'https://user@v.test/x', 'https://u:p@v.test']) {
      assert.equal(readPlace(text), undefined, text);
    }
  });

  it('skip_domains: exact names, everything below, or all', () => {
    assert.equal(isListed('a.test', ['A.test']), true);
    assert.equal(isListed('x.a.test', ['a.test']), false);
    assert.equal(isListed('x.a.test', ['*.a.test']), true);
    assert.equal(isListed('a.test', ['*.a.test']), false);
    assert.equal(isListed('xa.test', ['*.a.test']), false);
    assert.equal(isListed('a.test', ['*']), true);
    assert.equal(isListed('a.test', []), false);
  });

  it('fuzz: readPlace never throws, and what it gives it takes again', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^(mailto:|https:\/\/)?["\\a-zA-Z@.%:/ü -]{0,40}$/), (text) => {
        const place = readPlace(text);
        if (place !== undefined) assert.equal(readPlace(place), place);
      }),
      { numRuns: 300 },
    );
  });

  it('fuzz: each way to write a local part is one place, and is suppressed by each other', () => {
    const plain = fc.stringMatching(/^[a-z0-9#'*]{1,20}$/);
    fc.assert(
      fc.property(plain, fc.array(fc.boolean()), (local, escapes) => {
        const quoted = Array.from(local, (each, at) => (escapes[at] === true ? `\\${each}` : each));
        const uri = `mailto:${encodeURIComponent(`"${quoted.join('')}"`)}@v.test`;
        assert.equal(placeOf(target(uri)), `${local}@v.test`);
        assert.ok(suppressionKeys(target(uri)).includes(readPlace(`${local}@v.test`)!));
      }),
      { numRuns: 300 },
    );
  });
});

describe('the list of suppressed places', () => {
  it('S22: an address, a domain with all below it, or the host of a URL', async () => {
    const store = await openStore('sqlite::memory:');
    await addSuppression(store, suppression('me@a.test'));
    await addSuppression(store, suppression('b.test'));
    const found = async (uri: string): Promise<string | undefined> =>
      (await suppressionFor(store, target(uri)))?.place;
    assert.equal(await found('mailto:ME@a.test'), 'me@a.test');
    assert.equal(await found('mailto:me%2Bx@a.test'), 'me@a.test');
    assert.equal(await found('mailto:%22m%5Ce+x%22@a.test'), 'me@a.test');
    assert.equal(await found('mailto:you@a.test'), undefined);
    assert.equal(await found('mailto:x@b.test'), 'b.test');
    assert.equal(await found('mailto:x@sub.b.test'), 'b.test');
    assert.equal(await found('https://r.b.test/v1'), 'b.test');
    assert.equal(await found('https://notb.test/v1'), undefined);
    await store.close();
  });

  it('adding, changing and dropping say what they did', async () => {
    const store = await openStore('sqlite::memory:');
    assert.equal(await addSuppression(store, suppression('b.test')), 'added');
    assert.equal(await addSuppression(store, suppression('b.test')), 'unchanged');
    assert.equal(await addSuppression(store, suppression('b.test', 'a flood')), 'changed');
    assert.deepEqual(await readSuppressions(store), [suppression('b.test', 'a flood')]);
    assert.equal(await dropSuppression(store, 'b.test'), true);
    assert.equal(await dropSuppression(store, 'b.test'), false);
    await store.close();
  });

  it('the parts of an address are no domains', () => {
    assert.deepEqual(suppressionKeys(target('https://192.0.2.1/x')), ['192.0.2.1']);
    assert.deepEqual(suppressionKeys(target('https://[2001:db8::1]/x')), ['2001:db8::1']);
  });
});
