/**
 * Reads the configuration file; every fault is reported with its line, column and cure.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import type { Document } from 'yaml';
import { LineCounter, isMap, isNode, isScalar, parseDocument } from 'yaml';
import type { z } from 'zod';
import type { Problem, Reading } from '../failure.ts';
import { fileTrouble } from '../file-trouble.ts';
import { aboutAt, keysAt, knownKeys } from './keys.ts';
import type { ConfigOverrides } from './overrides.ts';
import { applyOverrides, optionBehind } from './overrides.ts';
import { configSchema } from './schema.ts';
import { nearest } from './suggest.ts';
import { withFolders, type SystemFolders } from './system-folders.ts';
import { toConfig } from './to-config.ts';
import type { Config } from './types.ts';

/** Where settings come from. */
export interface LoadConfigOptions {
  /** The YAML file; absent: defaults alone. */
  readonly path?: string;
  readonly overrides?: ConfigOverrides;
  /** Where to keep what the file gives no place. */
  readonly folders?: SystemFolders;
}

/** What stands for "no file", and in a file for "every default is meant". */
const NOTHING = '{}';

/** RFC 8461 §3.3: no second attempt for the same id within this time, milliseconds. */
const RFC_RETRY_MS = 300_000;

/** Settings from file and options. `value` is absent if a problem of severity `error` was found. */
export function loadConfig(options: LoadConfigOptions = {}): Reading<Config> {
  const { path, overrides = {}, folders = {} } = options;
  if (path === undefined) return readConfig(NOTHING, overrides, folders);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return { problems: [unreadable(path, error)] };
  }
  return readConfig(text, overrides, folders);
}

/** Settings from the text of a file, with options laid over it. */
export function readConfig(
  text: string,
  overrides: ConfigOverrides = {},
  folders: SystemFolders = {},
): Reading<Config> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, strict: true, uniqueKeys: true });
  if (document.errors.length > 0) {
    return { problems: document.errors.map((error) => syntaxProblem(error, lines)) };
  }
  const file = { document, lines };
  let tree: unknown;
  try {
    tree = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    return {
      problems: [
        { ...START, code: 'CONFIG_SYNTAX', message: messageOf(error), fix: 'Remove the aliases' },
      ],
    };
  }
  const isEmpty = tree === null || tree === undefined;
  tree ??= {};
  if (typeof tree !== 'object' || tree === null || Array.isArray(tree)) {
    return { problems: [notAMap()] };
  }
  const written = withFolders(withoutEmpty(tree as Record<string, unknown>), folders);
  const merged = applyOverrides(written, overrides);
  const result = configSchema.safeParse(merged);
  if (!result.success) {
    return { problems: result.error.issues.flatMap((issue) => problemsOf(issue, file, overrides)) };
  }
  const config = toConfig(result.data);
  const empty = isEmpty ? [emptyWarning()] : [];
  return { value: config, problems: [...empty, ...warningsOf(config, file)] };
}

interface ParsedFile {
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
}

const START = { line: 1, column: 1, severity: 'error' } as const;

function unreadable(path: string, error: unknown): Problem {
  return {
    ...START,
    code: 'CONFIG_UNREADABLE',
    message: `cannot read ${path}: ${fileTrouble(error)}`,
    fix: 'Check the path and its permissions',
  };
}

/** Every setting has its default: what an editor that was cut short leaves behind says so, too. */
function emptyWarning(): Problem {
  return {
    ...START,
    code: 'CONFIG_EMPTY',
    message: 'the file is empty: every setting has its default',
    fix: `Write the settings; if the defaults are meant, write ${NOTHING}`,
    severity: 'warning',
  };
}

