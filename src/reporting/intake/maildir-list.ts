/**
 * The messages of a Maildir that nobody has read yet. Names are octets: each stands here as one
 * character of Latin-1, so that a name that is not UTF-8 leads to its file like any other.
 *
 * @module
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathForFs, pathIn } from '../../file-path.ts';
import type { MaildirMemory } from './maildir-memory.ts';
import { isDone, uniqueName } from './maildir-name.ts';

/** Where a message is. */
export interface Place {
  readonly folder: 'new' | 'cur';
  /** A character for each octet. */
  readonly name: string;
}

/** A message, and what it is remembered by. */
export interface Listed extends Place {
  readonly key: string;
}

/**
 * Sorted: names begin with the time, so reports come in the order in which they arrived. `new`
 * first: what a mail program moves to `cur` in between is found there. Forgets what is there no more.
 *
 * @throws what the system says where the folders cannot be read
 */
export async function listUnread(path: string, memory: MaildirMemory): Promise<readonly Listed[]> {
  const places = [...(await list(path, 'new')), ...(await list(path, 'cur'))];
  const twins = namesOfSeveral(places);
  memory.keepOnly(new Set(places.flatMap((place) => [uniqueName(place.name), textOf(place)])));
  return places.map((place) => {
    const unique = uniqueName(place.name);
    const own = textOf(place);
    // What became of one says nothing of another with the same name. Once remembered so, always so.
    return { ...place, key: twins.has(unique) || memory.knows(own) ? own : unique };
  });
}

async function list(path: string, folder: Place['folder']): Promise<readonly Place[]> {
  const names = await readdir(join(path, folder), { encoding: 'buffer' });
  return names
    .map((name) => name.toString('latin1'))
    .filter((name) => !name.startsWith('.') && !(folder === 'cur' && isDone(name)))
    .sort()
    .map((name) => ({ folder, name }));
}

/** They ought to be unique, but software errs, and so does who copies mail. */
function namesOfSeveral(places: readonly Place[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const twins = new Set<string>();
  for (const { name } of places) {
    const unique = uniqueName(name);
    if (seen.has(unique)) twins.add(unique);
    seen.add(unique);
  }
  return twins;
}

function textOf({ folder, name }: Place): string {
  return `${folder}/${name}`;
}

/** For the file system: the octets. */
export function pathOf(path: string, { folder, name }: Place): string | Buffer {
  return pathForFs(pathIn(join(path, folder), Buffer.from(name, 'latin1')));
}

/** For people: `new/NAME`, as UTF-8. */
export function placeText({ folder, name }: Place): string {
  return `${folder}/${Buffer.from(name, 'latin1').toString()}`;
}
