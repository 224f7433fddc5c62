/**
 * Scene results as a table for people and as JSON lines for machines.
 *
 * @module
 */
import { styleText } from 'node:util';
import { jsonLine } from '../json.ts';
import type { SceneResult } from './play-scene.ts';

/** How the table looks. */
export interface TableOptions {
  /** Characters in a line. Default 110. */
  readonly columns?: number;
  /** Where it is written to: colours only for a terminal, and not against NO_COLOR. */
  readonly stream?: NodeJS.WritableStream;
}

type Cells = readonly [title: string, expected: string, got: string, rule: string];

type Colour = 'green' | 'red' | 'dim' | 'bold';

/** Writes rows one by one, so that a table can grow while scenes are played. */
export interface SceneTable {
  header(): string;
  /** One line; two when the scene did not pass. */
  row(result: SceneResult): string;
  summary(results: readonly SceneResult[], tookMs: number): string;
}

const OUTCOME_WIDTH = 'delivered'.length;
const RULE_WIDTH = 20;
/** Mark, and two spaces between columns. */
const FRAME = 2 + 2 + 2 + 2;

/** A table of fixed widths. */
export function createSceneTable(options: TableOptions = {}): SceneTable {
  const columns = Math.max(80, Math.min(options.columns ?? 110, 120));
  const titleWidth = columns - 2 * OUTCOME_WIDTH - RULE_WIDTH - FRAME;
  const paint = painter(options.stream);
  const line = (mark: string, [title, expected, got, rule]: Cells): string =>
    [
      `${mark} ${fit(title, titleWidth)}`,
      fit(expected, OUTCOME_WIDTH),
      fit(got, OUTCOME_WIDTH),
      rule,
    ].join('  ');

  return {
    header: () => paint('bold', line(' ', ['SCENE', 'EXPECTED', 'GOT', 'RULE'])),
    row(result) {
      const { title, expected, got, rule, pass } = result;
      const mark = pass ? paint('green', '✓') : paint('red', '✗');
      const first = line(mark, [title, expected, got, rule]);
      return pass ? first : `${first}\n${paint('red', `  ${whyText(result)}`)}`;
    },
    summary(results, tookMs) {
      const failed = results.filter(({ pass }) => !pass).length;
      const time = `${(tookMs / 1000).toFixed(1)} s`;
      const text =
        failed === 0
          ? `all ${results.length} scenes ended as they must`
          : `${failed} of ${results.length} scenes did not end as they must`;
      return `${paint(failed === 0 ? 'green' : 'red', text)} ${paint('dim', `(${time})`)}`;
    },
  };
}

/** One JSON object, one line. */
export function resultLine(result: SceneResult): string {
  return jsonLine(result);
}

function whyText({ scene, why, detail }: SceneResult): string {
  return `${scene}: ${why ?? 'not as it must'} (${detail})`;
}

function painter(stream: NodeJS.WritableStream | undefined): (c: Colour, text: string) => string {
  if (stream === undefined) return (_colour, text) => text;
  return (colour, text) => styleText(colour, text, { stream, validateStream: true });
}

/** Exactly `width` characters. */
function fit(text: string, width: number): string {
  const characters = Array.from(text);
  return characters.length <= width
    ? text + ' '.repeat(width - characters.length)
    : `${characters.slice(0, width - 1).join('')}…`;
}
