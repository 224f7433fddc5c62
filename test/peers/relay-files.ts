/**
 * The files that a relay needs to offer TLS and AUTH.
 *
 * @module
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../../src/config/types.ts';
import type { LabCa } from '../../src/lab/types.ts';
import { hashPassword } from '../../src/relay/submission/password.ts';
import { TEST_COST } from '../../src/relay/submission/submission.fixture.ts';
import { userLine } from '../../src/relay/submission/users-file.ts';

/** Settings that name them. */
export type RelayFiles = {
  readonly [File in 'certFile' | 'keyFile' | 'usersFile']: NonNullable<Config['relay'][File]>;
};

/** The name in its certificate. */
export const RELAY_NAME = 'relay.lab.test';
/** Who may log in. */
export const LOGIN = { user: 'alice', password: 'secret' };

/** Writes them. */
export async function writeRelayFiles(folder: string, ca: LabCa): Promise<RelayFiles> {
  const path = (name: string): string => join(folder, name);
  const files = { certFile: path('cert'), keyFile: path('key'), usersFile: path('users') };
  const { chain, key } = ca.issue([RELAY_NAME]);
  const user = userLine(LOGIN.user, await hashPassword(LOGIN.password, TEST_COST));
  await writeFile(files.certFile, chain);
  await writeFile(files.keyFile, key);
  await writeFile(files.usersFile, `${user}\n`, { mode: 0o600 });
  return files;
}
