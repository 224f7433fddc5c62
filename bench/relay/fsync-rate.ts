/**
 * How often the disk says "written" in a second: the ceiling of whoever asks for each message.
 *
 * @module
 */
import {
  closeSync,
  fdatasyncSync,
  fsyncSync,
  openSync,
  statfsSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

const PAGE = Buffer.alloc(4_096, 'x');
/** From statfs(2). */
const TMPFS = 0x01021994;

/** Rates of the disk under the folder. */
export interface DiskRates {
  /** 4 KiB more in the same file, then fdatasync: a journal. */
  readonly appendsPerSecond: number;
  /** A new file of 4 KiB each, then fsync: a queue of files. */
  readonly filesPerSecond: number;
}

/** Measures each for so long. */
export function diskRates(folder: string, ms: number): DiskRates {
  const journal = join(folder, 'probe');
  const descriptor = openSync(journal, 'w');
  const appendsPerSecond = rate(ms, () => {
    writeSync(descriptor, PAGE);
    fdatasyncSync(descriptor);
  });
  closeSync(descriptor);
  unlinkSync(journal);
  const files: string[] = [];
  const filesPerSecond = rate(ms, () => {
    const file = join(folder, `probe-${files.length}`);
    files.push(file);
    const descriptor = openSync(file, 'w');
    writeSync(descriptor, PAGE);
    fsyncSync(descriptor);
    closeSync(descriptor);
  });
  for (const file of files) unlinkSync(file);
  return { appendsPerSecond, filesPerSecond };
}

/** Whether what is written there is only in memory. */
export function isMemory(folder: string): boolean {
  return statfsSync(folder).type === TMPFS;
}

function rate(ms: number, task: () => void): number {
  const start = performance.now();
  let turns = 0;
  while (performance.now() - start < ms) {
    task();
    turns += 1;
  }
  return (turns / (performance.now() - start)) * 1000;
}
