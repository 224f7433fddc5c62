/**
 * What `smtp-sts lab` does: play the scenes, list them, or leave the lab standing.
 *
 * @module
 */
import { jsonLine } from '../json.ts';
import { resultLine, createSceneTable } from './scene-table.ts';
import type { SceneResult } from './play-scene.ts';
import { runScenes, selectScenes } from './run-scenes.ts';
import { serveLab } from './serve-lab.ts';
import { withEndingSignals } from './until-ended.ts';
import type { WorldOptions } from './world.ts';

/** A stream to write to; a terminal gets colours and a progress line. */
export type LabStream = NodeJS.WritableStream & {
  readonly isTTY?: boolean;
  readonly columns?: number;
};

/** What to do and where to say it. */
export interface RunLabOptions extends WorldOptions {
  /** Only scenes whose name contains one of these. */
  readonly filter?: readonly string[];
  readonly concurrency?: number;
  /** `table` for people (default), `json`: one object a line. */
  readonly output?: 'table' | 'json';
  readonly stdout: LabStream;
  readonly stderr: LabStream;
  readonly signal?: AbortSignal;
}

/** Whether every scene ended as it must, or why there is nothing to say about it. */
export type LabRun =
  | { readonly kind: 'passed' | 'failed'; readonly results: readonly SceneResult[] }
  /** The filter leaves no scene. */
  | { readonly kind: 'no-scene' }
  | { readonly kind: 'stopped' };

/** Plays scenes and writes what came of them. Rejects if the world cannot start. */
export async function runLab(options: RunLabOptions): Promise<LabRun> {
  const { stdout, stderr, output = 'table' } = options;
  if (selectScenes(options.filter).length === 0) return { kind: 'no-scene' };
  const started = performance.now();
  const table = createSceneTable({
    stream: stdout,
    ...(stdout.columns === undefined ? {} : { columns: stdout.columns }),
  });
  const progress = progressLine(stderr);
  const results: SceneResult[] = [];
  if (output === 'table') stdout.write(`${table.header()}\n`);
  for await (const result of runScenes({ ...options, onProgress: progress.show })) {
    results.push(result);
    progress.clear();
    stdout.write(`${output === 'table' ? table.row(result) : resultLine(result)}\n`);
  }
  progress.clear();
  if (options.signal?.aborted === true) return { kind: 'stopped' };
  if (output === 'table') {
    stdout.write(`\n${table.summary(results, performance.now() - started)}\n`);
  }
  return { kind: results.every(({ pass }) => pass) ? 'passed' : 'failed', results };
}

/** The names and titles of the scenes, one a line; as JSON, with what they prove. */
export function listScenes({
  filter,
  stdout,
  output = 'table',
}: Pick<RunLabOptions, 'filter' | 'stdout' | 'output'>): void {
  const scenes = selectScenes(filter);
  if (output === 'json') {
    for (const { name, title, rule, expected } of scenes) {
      stdout.write(`${jsonLine({ scene: name, title, rule, expected })}\n`);
    }
    return;
  }
  const width = Math.max(0, ...scenes.map(({ name }) => name.length));
  for (const { name, title } of scenes) stdout.write(`${name.padEnd(width)}  ${title}\n`);
}

/** Leaves the lab standing until SIGINT, SIGTERM or the signal. */
export async function standLab(
  options: WorldOptions & Pick<RunLabOptions, 'stdout' | 'signal'> & { readonly program?: string },
): Promise<void> {
  await withEndingSignals(async (ended) => {
    const signals = options.signal === undefined ? [] : [options.signal];
    await serveLab({
      ...options,
      write: (text) => options.stdout.write(text),
      signal: AbortSignal.any([ended, ...signals]),
    });
  });
}

interface Progress {
  readonly show: (ended: number, all: number) => void;
  readonly clear: () => void;
}

const ERASE_LINE = '\r\u001b[2K';

function progressLine(stderr: LabStream): Progress {
  if (stderr.isTTY !== true) return { show: () => undefined, clear: () => undefined };
  return {
    show: (ended, all) => stderr.write(`${ERASE_LINE}${ended} of ${all} scenes`),
    clear: () => stderr.write(ERASE_LINE),
  };
}
