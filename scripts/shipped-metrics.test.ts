import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { createMetrics } from '../src/metrics/metrics.ts';

const ROOT = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** Series of a histogram stand under its name with one of these behind it. */
const SUFFIX = /_(?:bucket|sum|count)$/;

async function registered(): Promise<readonly string[]> {
  const metrics = await createMetrics().registry.getMetricsAsJSON();
  return metrics.map(({ name }) => name);
}

function namesIn(text: string): ReadonlySet<string> {
  const found = text.match(/\b(?:smtp_sts|process)_[a-z_]+/g) ?? [];
  return new Set(found);
}

function isKnown(name: string, known: readonly string[]): boolean {
  return known.includes(name) || known.includes(name.replace(SUFFIX, ''));
}

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly alert: string;
      readonly expr: string;
      readonly annotations: { readonly summary: string; readonly description: string };
    }[];
  }[];
}

interface Dashboard {
  readonly panels: readonly {
    readonly id: number;
    readonly title: string;
    readonly targets?: readonly { readonly expr: string }[];
  }[];
}

describe('metrics as they are shipped', () => {
  it('every metric is documented, and nothing is documented that is not there', async () => {
    const known = await registered();
    const page = read('docs/metrics.md');
    const documented = Array.from(page.matchAll(/^\| `([a-z_]+)`/gm), (match) => match[1]!);
    assert.deepEqual(documented.toSorted(), known.toSorted());
  });

  it('every alert names metrics that exist, says what to do, and is documented', async () => {
    const known = await registered();
    const { groups } = parse(read('deploy/prometheus/alerts.yml')) as Rules;
    const page = read('docs/metrics.md');
    const rules = groups.flatMap((group) => group.rules);
    assert.ok(rules.length > 10);
    for (const { alert, expr, annotations } of rules) {
      for (const name of namesIn(expr)) assert.ok(isKnown(name, known), `${alert}: ${name}`);
      assert.ok(annotations.summary !== '' && annotations.description !== '', alert);
      assert.ok(page.includes(`\`${alert}\``), `${alert} is not in docs/metrics.md`);
    }
    const alerts = new Set(rules.map(({ alert }) => alert));
    for (const name of page.match(/\bSmtpSts\w+/g) ?? []) assert.ok(alerts.has(name), name);
  });

  it('every panel of the dashboard names metrics that exist', async () => {
    const known = await registered();
    const { panels } = JSON.parse(read('deploy/grafana/smtp-sts.json')) as Dashboard;
    const shown = new Set<string>();
    for (const { title, targets } of panels) {
      for (const { expr } of targets ?? []) {
        const names = namesIn(expr);
        assert.ok(names.size > 0, `${title}: ${expr}`);
        for (const name of names) {
          assert.ok(isKnown(name, known), `${title}: ${name}`);
          shown.add(known.includes(name) ? name : name.replace(SUFFIX, ''));
        }
      }
    }
    assert.deepEqual(
      known.filter((name) => !shown.has(name)),
      [],
      'not on the dashboard',
    );
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  });

  it('labels that alerts and panels select by have values that are counted', async () => {
    const metrics = createMetrics();
    const page = await metrics.text();
    const texts = [read('deploy/prometheus/alerts.yml'), read('deploy/grafana/smtp-sts.json')];
    const selectors = texts.flatMap((text) =>
      Array.from(text.matchAll(/\b(kind|event|state|outcome|source)!?=\\?"([^"$\\]+)\\?"/g)),
    );
    assert.ok(selectors.length > 5);
    for (const [, label, value] of selectors) {
      assert.ok(page.includes(`${label}="${value}"`), `${label}="${value}"`);
    }
  });
});
