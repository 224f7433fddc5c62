/**
 * A small signed DNS tree, made with ldns: a root, `test.`, and leaf zones of three kinds.
 *
 * @module
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from '../../scripts/peers.ts';

/** How a leaf zone hangs in the tree. */
export type LeafKind =
  /** Signed, and its parent says so. */
  | 'secure'
  /** Not signed. */
  | 'insecure'
  /** Signed, but its parent vouches for another key. */
  | 'bogus';

/** A zone under `test.`. */
export interface Leaf {
  /** `secure.test` */
  readonly apex: string;
  readonly kind: LeafKind;
  /** Records in zone file form, names relative to the apex. */
  readonly records: readonly string[];
}

/** A zone file ready to be served. */
export interface ZoneFile {
  readonly apex: string;
  readonly file: string;
}

/** The tree: what to serve and what to trust. */
export interface SignedTree {
  readonly zones: readonly ZoneFile[];
  /** File with the root's key. */
  readonly trustAnchor: string;
}

interface Key {
  /** Path without `.key`, `.private` or `.ds`. */
  readonly base: string;
  readonly ds: string;
}

/** Makes keys and signed zone files in the folder. */
export function makeTree(folder: string, leaves: readonly Leaf[]): SignedTree {
  const zones = leaves.map((leaf) => makeLeaf(folder, leaf));
  const top = makeKey(folder, 'test');
  const topZone = sign(folder, 'test', top, [
    ...leaves.map(({ apex }) => `${apex}. IN NS ns.test.`),
    ...zones.flatMap((zone) => zone.ds),
  ]);
  const root = makeKey(folder, '.');
  const rootZone = sign(folder, '.', root, ['test. IN NS ns.test.', top.ds]);
  return { zones: [rootZone, topZone, ...zones], trustAnchor: `${root.base}.key` };
}

function makeLeaf(folder: string, leaf: Leaf): ZoneFile & { readonly ds: readonly string[] } {
  const { apex, kind, records } = leaf;
  if (kind === 'insecure') {
    const file = writeZone(folder, apex, records);
    return { apex, file, ds: [] };
  }
  const key = makeKey(folder, apex);
  // A DS of a key that the zone does not have makes all below it bogus.
  const ds = kind === 'secure' ? key.ds : makeKey(folder, apex).ds;
  return { ...sign(folder, apex, key, records), ds: [ds] };
}

function writeZone(folder: string, apex: string, records: readonly string[]): string {
  const file = join(folder, apex === '.' ? 'root.zone' : `${apex}.zone`);
  const origin = apex === '.' ? '.' : `${apex}.`;
  const lines = [
    `$ORIGIN ${origin}`,
    '$TTL 300',
    '@ IN SOA ns.test. hostmaster.test. 1 3600 600 86400 60',
    '@ IN NS ns.test.',
    ...(apex === 'test' ? ['ns IN A 127.0.0.1'] : []),
    ...records,
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

function makeKey(folder: string, apex: string): Key {
  const args = ['-a', 'ECDSAP256SHA256', '-k', '-r', '/dev/urandom', apex];
  const name = run(folder, 'ldns-keygen', args).trim();
  const base = join(folder, name);
  return { base, ds: readFileSync(`${base}.ds`, 'utf8').trim() };
}

/** NSEC3 without opt-out: with it, denials of unsigned names would not be authentic. */
function sign(folder: string, apex: string, key: Key, records: readonly string[]): ZoneFile {
  const plain = writeZone(folder, apex, records);
  const file = `${plain}.signed`;
  run(folder, 'ldns-signzone', ['-n', '-f', file, plain, key.base]);
  return { apex, file };
}

function run(folder: string, program: string, args: readonly string[]): string {
  const path = findProgram(program);
  if (path === undefined) throw new Error(`${program} is not installed; \`npm test\` installs it`);
  return execFileSync(path, args, { cwd: folder, encoding: 'utf8' });
}
