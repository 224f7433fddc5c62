/**
 * `npm run bench -- NAME [--json] [--quick] [--seconds N] [--row ROW]… [--profile FOLDER]`: measures,
 * and prints a line of JSON for each figure. The last three count where a benchmark heeds them.
 *
 * @module
 */
import { parseArgs } from 'node:util';
import { BENCHES } from './benches.ts';
import { type Bench, figureOf, figureText } from './figure.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean' },
    quick: { type: 'boolean' },
    seconds: { type: 'string' },
    row: { type: 'string', multiple: true },
    profile: { type: 'string' },
  },
});
const json = values.json === true;
// `npm run bench | head`: a reader that has seen enough is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});
process.exitCode = await main(positionals);

async function main(names: readonly string[]): Promise<number> {
  if (names.length === 0) {
    for (const { name, what } of BENCHES) say(`${name.padEnd(24)} ${what}`);
    return 0;
  }
  const unknown = names.find((name) => !BENCHES.some((bench) => isMeant(bench, name)));
  if (unknown !== undefined) {
    process.stderr.write(`no benchmark is called ${unknown}; without a name they are listed\n`);
    return 2;
  }
  const chosen = BENCHES.filter((bench) => names.some((name) => isMeant(bench, name)));
  let pass = true;
  for (const bench of chosen) pass = (await runBench(bench)) && pass;
  return pass ? 0 : 1;
}

/** A name means one benchmark or a whole group. */
function isMeant(bench: Bench, name: string): boolean {
  return bench.name === name || bench.name.startsWith(`${name}/`);
}

/** True unless a figure misses its goal. In a quick run no goal counts. */
async function runBench(bench: Bench): Promise<boolean> {
  const quick = values.quick === true;
  if (!json) say(`\n${bench.name}: ${bench.what}`);
  const measurements = await bench.run({
    quick,
    ...(values.seconds === undefined ? {} : { seconds: Number(values.seconds) }),
    ...(values.row === undefined ? {} : { rows: values.row }),
    ...(values.profile === undefined ? {} : { profile: values.profile }),
    note: (line) => {
      if (!json) say(`  ${line}`);
    },
  });
  // A figure belongs to the group that was asked for: `decision/engine` measures `decision`.
  const [group = bench.name] = bench.name.split('/');
  const figures = measurements.map((measurement) => figureOf(group, measurement));
  if (!json) {
    for (const [index, figure] of figures.entries()) {
      say(`  ${figureText(figure, measurements[index]?.goal)}`);
    }
  }
  for (const figure of figures) say(JSON.stringify(figure));
  return quick || figures.every((figure) => figure.pass !== false);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
