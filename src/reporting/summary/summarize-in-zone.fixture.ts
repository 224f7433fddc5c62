/**
 * Prints a summary; run by a test in a process of its own, which alone can have a time zone of its own.
 *
 * @module
 */
import { FakeClock } from '../../clock.fixture.ts';
import { jsonLine } from '../../json.ts';
import { openStore } from '../../store/open-store.ts';
import { TODAY } from './own-state.fixture.ts';
import { addReport } from './rollups.fixture.ts';
import { summarize } from './summarize.ts';

const store = await openStore('sqlite::memory:');
for (const day of [TODAY - 1, TODAY]) {
  await addReport(store, { day, successes: 5, details: [{ type: 'certificate-expired' }] });
}
const clock = new FakeClock(Date.UTC(2026, 10, 20, 23, 30));
process.stdout.write(jsonLine(await summarize({ store, clock, days: 2 })));
await store.close();
