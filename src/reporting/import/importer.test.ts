import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { FakeClock } from '../../clock.fixture.ts';
import { loadConfig } from '../../config/load-config.ts';
import { fail, ok } from '../../failure.ts';
import { silentLog } from '../../log/log.ts';
import { openStore } from '../../store/open-store.ts';
import { createArchive } from '../archive/archive.ts';
import type { Archive } from '../archive/types.ts';
import { BIG, bigMail, BOUNCE, packings, SMALL } from '../mail/report-mails.fixture.ts';
import { createImporter, type ImporterOptions } from './importer.ts';
import type { ReportSource, Taken, UnderstandSettings } from './types.ts';
import { startWorkerLane, type WorkerLane } from './worker-lane.ts';

const { dns, reporting } = loadConfig({}).value!;
const settings: UnderstandSettings = {
  receive: { ...reporting.receive, domains: ['*'], maxBytes: 20_000 },
  check: 'nothing',
  dns,
};
/** In one list; and more than one. */
const LIST = 64;
const MANY = 150;

let folder: string;
let files: readonly ReportSource[];

const bytesSource = (bytes: Uint8Array): ReportSource => ({
  kind: 'bytes',
  bytes: new Uint8Array(bytes),
  octets: bytes.length,
});

async function fileSource(name: string, content: string | Uint8Array): Promise<ReportSource> {
  const path = join(folder, name);
  await writeFile(path, content);
  return { kind: 'file', path, octets: content.length };
}

/** In a word. */
function wordOf(taken: Taken): string {
  if (taken.kind === 'reports') {
    const kinds = [
      ...taken.results.map(({ kind }) => kind),
      ...taken.failures.map(({ code }) => code),
    ];
    return kinds.join(' ');
  }
  return 'failure' in taken ? `${taken.kind} ${taken.failure.code}` : taken.kind;
}

type Options = Pick<ImporterOptions, 'workers' | 'aloneFor' | 'start'> & {
  readonly archive?: Pick<Archive, 'takePrepared'>;
};

/** What became of the sources, and what is in the store then. */
async function imported(
  sources: readonly ReportSource[],
  { archive, ...options }: Options,
  feed: AsyncIterable<ReportSource> | readonly ReportSource[] = sources,
): Promise<{ readonly words: readonly string[]; readonly rows: readonly object[] }> {
  const store = await openStore('sqlite::memory:');
  const clock = new FakeClock(Date.UTC(2026, 2, 5));
  const own = createArchive({ store, clock, log: silentLog, settings: () => settings.receive });
  const importer = createImporter({
    archive: archive ?? own,
    ...options,
    settings,
    log: silentLog,
  });
  const words = new Map<ReportSource, string>();
  try {
    await importer.takeAll(feed, (source, taken) => {
      words.set(source, wordOf(taken));
      return wordOf(taken).includes('REPORT_INTAKE_STORE') ? 'stop' : 'go-on';
    });
    const rows = await store.db
      .selectFrom('received_report')
      .innerJoin('received_raw', 'received_raw.report_id', 'received_report.id')
      .select(['identity', 'digest', 'hints', 'successes', 'failures', 'received_raw.data'])
      .orderBy('identity')
      .execute();
    return { words: sources.map((source) => words.get(source) ?? 'not begun'), rows };
  } finally {
    await importer.close();
    await store.close();
  }
}

/** Waits, once a first list was taken, until the other thread is there. */
async function* untilThere(
  sources: readonly ReportSource[],
  there: Promise<unknown>,
): AsyncGenerator<ReportSource> {
  for (const [index, source] of sources.entries()) {
    if (index === LIST) await there;
    yield source;
  }
}

const mails = (count: number): readonly ReportSource[] =>
  Array.from({ length: count }, (_, index) =>
    bytesSource(Buffer.from(bigMail({ ...BIG, id: `day ${index}` }))),
  );

describe('importer', () => {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sts-importer-'));
    files = [
      await fileSource('1.eml', bigMail()),
      await fileSource('2.eml', BOUNCE),
      await fileSource('3.json.gz', packings().gzip),
      await fileSource('4.mbox', `From x@y Mon Mar  2 10:00:00 2026\n${bigMail()}\n`),
      await fileSource('5.eml', 'x'.repeat(20_001)),
      { kind: 'file', path: join(folder, 'nothing'), octets: 0 },
      bytesSource(packings({ ...SMALL, id: 'zipped' }).zip),
      await fileSource('7.json.gz', packings().gzip.subarray(0, 50)),
      bytesSource(Buffer.from(bigMail())),
    ];
  });
  after(async () => {
    await rm(folder, { recursive: true });
  });

  it('another thread understands the same, octets and all', async () => {
    const all = [...mails(MANY), ...files];
    const alone = await imported(all, { workers: 0 });
    let asked = 0;
    const started = Promise.withResolvers<void>();
    const start: Options['start'] = async (...args) => {
      const lane = await startWorkerLane(...args);
      started.resolve();
      const understand: WorkerLane['understand'] = async (list) => {
        asked += list.length;
        return await lane.understand(list);
      };
      return { ...lane, understand };
    };
    const feed = untilThere(all, started.promise);
    const others = await imported(all, { workers: 1, aloneFor: 0, start }, feed);
    assert.equal(asked, all.length - LIST);
    assert.deepEqual(others.words, alone.words);
    assert.deepEqual(others.rows, alone.rows);
    assert.deepEqual(alone.words.slice(MANY), [
      'stored',
      'not-a-report REPORT_MAIL_NO_REPORT',
      'stored',
      'mailbox',
      'too-large',
      'unreadable',
      'stored',
      'refused TLSRPT_REPORT_GZIP',
      'duplicate',
    ]);
  });

  it('a thread that ends, or cannot be started, loses nothing', async () => {
    const started = Promise.withResolvers<void>();
    const start: Options['start'] = async (...args) => {
      const lane = await startWorkerLane(...args);
      started.resolve();
      const understand: WorkerLane['understand'] = async (list) => {
        const answer = lane.understand(list);
        await lane.close();
        return await answer;
      };
      return { ...lane, understand };
    };
    const all = mails(MANY);
    const feed = untilThere(all, started.promise);
    const ended = await imported(all, { workers: 1, aloneFor: 0, start }, feed);
    assert.deepEqual(
      ended.words,
      all.map(() => 'stored'),
    );
    const none: Options['start'] = async () => await Promise.reject(new Error('no more threads'));
    const { words } = await imported(all, { workers: 1, aloneFor: 0, start: none });
    assert.deepEqual(words, ended.words);
  });

  it('few are understood without another thread', async () => {
    const start: Options['start'] = async () => await Promise.reject(new Error('not asked for'));
    let starts = 0;
    const counted: Options['start'] = async (...args) => {
      starts += 1;
      return await start(...args);
    };
    await imported(mails(10), { workers: 1, start: counted });
    assert.equal(starts, 0);
  });

  it('I19: trouble of the store means: come again, and no more are begun', async () => {
    let taken = 0;
    const archive: Pick<Archive, 'takePrepared'> = {
      async takePrepared() {
        taken += 1;
        const outcome =
          taken > 3 ? fail('REPORT_INTAKE_STORE', 'gone') : ok({ kind: 'stored', id: '' } as const);
        return await Promise.resolve(outcome);
      },
    };
    const { words } = await imported(mails(3_000), { workers: 0, archive });
    assert.deepEqual(words.slice(2, 5), [
      'stored',
      'later REPORT_INTAKE_STORE',
      'later REPORT_INTAKE_STORE',
    ]);
    assert.equal(words.at(-1), 'not begun');
  });
});
