/**
 * How much more a SQLite file can take: what the disk has free, and pages of the file that are free.
 *
 * @module
 */
import { statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { CompiledQuery, type Kysely } from 'kysely';
import type { DiskSpace, Schema } from './types.ts';

/**
 * Looks at the disk of the file. A file never gets smaller: what left it leaves free pages, and
 * without these a file that once filled its disk would count as full for ever.
 */
export function diskSpace(
  db: Pick<Kysely<Schema>, 'executeQuery'>,
  path: string,
): () => Promise<DiskSpace> {
  const file = resolve(path);
  const pragma = async (name: string): Promise<number> => {
    const { rows } = await db.executeQuery<Record<string, number>>(
      CompiledQuery.raw(`pragma ${name}`),
    );
    return rows[0]?.[name] ?? 0;
  };
  return async (): Promise<DiskSpace> => {
    const disk = await statfs(dirname(file));
    const pages = await pragma('freelist_count');
    return {
      file,
      total: disk.blocks * disk.bsize,
      // What is kept back for the superuser is not counted on.
      free: disk.bavail * disk.bsize,
      reusable: pages * (await pragma('page_size')),
    };
  };
}
