/**
 * The answer to one request, made as the server makes it, and why it is what it is.
 *
 * @module
 */
import type { Clock } from '../clock.ts';
import type { Config } from '../config/types.ts';
import type { Log } from '../log/log.ts';
import type { Engine } from '../tls-policy/engine-types.ts';
import { createAnswerer } from './answerer.ts';
import { dialectOf } from './dialect.ts';
import { readKey } from './key.ts';
import { levelOf } from './level.ts';
import { levelReason } from './level-mark.ts';
import type { Dialect, DomainLevel } from './types.ts';

/** What is asked, and of whom. */
export interface QueryOptions {
  readonly mapName: string;
  readonly key: string;
  readonly engine: Pick<Engine, 'decide'>;
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
}

/** What an MTA would get. */
export interface QueryAnswer {
  readonly dialect: Dialect;
  /** `OK secure match=…`, `NOTFOUND `, `TEMP …`. */
  readonly reply: string;
  readonly why: string;
}

/** Answers as a server would that was asked for the first time. Never rejects. */
export async function query(options: QueryOptions): Promise<QueryAnswer> {
  const { mapName, key, config, engine } = options;
  const { socketmap, policyServer, mtaSts } = config;
  let level: DomainLevel | undefined;
  const answerer = createAnswerer({
    engine: {
      decide: async (nextHop, how) => {
        const record = await engine.decide(nextHop, how);
        level = levelOf(record, policyServer);
        return record;
      },
    },
    clock: options.clock,
    log: options.log,
    metrics: { answered: () => undefined, answerTook: () => undefined },
    smtpPort: config.smtp.port,
    maxEntries: 1,
    settings: () => ({
      defaultDialect: socketmap.defaultDialect,
      budgetMs: socketmap.budgetMs,
      firstContactMs: mtaSts.firstContactMs,
      maxStaleMs: policyServer.maxStaleMs,
      mixedDane: policyServer.mixedDane,
      dryRun: false,
    }),
  });
  const dialect = dialectOf(mapName, socketmap.defaultDialect);
  const reply = (await answerer.answer(Buffer.from(`${mapName} ${key}`))).toString('utf8');
  const why = reasonOf(options, level);
  if (!policyServer.dryRun) return { dialect, reply, why };
  return { dialect, reply: 'NOTFOUND ', why: `dry run; otherwise ${reply.trimEnd()}: ${why}` };
}

function reasonOf({ key, config }: QueryOptions, level: DomainLevel | undefined): string {
  const latin1 = Buffer.from(key).toString('latin1');
  if (readKey(latin1, config.smtp.port) === undefined) {
    return 'no domain that could have a policy: answered without a look-up';
  }
  return level === undefined ? 'no decision within the budget' : levelReason(level);
}