function notAMap(): Problem {
  return {
    ...START,
    code: 'CONFIG_SYNTAX',
    message: 'the file is not a map of sections',
    fix: `Begin with a section: ${keysAt([]).join(', ')}`,
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message.split('\n')[0]! : String(error);
}

function syntaxProblem(
  error: { readonly message: string; readonly pos: readonly [number, number] },
  lines: LineCounter,
): Problem {
  const at = lines.linePos(error.pos[0]);
  return {
    code: 'CONFIG_SYNTAX',
    line: Math.max(1, at.line),
    column: Math.max(1, at.col),
    message: error.message.split('\n')[0]!.replace(/ at line \d+, column \d+:?$/, ''),
    fix: 'Mend the YAML: check indentation, colons and quotes on this line and the one before',
    severity: 'error',
  };
}

/** A section with nothing in it (`dns:`) is one with all its defaults. */
function withoutEmpty(tree: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const kept = Object.entries(tree).filter(([, value]) => value !== null);
  return Object.fromEntries(kept);
}

function problemsOf(
  issue: z.core.$ZodIssue,
  file: ParsedFile,
  overrides: ConfigOverrides,
): readonly Problem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknownKey(issue.path, key, file));
  }
  const name = issue.path.join('.');
  const message = `${name}: ${issue.message}`;
  const option = optionBehind(issue.path, overrides);
  if (option !== undefined) {
    return [
      {
        ...START,
        code: 'CONFIG_OPTION_INVALID',
        message: `option ${option}: ${issue.message}`,
        fix: 'Correct the option on the command line',
      },
    ];
  }
  return [
    {
      code: 'CONFIG_VALUE_INVALID',
      ...positionOf(issue.path, file),
      message,
      fix: fixFor(issue.path),
      severity: 'error',
    },
  ];
}

function fixFor(path: readonly PropertyKey[]): string {
  const names = path.filter((part) => typeof part === 'string');
  const known = knownKeys().find((key) => key.path.join('.') === names.join('.'));
  if (known?.setting !== undefined) {
    return `Write a value of the kind: ${known.setting.kind}; the default is ${known.setting.preset}`;
  }
  const keys = keysAt(path.map(String));
  if (keys.length > 0) return `Write keys under it: ${keys.join(', ')}`;
  return `What it takes: ${aboutAt(path.map(String)) ?? 'see docs/configuration.md'}`;
}

function unknownKey(path: readonly PropertyKey[], key: string, file: ParsedFile): Problem {
  const section = path.map(String);
  const name = [...section, key].join('.');
  return {
    code: 'CONFIG_KEY_UNKNOWN',
    ...positionOf([...path, key], file, 'key'),
    message: `unknown key ${name}`,
    fix: suggestion(section, key),
    severity: 'error',
  };
}

/** The nearest key beside it, or else the same word in another section. */
function suggestion(section: readonly string[], key: string): string {
  const beside = nearest(key, keysAt(section));
  if (beside !== undefined) return `Did you mean ${[...section, beside].join('.')}?`;
  const elsewhere = knownKeys().find((known) => known.path.at(-1) === key);
  if (elsewhere !== undefined) return `Did you mean ${elsewhere.path.join('.')}?`;
  return `Remove it; known here: ${keysAt(section).join(', ')}`;
}

/** Where the value of `path` stands, or its key; the nearest thing around it if it is absent. */
function positionOf(
  path: readonly PropertyKey[],
  file: ParsedFile,
  of: 'key' | 'value' = 'value',
): { readonly line: number; readonly column: number } {
  const parent = path.slice(0, -1);
  const last = path.at(-1);
  const value = file.document.getIn(path, true);
  const offset =
    of === 'value' && isNode(value) ? value.range?.[0] : keyOffset(parent, last, file.document);
  if (offset === undefined) {
    return path.length === 0 ? { line: 1, column: 1 } : positionOf(parent, file, 'key');
  }
  const at = file.lines.linePos(offset);
  return { line: at.line, column: at.col };
}

function keyOffset(
  parent: readonly PropertyKey[],
  key: PropertyKey | undefined,
  document: Document.Parsed,
): number | undefined {
  const map = parent.length === 0 ? document.contents : document.getIn(parent, true);
  if (!isMap(map)) return undefined;
  const pair = map.items.find((item) => isScalar(item.key) && item.key.value === key);
  return isScalar(pair?.key) ? pair.key.range?.[0] : undefined;
}

/** Valid settings that are a trap. */
function warningsOf(config: Config, file: ParsedFile): readonly Problem[] {
  if (config.mtaSts.retryMs >= RFC_RETRY_MS) return [];
  return [
    {
      code: 'CONFIG_VALUE_INVALID',
      ...positionOf(['mta_sts', 'retry'], file),
      message: 'mta_sts.retry is below the five minutes of RFC 8461 §3.3',
      fix: 'Write 5m or more; less is for tests',
      severity: 'warning',
    },
  ];
}
