/**
 * TLS reporting beside other programs: reports taken in, sessions counted, an archive summed up.
 *
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench } from '../figure.ts';
import { datagramFigures } from './datagrams.ts';
import { importFigures } from './import-commands.ts';
import { ingestFigures } from './ingest.ts';
import { planOf } from './plan.ts';
import { installPythonPeers } from './python-peers.ts';
import { summaryFigures } from './summary.ts';

/** Not in memory, and kept over a restart by the rules of the system: a real disk. */
const ON_DISK = '/var/tmp';

/** Taking in, counting, summing up. */
export const reportsBench: Bench = {
  name: 'reports/beside-others',
  what: 'reports taken in, sessions counted, an archive summed up (rows: ingest, import, datagrams, summary)',
  run: async (options) => {
    const plan = planOf(options);
    const { note } = options;
    // A quick run fetches nothing: it takes what is there.
    const fault = plan.quick ? undefined : installPythonPeers();
    if (fault !== undefined) note(`without the programs of PyPI: ${fault}`);
    const folder = mkdtempSync(join(ON_DISK, 'smtp-sts-bench-'));
    const ground = { folder, note };
    try {
      return [
        ...(plan.rows.includes('ingest') ? await ingestFigures(plan, ground) : []),
        ...(plan.rows.includes('import') ? await importFigures(plan, ground) : []),
        ...(plan.rows.includes('datagrams') ? await datagramFigures(plan, ground) : []),
        ...(plan.rows.includes('summary') ? await summaryFigures(plan, ground) : []),
      ];
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
