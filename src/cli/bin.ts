#!/usr/bin/env node
/**
 * The program `smtp-sts`. Says clearly when Node.js is too old before anything else is loaded.
 *
 * @module
 */
const OLDEST_NODE: readonly [major: number, minor: number] = [24, 15];

/** Is `version` (`24.15.0`) new enough? */
function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
}

if (isNewEnough(process.versions.node)) {
  const argv = process.argv.slice(2);
  // SIGHUP asks a service to reload, also one that has not read anything yet: it must not end it.
  if (argv.includes('serve')) process.on('SIGHUP', () => undefined);
  const { runCli } = await import('./program.ts');
  // `smtp-sts explain … | head`: a reader that has seen enough is no fault.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
  process.exitCode = await runCli(argv, {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
  });
} else {
  process.stderr.write(
    `smtp-sts needs Node.js ${OLDEST_NODE.join('.')} or newer; this is ${process.versions.node}. ` +
      'Install a newer one, or run it from a checkout with npm, which brings its own.\n',
  );
  process.exitCode = 69;
}
