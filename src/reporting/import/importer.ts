/**
 * Takes in many reports: understood in as many threads as the machine has to spare, stored by this one.
 *
 * @module
 */
import type { Archive } from '../archive/types.ts';
import type { ArchiveResult } from '../types.ts';
import { createCompany } from './company.ts';
import { createLanes, type LanesOptions, LISTS_PER_LANE } from './lanes.ts';
import type { ReportSource, Taken, Understood } from './types.ts';

/** What an importer is made of. */
export interface ImporterOptions extends LanesOptions {
  readonly archive: Pick<Archive, 'takePrepared'>;
}

/** Takes in sources. */
export interface Importer {
  /**
   * Takes in all of them, about in their order. `tell` hears of each; where it answers `stop`, no
   * more are begun. Rejects where the sources do.
   */
  takeAll<Source extends ReportSource>(
    sources: AsyncIterable<Source> | Iterable<Source>,
    tell: (source: Source, taken: Taken) => 'go-on' | 'stop',
  ): Promise<void>;
  /** Ends the threads. */
  close(): Promise<void>;
}

/** A thread is handed so many at once. */
const LIST = 64;
/** And no more than this, octets, unless one alone has more. */
const LIST_OCTETS = 256 * 1_024;
/**
 * Reports that share a transaction: each page of an index is written once for all of them, and nobody
 * else waits for this process. The archive is to be made with it.
 */
export const REPORTS_TOGETHER = 2_048;
/** Lists that are understood and wait for the store: more than go into one transaction. */
const LISTS_TO_STORE = 40;
/** And no more than this, octets: unpacked it may be two hundred times as much. */
const MOST_OCTETS = 8 * 1_048_576;

/** Makes an importer. */
export function createImporter(options: ImporterOptions): Importer {
  const { archive } = options;
  const lanes = createLanes(options);

  const company = createCompany(REPORTS_TOGETHER);

  const takeList = async (list: readonly ReportSource[]): Promise<readonly Taken[]> => {
    company.expect(list.length);
    const understood = await lanes.understand(list);
    await company.arrive(list.length);
    return await Promise.all(understood.map((each) => store(each, archive)));
  };

  return {
    async takeAll<Source extends ReportSource>(
      sources: AsyncIterable<Source> | Iterable<Source>,
      tell: (source: Source, taken: Taken) => 'go-on' | 'stop',
    ) {
      const underWay = new Set<Promise<void>>();
      let [octets, stopped] = [0, false];
      const takeAndTell = async ({ list, ...size }: List<Source>): Promise<void> => {
        octets += size.octets;
        const taken = await takeList(list);
        octets -= size.octets;
        for (const [index, each] of taken.entries()) {
          if (tell(list[index]!, each) === 'stop') stopped = true;
        }
      };
      const isFull = (): boolean =>
        underWay.size >= LISTS_TO_STORE + lanes.count() * LISTS_PER_LANE ||
        (underWay.size > 1 && octets > MOST_OCTETS);
      try {
        for await (const list of listsOf(sources)) {
          if (stopped) return;
          const done: Promise<void> = takeAndTell(list).finally(() => underWay.delete(done));
          underWay.add(done);
          while (isFull()) await Promise.race(underWay);
        }
      } finally {
        await Promise.all(underWay);
      }
    },
    close: async () => await lanes.close(),
  };
}

interface List<Source> {
  readonly list: readonly Source[];
  readonly octets: number;
}

async function* listsOf<Source extends ReportSource>(
  sources: AsyncIterable<Source> | Iterable<Source>,
): AsyncGenerator<List<Source>> {
  let list: Source[] = [];
  let octets = 0;
  for await (const source of sources) {
    list.push(source);
    octets += source.octets;
    if (list.length < LIST && octets < LIST_OCTETS) continue;
    yield { list, octets };
    list = [];
    octets = 0;
  }
  if (list.length > 0) yield { list, octets };
}

async function store(
  understood: Understood,
  archive: Pick<Archive, 'takePrepared'>,
): Promise<Taken> {
  if (understood.kind !== 'reports') return understood;
  const { reports, failures } = understood;
  const all = await Promise.all(reports.map((report) => archive.takePrepared(report)));
  const results: ArchiveResult[] = [];
  for (const outcome of all) {
    // The others are taken when it comes again; those that were taken are known then.
    if (!outcome.ok) return { kind: 'later', failure: outcome.failure };
    results.push(outcome.value);
  }
  return { kind: 'reports', results, failures };
}
