/**
 * The servers that are measured, each in a process of its own.
 *
 * @module
 */
import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LabReady } from '../decision/lab-process.ts';

/** A running server. */
export interface Contestant {
  readonly name: string;
  readonly port: number;
  /** Resident memory now, octets. */
  rss(): number;
  stop(): Promise<void>;
}

/** What a server is started on. */
export interface Ground {
  readonly lab: LabReady;
  /** For files; the authority of the lab is `ca.pem` in it. */
  readonly folder: string;
}

/** Debian's postfix-mta-sts-resolver. */
const PYTHON_PEER = '/usr/bin/mta-sts-daemon';
const PYTHON_NAME = 'postfix-mta-sts-resolver';
const EMPTY_NAME = 'empty Node responder';
const ROOT = join(import.meta.dirname, '..', '..');
const [OUR_PORT, EMPTY_PORT, PYTHON_PORT] = [18_461, 18_462, 18_463];

/** Whether Debian's resolver is installed. */
export function hasPythonPeer(): boolean {
  return existsSync(PYTHON_PEER);
}

/** The whole service, as a user starts it. */
export async function startOurs({ lab, folder }: Ground): Promise<Contestant> {
  const config = join(folder, 'ours.yaml');
  const text = {
    dns: {
      resolvers: [lab.dns],
      self_test: { signed: '', unsigned: '', bogus: '' },
    },
    policy_fetch: { port: lab.policyPort, allow_addresses: ['127.0.0.0/8'] },
    tls: { ca_file: join(folder, 'ca.pem') },
    store: { url: 'sqlite::memory:' },
    http: { listen: '127.0.0.1:0' },
    control: { socket: '' },
    socketmap: { listen: [`127.0.0.1:${OUR_PORT}`] },
    log: { level: 'warn' },
  };
  // JSON is YAML.
  writeFileSync(config, JSON.stringify(text));
  const argv = [join(ROOT, 'src/cli/bin.ts'), 'serve', '--config', config];
  return await started('smtp-sts', OUR_PORT, spawn(process.execPath, argv, QUIET));
}

/** The yardstick. */
export async function startEmpty(): Promise<Contestant> {
  const argv = [join(import.meta.dirname, 'empty-child.ts'), String(EMPTY_PORT)];
  return await started(EMPTY_NAME, EMPTY_PORT, spawn(process.execPath, argv, QUIET));
}

/** Debian's resolver with its cache in memory. It asks the system's resolver and port 443. */
export async function startPython({ folder }: Ground): Promise<Contestant> {
  const config = join(folder, 'python.yml');
  const text = {
    host: '127.0.0.1',
    port: PYTHON_PORT,
    cache: { type: 'internal', options: { cache_size: 10_000 } },
    default_zone: { strict_testing: false, timeout: 4 },
    zones: {},
  };
  writeFileSync(config, JSON.stringify(text));
  const env = { ...process.env, SSL_CERT_FILE: join(folder, 'ca.pem') };
  const child = spawn(PYTHON_PEER, ['-c', config, '-v', 'error'], { ...QUIET, env });
  return await started(PYTHON_NAME, PYTHON_PORT, child);
}

const QUIET: SpawnOptions = { stdio: ['ignore', 'ignore', 'inherit'] };
const LOOK_EVERY_MS = 20;
const PATIENCE_MS = 20_000;

async function started(name: string, port: number, child: ChildProcess): Promise<Contestant> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await answers(port))) {
    if (child.exitCode !== null || performance.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`${name} does not listen on ${port}`);
    }
    await sleep(LOOK_EVERY_MS);
  }
  return {
    name,
    port,
    rss: () => rssOf(child.pid ?? 0),
    stop: async () => {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}

async function answers(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

const KIB = 1024;

function rssOf(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1] ?? 0) * KIB;
}
