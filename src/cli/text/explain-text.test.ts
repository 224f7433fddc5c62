import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Explanation } from '../../check/explain.ts';
import { evaluate } from '../../tls-policy/evaluate.ts';
import {
  hostEvidence,
  KNOBS,
  mxEvidence,
  noSts,
  NOW,
  records,
  stsPolicy,
} from '../../tls-policy/evidence.fixture.ts';
import type { Evidence } from '../../tls-policy/types.ts';
import { explainText } from './explain-text.ts';
import type { Paint } from './paint.ts';

const plain: Paint = (_style, text) => text;

function textOf(evidence: Evidence, more: Partial<Explanation> = {}): string {
  const record = { version: 1, evidence, knobs: KNOBS, policy: evaluate(evidence, KNOBS) } as const;
  const explanation: Explanation = { status: 'unsafe', record, answers: [], ...more };
  return explainText(explanation, { title: 'example.test', now: NOW, paint: plain }).join('\n');
}

describe('an explanation as text', () => {
  it('no host may be used: what to mend is said, not to run explain', () => {
    const text = textOf(
      mxEvidence([hostEvidence('elsewhere.test')], { sts: stsPolicy('enforce') }),
    );
    assert.match(text, /no host of example\.test may be used: .*\(RFC 5321 §4\.5\.4\.1\)/);
    assert.doesNotMatch(text, /`explain`/);
    assert.doesNotMatch(text, /because:/, 'a refusal is said once');
  });

  it('a renewed policy: the one of the cache, and that it was renewed', () => {
    const sts = stsPolicy('enforce');
    assert.ok(sts.kind === 'policy');
    const active = { ...sts.active, source: 'fetched', fetchedAt: NOW } as const;
    const evidence = mxEvidence([hostEvidence('mx1.example.test', 'absent')], {
      sts: { kind: 'policy', active },
    });
    const cachedBefore = { id: 'id0', fetchedAt: NOW - 3 * 3_600_000 };
    const text = textOf(evidence, { cachedBefore });
    assert.match(text, /from the policy host, fetched just now/);
    assert.match(text, /cached policy id id0, fetched 3 h ago; renewed now/);
    assert.doesNotMatch(textOf(evidence), /renewed now/);
  });

  it('RFC 7505 §3: a null MX beside real ones gets a note', () => {
    const hosts = [hostEvidence('mx1.example.test', 'absent')];
    const mixed = [
      { preference: 0, exchange: '' },
      { preference: 10, exchange: 'mx1.example.test' },
    ];
    const evidence = mxEvidence(hosts, { sts: noSts(), mx: records('example.test', 'MX', mixed) });
    assert.match(textOf(evidence), /null MX record .*beside others.*RFC 7505 §3/);
    assert.doesNotMatch(textOf(mxEvidence(hosts, { sts: noSts() })), /null MX/);
  });
});
