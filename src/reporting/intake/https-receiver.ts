/**
 * The HTTPS endpoint for reports: `POST /v1/reports/TOKEN` (RFC 8460 §5.4). Who posts is not known,
 * so what comes is never trusted for its sender; `X-Forwarded-For` is not read.
 *
 * @module
 */
import { createServer as createPlainServer, type Server } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { ReportReceiveSettings } from '../../config/reporting-types.ts';
import { ERRORS } from '../../errors.ts';
import { fail, ok, type Outcome } from '../../failure.ts';
import { listenErrorOf } from '../../listen/listen-error.ts';
import { parseSocketAddress } from '../../listen/socket-address.ts';
import { loadOwnCertificate, type LoadedCertificate } from '../../tls/own-certificate.ts';
import { clientKey } from './client-key.ts';
import { createHttpHandler, type HttpHandler } from './http-handler.ts';
import { REPORTS_PATH } from './http-request.ts';
import { type ReceiverOptions, ReceiverRefused } from './receiver-types.ts';

/** Connections at once, and of one client. */
const MAX_CONNECTIONS = 256;
const MAX_CONNECTIONS_PER_CLIENT = 32;
/** How long requests under way may take to end, milliseconds. */
const CLOSE_GRACE_MS = 5_000;
/** Times of the HTTP layer, milliseconds. A body has its own. */
const TIMES = {
  headersTimeout: 10_000,
  requestTimeout: 120_000,
  keepAliveTimeout: 10_000,
  connectionsCheckingInterval: 5_000,
} as const;
const HTTP = { ...TIMES, maxHeaderSize: 16_384, insecureHTTPParser: false } as const;

/** The open endpoint. */
export interface HttpsReceiver {
  /** With the real port and the token: what `rua` names, as this machine sees it. */
  readonly url: string;
  /** Reads the certificate again; a failure leaves the old one in use. */
  reload(): Outcome<undefined>;
  /** Lets requests under way end. */
  close(): Promise<void>;
}

type CertificateSettings = Pick<ReportReceiveSettings['https'], 'certFile' | 'keyFile'>;

/**
 * Listens where `reporting.receive.https.listen` says: with TLS where a certificate is named, else
 * without, behind a proxy.
 *
 * @throws {ReceiverRefused} the certificate cannot be used
 * @throws {ListenError} the address cannot be
 */
export async function startHttpsReceiver(options: ReceiverOptions): Promise<HttpsReceiver> {
  const { settings, clock, log } = options;
  const certificate = loadCertificate(settings().https);
  if (!certificate.ok) throw new ReceiverRefused(certificate.failure);
  warnOfUselessness(options);
  const handler = createHttpHandler(options);
  const server =
    certificate.value === undefined
      ? createPlainServer(HTTP)
      : createTlsServer({ ...HTTP, ...certificate.value.options, handshakeTimeout: 10_000 });
  server.on('request', (request, response) => void handler.handle(request, response));
  server.on('checkContinue', (request, response) => {
    void handler.handle(request, response, () => response.writeContinue());
  });
  limitConnections(server, options);
  await listen(server, settings().https.listen);
  const scheme = certificate.value === undefined ? 'http' : 'https';
  return {
    get url() {
      const { token } = settings().https;
      return `${scheme}://${authorityOf(server)}${REPORTS_PATH}${token === '' ? '' : `/${token}`}`;
    },
    reload() {
      const next = loadCertificate(settings().https);
      const hadTls = certificate.value !== undefined;
      if (!next.ok) {
        const { code, detail } = next.failure;
        log.error(
          { event: 'report-certificate-refused', code, detail },
          `${detail} (${code}); the certificate of the report endpoint stays as it was. ${ERRORS[code].action}`,
        );
        return next;
      }
      if (hadTls !== (next.value !== undefined)) {
        log.warn(
          { event: 'listen-unchanged' },
          'whether the report endpoint speaks TLS only changes with a restart',
        );
      } else if (next.value !== undefined) {
        (server as TlsServer).setSecureContext(next.value.options);
      }
      return ok(undefined);
    },
    close: async () => await close(server, { handler, clock }),
  };
}

function loadCertificate(settings: CertificateSettings): Outcome<LoadedCertificate | undefined> {
  const { certFile, keyFile } = settings;
  if (certFile === undefined && keyFile === undefined) return ok(undefined);
  if (certFile === undefined || keyFile === undefined) {
    return fail(
      'REPORT_RECEIVER_CERTIFICATE_INVALID',
      'cert_file and key_file of reporting.receive.https are only of use together',
    );
  }
  const loaded = loadOwnCertificate({ certFile, keyFile });
  if ('wrong' in loaded) return fail('REPORT_RECEIVER_CERTIFICATE_INVALID', loaded.wrong);
  return ok(loaded);
}

/** Not wrong, but nothing would ever be kept. */
function warnOfUselessness({ settings, log }: ReceiverOptions): void {
  if (settings().unauthenticated !== 'refuse') return;
  log.warn(
    { event: 'reports-all-refused' },
    'reports are taken by HTTPS, and reporting.receive.unauthenticated is refuse: nobody can prove by HTTPS who they are, so every one is refused',
  );
}

/** Slow clients fill no more than their share of the connections. */
function limitConnections(server: Server, { metrics }: ReceiverOptions): void {
  const open = new Map<string, number>();
  server.maxConnections = MAX_CONNECTIONS;
  server.on('drop', () => metrics?.atTheDoor('https', 'too-many-connections'));
  server.on('connection', (socket: Socket) => {
    const key = clientKey(socket.remoteAddress);
    const count = (open.get(key) ?? 0) + 1;
    open.set(key, count);
    socket.once('close', () => {
      const left = open.get(key)! - 1;
      if (left === 0) open.delete(key);
      else open.set(key, left);
    });
    if (count <= MAX_CONNECTIONS_PER_CLIENT) return;
    metrics?.atTheDoor('https', 'too-many-connections');
    socket.destroy();
  });
}

async function listen(server: Server, where: string): Promise<void> {
  const address = parseSocketAddress(where);
  if (address.kind !== 'tcp') throw listenErrorOf(where, new Error('it is no address:port'));
  await new Promise<void>((resolve, reject) => {
    const onError = (error: Error): void => reject(listenErrorOf(where, error));
    server.once('error', onError);
    server.listen({ port: address.port, host: address.host }, () => {
      server.off('error', onError);
      resolve();
    });
  });
}

function authorityOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo;
  return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`;
}

async function close(
  server: Server,
  { handler, clock }: { readonly handler: HttpHandler } & Pick<ReceiverOptions, 'clock'>,
): Promise<void> {
  handler.goAway();
  await new Promise<void>((resolve) => {
    const timer = clock.after(CLOSE_GRACE_MS, () => server.closeAllConnections());
    // Idle connections end with it.
    server.close(() => {
      timer.cancel();
      resolve();
    });
  });
}
