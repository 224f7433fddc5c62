/**
 * The other end of the control socket.
 *
 * @module
 */
import { request } from 'node:http';
import { fail, ok, type Outcome } from '../failure.ts';

/** What is asked. */
export interface ControlRequest {
  /** Path of the socket. */
  readonly socket: string;
  readonly method: 'GET' | 'POST';
  /** E.g. `/reload`. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: object;
}

/** A reload may wait for another one, and for the database. */
const TIMEOUT_MS = 30_000;

/**
 * Asks the running service.
 *
 * @returns its JSON, also where it refused; `CONTROL_NOT_RUNNING` if nobody listens,
 *   `CONTROL_ANSWER_INVALID` if what listens says something else
 */
export async function askControl(asked: ControlRequest): Promise<Outcome<unknown>> {
  const { socket, method, path, body } = asked;
  return await new Promise((resolve) => {
    const sent = request({ socketPath: socket, method, path, timeout: TIMEOUT_MS }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('error', (error) => resolve(notRunning(socket, error)));
      response.on('end', () => resolve(readAnswer(socket, Buffer.concat(pieces).toString())));
    });
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
    sent.on('error', (error) => resolve(notRunning(socket, error)));
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function readAnswer(socket: string, text: string): Outcome<unknown> {
  try {
    return ok(JSON.parse(text) as unknown);
  } catch {
    const shown = JSON.stringify(text.slice(0, 60));
    return fail('CONTROL_ANSWER_INVALID', `${socket} answers ${shown}, which is no JSON`);
  }
}

function notRunning(socket: string, error: NodeJS.ErrnoException): Outcome<never> {
  const { code, message } = error;
  if (code === 'EACCES' || code === 'EPERM') {
    return fail(
      'CONTROL_NOT_RUNNING',
      `${socket} belongs to another user: run this as the service`,
    );
  }
  const nobody = code === 'ENOENT' || code === 'ECONNREFUSED';
  return fail(
    'CONTROL_NOT_RUNNING',
    nobody ? `no service listens at ${socket}` : `${socket}: ${message}`,
  );
}
