/**
 * The process that is killed: stores one policy after the other and tells of each that is on disk.
 *
 * @module
 */
import { openStore } from '../../src/store/open-store.ts';
import { CRASH_DOMAINS, policiesOver } from './crash-policies.ts';

/** A policy that is stored. */
export interface Acknowledged {
  readonly domain: string;
  readonly version: number;
}

const [path = '', firstVersion = '0'] = process.argv.slice(2);
const store = await openStore(`sqlite:${path}`);
let version = Number(firstVersion);
const policies = policiesOver(store, () => version);
process.on('disconnect', () => process.exit());

for (;;) {
  for (const domain of CRASH_DOMAINS) {
    version += 1;
    await policies.refresh(domain);
    await tellIfStored(domain);
  }
}

/** A policy counts as acknowledged once it can be read back from the file. */
async function tellIfStored(domain: string): Promise<void> {
  const row = await store.db
    .selectFrom('sts_policy')
    .select('record_id')
    .where('policy_domain', '=', domain)
    .executeTakeFirst();
  if (row?.record_id !== String(version)) {
    throw new Error(`${domain}: version ${version} was fetched but ${row?.record_id} is stored`);
  }
  process.send?.({ domain, version } satisfies Acknowledged);
}
