/**
 * From the configuration file of another policy server to one of ours.
 *
 * @module
 */
import { LineCounter, parseDocument } from 'yaml';
import { readConfig } from '../../config/load-config.ts';
import { fail, ok, type Outcome } from '../../failure.ts';
import { printable } from '../../printable.ts';
import { fromResolver, RESOLVER_MARKS } from './mta-sts-resolver.ts';
import { fromTlspol, TLSPOL_MARKS } from './tlspol.ts';
import { mapOf, valueText, type Conversion, type Left, type Taken, type Tree } from './types.ts';

/** The programs whose files are understood. */
export const PEERS = ['postfix-mta-sts-resolver', 'postfix-tlspol'] as const;
/** One of {@link PEERS}. */
export type Peer = (typeof PEERS)[number];

/** A file of ours, and whose it was. */
export interface Converted {
  readonly peer: Peer;
  /** YAML that passes our own check. */
  readonly text: string;
}

/**
 * Converts a file. Everything in it is either taken over or named in a comment.
 *
 * @param name the file, for the head of the result
 * @param peer whose it is; absent: its keys tell
 * @returns `CONFIG_SYNTAX` with line and column, or `CONFIG_INVALID` for a file of neither program
 */
export function convertConfig(
  source: string,
  { name, peer }: { readonly name: string; readonly peer?: Peer | undefined },
): Outcome<Converted> {
  const parsed = parseYaml(source);
  if (!parsed.ok) return parsed;
  const tree = parsed.value;
  const whose = peer ?? peerOf(tree);
  if (whose === undefined) {
    return fail(
      'CONFIG_INVALID',
      `neither ${PEERS.join(' nor ')} has such a file; --from says whose it is`,
    );
  }
  const conversion = checked(whose === 'postfix-tlspol' ? fromTlspol(tree) : fromResolver(tree));
  return ok({ peer: whose, text: written(conversion, { name, peer: whose }) });
}

/** Both programs read YAML 1.1, in which 0666 is octal and `yes` is true. */
function parseYaml(source: string): Outcome<Tree> {
  const lines = new LineCounter();
  const document = parseDocument(source, { version: '1.1', lineCounter: lines });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    return fail(
      'CONFIG_SYNTAX',
      `line ${line}, column ${col}: ${error.message.split('\n')[0] ?? ''}`,
    );
  }
  try {
    return ok(mapOf(document.toJS({ maxAliasCount: 100 })));
  } catch (error) {
    return fail('CONFIG_SYNTAX', (error as Error).message);
  }
}

function peerOf(tree: Tree): Peer | undefined {
  const keys = Object.keys(tree);
  if (keys.some((key) => TLSPOL_MARKS.includes(key))) return 'postfix-tlspol';
  return keys.some((key) => RESOLVER_MARKS.includes(key)) ? 'postfix-mta-sts-resolver' : undefined;
}

/** What our own check refuses is not taken over, and the reason stands in its place. */
function checked({ taken, left }: Conversion): Conversion {
  const good: Taken[] = [];
  const bad: Left[] = [];
  for (const each of taken) {
    const problems = faultsOf([...good, each]);
    if (problems === undefined) good.push(each);
    else
      bad.push({
        key: each.from,
        why: `${each.key} cannot be ${valueText(each.value)}: ${problems}`,
      });
  }
  return { taken: good, left: [...left, ...bad] };
}

function faultsOf(taken: readonly Taken[]): string | undefined {
  const { value, problems } = readConfig(sectionsText(taken).join('\n'));
  return value === undefined ? (problems[0]?.message ?? 'not valid') : undefined;
}

function written(
  { taken, left }: Conversion,
  { name, peer }: { readonly name: string; readonly peer: Peer },
): string {
  return [
    `# smtp-sts, made from ${comment(name)} of ${peer}.`,
    ...(left.length === 0 ? [] : ['#', '# Not taken over:']),
    ...left.map(({ key, why }) => `#   ${comment(key)}: ${comment(why)}`),
    '',
    ...sectionsText(taken),
    '',
  ].join('\n');
}

/** Settings of one section stand together, in the order in which the section came up first. */
function sectionsText(taken: readonly Taken[]): readonly string[] {
  const sections = Map.groupBy(taken, ({ key }) => key.split('.')[0] ?? '');
  return [...sections].flatMap(([section, settings]) => [
    `${section}:`,
    ...settings.flatMap(({ key, value, from }) => [
      `  # ${comment(from)}`,
      `  ${key.slice(section.length + 1)}: ${JSON.stringify(value)}`,
    ]),
  ]);
}

const LONGEST_COMMENT = 200;

/** Nothing of a foreign file may end a comment. */
function comment(text: string): string {
  return printable(text, LONGEST_COMMENT).replaceAll(/[\r\n]/g, ' ');
}
