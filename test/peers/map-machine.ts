/**
 * Runs inside a private machine: the socketmap server with a table of answers, and `postmap`.
 *
 * @module
 */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/clock.ts';
import { silentLog } from '../../src/log/log.ts';
import { netstringText } from '../../src/policy-server/netstring.ts';
import { readRequest } from '../../src/policy-server/request.ts';
import { startSocketmapServer } from '../../src/policy-server/socketmap-server.ts';
import type { Dialect } from '../../src/policy-server/types.ts';
import { answerQuestions } from './answer-questions.ts';
import { mapTable } from './map-table.ts';

const WHERE = '127.0.0.1:8461';

const [, , folder = ''] = process.argv;
const etc = join(folder, 'etc');
mkdirSync(etc);
writeFileSync(join(etc, 'main.cf'), 'compatibility_level = 3.6\n');

/** All keys of the table through one `postmap -q -`: what it writes, and what it complains about. */
async function askAll(dialect: Dialect): Promise<{ readonly told: string; readonly said: string }> {
  const rows = mapTable(dialect);
  const replies = new Map(rows.map(({ key, reply }) => [key, netstringText(Buffer.from(reply))]));
  const server = await startSocketmapServer({
    listen: [WHERE],
    unix: { mode: 0o600 },
    reply: (request) => replies.get(readRequest(request)?.key ?? '') ?? 'broken',
    settings: () => ({ maxConnections: 4, idleTimeoutMs: 60_000, shutdownTimeoutMs: 1_000 }),
    clock: systemClock,
    log: silentLog,
  });
  const args = ['-c', etc, '-q', '-', `socketmap:inet:${WHERE}:${dialect}`];
  const child = spawn('/usr/sbin/postmap', args, { stdio: 'pipe' });
  child.stdin.end(rows.map(({ key }) => `${key}\n`).join(''));
  const [told, said] = await Promise.all([allOf(child.stdout), allOf(child.stderr)]);
  await server.close();
  return { told, said };
}

async function allOf(stream: NodeJS.ReadableStream): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString('utf8');
}

await answerQuestions(async (question) => await askAll((question as { dialect: Dialect }).dialect));
