/**
 * `smtp-sts serve`: the service, until a signal ends it.
 *
 * @module
 */
import { Command, Option } from 'commander';
import { systemClock } from '../clock.ts';
import { ERRORS } from '../errors.ts';
import { createLog, type Log } from '../log/log.ts';
import { ListenError } from '../listen/listen-error.ts';
import { type Service, startService } from '../serve.ts';
import { SubmissionRefused } from '../relay/submission/types.ts';
import { ReceiverRefused } from '../reporting/intake/receiver-types.ts';
import { DatagramSocketError } from '../reporting/tally/datagram-socket.ts';
import { StoreError } from '../store/store-error.ts';
import { datagramSocketHandedOver, socketsHandedOver } from '../systemd/listen-fds.ts';
import { createNotifier } from '../systemd/notify.ts';
import { sendBySystemdNotify } from '../systemd/send.ts';
import { EXIT_UNAVAILABLE } from './exit-codes.ts';
import { type HangUps, listenForHangUps } from './hang-ups.ts';
import { type Io, say } from './io.ts';
import {
  collect,
  CommandStop,
  configSource,
  configWithWarnings,
  type SharedOptions,
} from './shared-options.ts';

/** Builds the command. */
export function serveCommand(io: Io, done: (exitCode: number) => void): Command {
  return new Command('serve')
    .summary(
      'run the service: the map that MTAs ask, the HTTP API, the background refresh of policies',
    )
    .description(
      'Runs until SIGTERM or SIGINT; SIGHUP is the same as `smtp-sts reload`. Needs no configuration: SQLite in var/, loopback ports.\n' +
        'Prints a line for each face as soon as it listens, and how to use it.\n\n' +
        'Exit code: 0 ended by a signal, 64 wrong usage, 69 could not start (port taken, database out of reach),\n' +
        '78 the configuration is wrong.',
    )
    .option('--listen <addr:port>', 'where the HTTP API listens (default: 127.0.0.1:8462)')
    .addOption(
      new Option(
        '--socketmap <addr>',
        'where MTAs ask: addr:port, [v6]:port or unix:/path; may be given several times (default: 127.0.0.1:8461)',
      ).argParser(collect),
    )
    .option(
      '--dry-run',
      'compute, count and log every answer, and tell MTAs that there is no policy',
    )
    .addOption(
      new Option('--log-level <level>', 'how much is logged (default: info)').choices([
        'debug',
        'info',
        'warn',
        'error',
        'silent',
      ]),
    )
    .action(async (_options: object, command: Command) => {
      const hangUps = listenForHangUps(process);
      try {
        await serve(command.optsWithGlobals<SharedOptions>(), io, hangUps);
        done(0);
      } finally {
        hangUps.stop();
      }
    });
}

/** The service from its start to the signal that ends it. */
async function serve(given: SharedOptions, io: Io, hangUps: HangUps): Promise<void> {
  const options = withSocketsOf(process.env, given);
  const { service, log } = await start(options);
  const notifier = createNotifier({
    env: process.env,
    pid: process.pid,
    send: sendBySystemdNotify,
    monotonicUs: () => process.hrtime.bigint() / 1_000n,
    clock: systemClock,
    log,
  });
  // Whoever reads that it listens may end it at once.
  const ended = signalled();
  for (const { face, url, use } of service.listening) {
    say(
      io,
      options.json === true
        ? JSON.stringify({ face, url })
        : `listening on ${url}  (${face}; ${use})`,
    );
  }
  const status = `listening on ${service.listening.map(({ url }) => url).join(', ')}`;
  notifier.ready(status);
  hangUps.answerWith(() => {
    notifier.reloading();
    void service.reload().then(({ outcome }) => {
      notifier.ready(outcome === 'ok' ? status : `${status}; the last reload was refused`);
    });
  });
  await ended;
  hangUps.answerWith(() => undefined);
  log.info({ event: 'stopping' }, 'stopping: what is under way may end');
  await Promise.all([notifier.stopping(), service.close()]);
  log.info({ event: 'stopped' }, 'stopped');
}

/** Sockets that systemd hands over take the place of `socketmap.listen`. */
function withSocketsOf(env: NodeJS.ProcessEnv, options: SharedOptions): SharedOptions {
  const sockets = socketsHandedOver(env, process.pid);
  if (sockets.length === 0) return options;
  return { ...options, socketmap: [...sockets, ...(options.socketmap ?? [])] };
}

interface Started {
  readonly service: Service;
  readonly log: Log;
}

async function start(options: SharedOptions): Promise<Started> {
  const { config, warnings } = configWithWarnings(options);
  const log = createLog(config.log.level, { format: config.log.format });
  for (const { code, line, message, fix } of warnings) {
    log.warn({ event: 'config', code }, `${options.config ?? ''}:${line}: ${message}. ${fix}`);
  }
  const datagramFd = datagramSocketHandedOver(process.env, process.pid);
  try {
    const service = await startService({
      config,
      clock: systemClock,
      log,
      source: configSource(options),
      setLogLevel: (level) => log.setLevel(level),
      ...(datagramFd === undefined ? {} : { datagramFd }),
    });
    return { service, log };
  } catch (error) {
    if (error instanceof StoreError) {
      throw new CommandStop(error.message, EXIT_UNAVAILABLE);
    }
    if (error instanceof SubmissionRefused) {
      throw new CommandStop(`the relay cannot start: ${error.message}`, EXIT_UNAVAILABLE);
    }
    if (error instanceof ReceiverRefused || error instanceof DatagramSocketError) {
      const { code, detail } = error.failure;
      const mend = `    ${ERRORS[code].action}`;
      const text = `TLS reporting cannot start: ${detail} (${code})\n${mend}`;
      throw new CommandStop(text, EXIT_UNAVAILABLE);
    }
    if (error instanceof ListenError) {
      throw new CommandStop(`${error.message} (SOCKETMAP_LISTEN_FAILED)`, EXIT_UNAVAILABLE);
    }
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') {
      throw new CommandStop(
        `${config.http.listen} is in use: stop what listens there, or choose another with --listen`,
        EXIT_UNAVAILABLE,
      );
    }
    if (code === 'EACCES' || code === 'EADDRNOTAVAIL') {
      throw new CommandStop(`cannot listen on ${config.http.listen}: ${code}`, EXIT_UNAVAILABLE);
    }
    throw error;
  }
}

/** Resolves at the first SIGTERM or SIGINT; a second one ends the process as usual. */
async function signalled(): Promise<void> {
  await new Promise<void>((resolve) => {
    const keepAlive = setInterval(() => undefined, 3_600_000);
    const end = (): void => {
      process.off('SIGTERM', end);
      process.off('SIGINT', end);
      clearInterval(keepAlive);
      resolve();
    };
    process.on('SIGTERM', end);
    process.on('SIGINT', end);
  });
}
