/**
 * Our relay in a process of its own.
 *
 * @module
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { endChild } from './children.ts';
import { type Contestant, type Ground, tailOf } from './contestant.ts';
import { DEAD_DOMAIN } from './names.ts';

/** The name in the table. */
export const OURS = 'smtp-sts';

const SIX_HOURS = '6h';

/** Starts it on an empty queue, or on what is in the folder already. */
export async function startOurs(ground: Ground, name = 'ours'): Promise<Contestant> {
  const folder = join(ground.folder, name);
  mkdirSync(folder, { recursive: true });
  const config = join(folder, 'config.yaml');
  // JSON is YAML.
  writeFileSync(config, JSON.stringify(settings(ground, folder)));
  const profile = ground.profile;
  const execArgv = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  const log = openSync(join(folder, 'log'), 'a');
  const child = fork(join(import.meta.dirname, 'ours-child.ts'), [config], {
    stdio: ['ignore', log, log, 'ipc'],
    execArgv,
  });
  const dead = once(child, 'exit').then(() => {
    throw new Error(`our relay does not start: ${tailOf(folder, 'log')}`);
  });
  dead.catch(() => undefined);
  const [{ url }] = (await Promise.race([once(child, 'message'), dead])) as [
    { readonly url: string },
  ];
  const door = { host: '127.0.0.1', port: Number(url.split(':').at(-1)) };
  return {
    name: OURS,
    door,
    keep: { ...door, recipients: [`bob@${DEAD_DOMAIN}`] },
    pid: child.pid,
    settings: ['SQLite, WAL, synchronous=full; all defaults of the product'],
    stop: async () => await endChild(child, 'SIGTERM'),
  };
}

function settings(ground: Ground, folder: string): object {
  return {
    dns: {
      resolvers: [`127.0.0.1:${ground.dnsPort}`],
      self_test: { signed: '', unsigned: '', bogus: '' },
    },
    policy_fetch: { port: ground.policyPort, allow_addresses: ['127.0.0.0/8'] },
    tls: { ca_file: join(ground.folder, 'ca.pem') },
    smtp: { helo_name: 'sender.lab.test', port: ground.sinkPort },
    store: { url: `sqlite:${join(folder, 'store.db')}` },
    http: { listen: '127.0.0.1:0' },
    socketmap: { listen: ['127.0.0.1:0'] },
    control: { socket: '' },
    relay: {
      enabled: true,
      listen: ['127.0.0.1:0'],
      cert_file: join(ground.folder, 'relay.pem'),
      key_file: join(ground.folder, 'relay.key'),
      // All clients of the contest have one address.
      max_connections: 10_000,
      max_connections_per_client: 10_000,
      // Nothing is tried a second time while we measure.
      retry_waits: [SIX_HOURS],
    },
  };
}
