import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { empty, hostEvidence, mxEvidence, noSts, NOW } from '../tls-policy/evidence.fixture.ts';
import { answerTimes } from './answer-times.ts';
import { decisionOf } from './level.fixture.ts';
import { levelOf } from './level.ts';

const MAX_STALE = 86_400_000;

function staleFor(name: string, isReachable: boolean): number {
  const gone = {
    a: empty('nodata', name, 'A', 'insecure'),
    aaaa: empty('nodata', name, 'AAAA', 'insecure'),
  };
  const host = hostEvidence(name, undefined, isReachable ? {} : gone);
  const record = decisionOf(mxEvidence([host], { mxSecurity: 'insecure', sts: noSts() }));
  const level = levelOf(record, { mixedDane: 'secure' });
  assert.equal(level.kind, 'none');
  const { freshUntil, staleUntil } = answerTimes(record, level, MAX_STALE);
  assert.ok(freshUntil > NOW);
  return staleUntil - freshUntil;
}

describe('how long an answer may be given once it has run out', () => {
  it('"no policy" for a domain that gets mail: as long as the operator says', () => {
    assert.equal(staleFor('mx.example.test', true), MAX_STALE);
  });

  it('"nobody can reach it", which anybody can forge in unsigned DNS: not at all', () => {
    assert.equal(staleFor('mx.example.test', false), 0);
  });
});
