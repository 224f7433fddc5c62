/**
 * Does the built package hold what `package.json` promises? It is packed, unpacked elsewhere
 * and used from there.
 *
 * @module
 */
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from './run-command.ts';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string>>;
}

/** What can be imported from a package: `name/dns` for `./dns`. Plain data files are left out. */
export function importableNames(manifest: Pick<Manifest, 'name' | 'exports'>): string[] {
  return Object.entries(manifest.exports)
    .filter(([, file]) => file.endsWith('.js'))
    .map(([subpath]) => `${manifest.name}${subpath.slice(1)}`);
}

/** Packs, unpacks and tries the package. The text says what is wrong; undefined: nothing. */
export async function checkPackage(root: string): Promise<string | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'smtp-sts-package-'));
  try {
    return await checkIn(root, folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function checkIn(root: string, folder: string): Promise<string | undefined> {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
  const unpacked = await unpack(root, folder, manifest.name);
  if (unpacked !== undefined) return unpacked;
  const names = importableNames(manifest);
  const script = `for (const name of ${JSON.stringify(names)}) await import(name);`;
  const imports = await runCommand({
    program: process.execPath,
    args: ['--input-type=module', '--eval', script],
    cwd: folder,
    output: 'collect',
  });
  if (!imports.ok) return `importing ${names.join(', ')}: ${imports.output}`;
  for (const [name, file] of Object.entries(manifest.bin)) {
    const bin = join(folder, 'node_modules', manifest.name, file);
    const fault = await checkVersion({ name, bin, version: manifest.version });
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** Puts the packed files where a user would have them, with our own dependencies beside them. */
async function unpack(root: string, folder: string, name: string): Promise<string | undefined> {
  const target = join(folder, 'node_modules', name);
  mkdirSync(target, { recursive: true });
  const pack = await runCommand({
    program: 'npm',
    args: ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder],
    cwd: root,
    output: 'collect',
  });
  if (!pack.ok) return `npm pack: ${pack.output}`;
  const tarball = readdirSync(folder).find((file) => file.endsWith('.tgz'));
  if (tarball === undefined) return 'npm pack left no file';
  const args = ['-xzf', join(folder, tarball), '-C', target, '--strip-components=1'];
  const tar = await runCommand({ program: 'tar', args, output: 'collect' });
  if (!tar.ok) return `tar: ${tar.output}`;
  for (const entry of readdirSync(join(root, 'node_modules'))) {
    if (entry.startsWith('.') || entry === name) continue;
    symlinkSync(join(root, 'node_modules', entry), join(folder, 'node_modules', entry));
  }
  return undefined;
}

async function checkVersion(options: {
  readonly name: string;
  readonly bin: string;
  readonly version: string;
}): Promise<string | undefined> {
  const { name, bin, version } = options;
  const run = await runCommand({
    program: process.execPath,
    args: [bin, '--version'],
    output: 'collect',
  });
  if (run.ok && run.output.includes(version)) return undefined;
  return `${name} --version should say ${version} but ended with ${run.ended}: ${run.output}`;
}
