/**
 * The pages of `docs/` that are made, not written: what each must say, and whether it does.
 *
 * @module
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CATALOGUE } from '../conformance/catalogue.ts';
import { conformance } from '../conformance/generate.ts';
import { configReference } from '../src/config/reference.ts';
import { ERRORS } from '../src/errors.ts';
import { errorsPage } from './errors-page.ts';
import { manPage } from './man-page.ts';
import type { TestResult } from './results.ts';

/** One made page. */
export interface GeneratedPage {
  /** Relative to the project folder. */
  readonly path: string;
  readonly text: string;
}

/** The pages, and what is wrong beyond a stale page. */
export interface GeneratedDocs {
  readonly pages: readonly GeneratedPage[];
  readonly faults: readonly string[];
}

/** Makes every page of the given test results. */
export async function generateDocs(results: readonly TestResult[]): Promise<GeneratedDocs> {
  const { markdown, unknown, unproven } = conformance(CATALOGUE, results);
  return {
    pages: [
      { path: 'docs/conformance.md', text: markdown },
      { path: 'docs/errors.md', text: errorsPage(ERRORS) },
      { path: 'docs/configuration.md', text: configurationPage() },
      { path: 'deploy/man/smtp-sts.1', text: await manPage() },
    ],
    faults: [
      ...unknown.map((place) => `unknown requirement ${place}`),
      ...unproven.map(({ id, level, what }) => `no passing test proves ${id} (${level}): ${what}`),
    ],
  };
}

function configurationPage(): string {
  return [
    '<!-- Made by `npm run docs` from src/config/schema.ts. Do not edit. -->',
    '',
    '# Configuration',
    '',
    'One YAML file. Every key may be left out; an unknown key stops the start.',
    '',
    configReference(),
  ].join('\n');
}

/** The pages whose file says something else. */
export function stalePages(root: string, pages: readonly GeneratedPage[]): readonly string[] {
  return pages
    .filter(({ path, text }) => readIfThere(join(root, path)) !== text)
    .map(({ path }) => path);
}

function readIfThere(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}
