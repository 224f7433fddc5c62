/**
 * `/etc/resolv.conf`, followed while it changes.
 *
 * @module
 */
import { readFileSync, statSync } from 'node:fs';
import type { Clock } from '../clock.ts';
import { parseUpstream } from './upstream.ts';
import type { Upstream } from './upstream.ts';

/** What the file says. */
export interface ResolvConf {
  readonly upstreams: readonly Upstream[];
  readonly timeoutMs?: number;
  readonly attempts?: number;
}

/** As resolv.conf(5): longer waits and more rounds are cut to these. */
const MAX_TIMEOUT_S = 30;
const MAX_ATTEMPTS = 5;
const MAX_UPSTREAMS = 8;

/**
 * Reads `nameserver` and `options timeout: attempts:` lines; other lines are no business of ours.
 * Without a usable `nameserver` the resolver of this machine is meant (resolv.conf(5)).
 *
 * @param trusted believe the AD bit of every server named
 */
export function parseResolvConf(text: string, trusted: boolean): ResolvConf {
  const upstreams: Upstream[] = [];
  let timeoutMs: number | undefined;
  let attempts: number | undefined;
  for (const line of text.split('\n')) {
    const [word, ...rest] = line
      .replace(/[#;].*$/, '')
      .trim()
      .split(/\s+/);
    if (word === 'nameserver' && rest[0] !== undefined) {
      const upstream = parseUpstream(rest[0], trusted);
      if (upstream.ok && upstreams.length < MAX_UPSTREAMS) upstreams.push(upstream.value);
    } else if (word === 'options') {
      const seconds = numberAfter(rest, 'timeout');
      if (seconds !== undefined) timeoutMs = Math.min(seconds, MAX_TIMEOUT_S) * 1000;
      const rounds = numberAfter(rest, 'attempts');
      if (rounds !== undefined) attempts = Math.min(rounds, MAX_ATTEMPTS);
    }
  }
  return {
    upstreams:
      upstreams.length > 0 ? upstreams : [{ address: '127.0.0.1', port: 53, trusted: true }],
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(attempts === undefined ? {} : { attempts }),
  };
}

/** How often the file is looked at, at most. */
const LOOK_EVERY_MS = 2000;

/** What to follow. */
export interface FollowOptions {
  readonly path: string;
  readonly trusted: boolean;
  readonly clock: Clock;
  /** Called after the list has changed. */
  readonly onChange?: (conf: ResolvConf) => void;
}

/**
 * Follows the file by its path, not by a watch: the file is often a symbolic link that is swapped,
 * or is renamed into place, and a watch stays on the old one. A file that cannot be read, or is
 * empty for a moment while it is written, changes nothing.
 *
 * @returns what the file says now; looks at most every two seconds
 */
export function followResolvConf(options: FollowOptions): () => ResolvConf {
  const { path, trusted, clock } = options;
  let conf = parseResolvConf('', trusted);
  let mark = '';
  let lookedAt: number | undefined;
  return () => {
    const now = clock.now();
    if (lookedAt !== undefined && Math.abs(now - lookedAt) < LOOK_EVERY_MS) return conf;
    const first = lookedAt === undefined;
    lookedAt = now;
    const found = readIfChanged(path, mark);
    if (found === undefined) return conf;
    mark = found.mark;
    const next = parseResolvConf(found.text, trusted);
    const changed = JSON.stringify(next) !== JSON.stringify(conf);
    conf = next;
    if (changed && !first) options.onChange?.(conf);
    return conf;
  };
}

function readIfChanged(path: string, mark: string): { mark: string; text: string } | undefined {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
    const next = [dev, ino, size, mtimeNs, ctimeNs].join(' ');
    if (next === mark) return undefined;
    const text = readFileSync(path, 'utf8');
    return text.trim() === '' ? undefined : { mark: next, text };
  } catch {
    return undefined;
  }
}

function numberAfter(words: readonly string[], key: string): number | undefined {
  const value = words.find((word) => word.startsWith(`${key}:`))?.slice(key.length + 1);
  return value !== undefined && /^[1-9]\d{0,3}$/.test(value) ? Number(value) : undefined;
}
