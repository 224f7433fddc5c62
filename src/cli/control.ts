/**
 * How commands reach the service that runs on this machine.
 *
 * @module
 */
import type { Config } from '../config/types.ts';
import type { Outcome } from '../failure.ts';
import { askControl } from '../policy-server/control-client.ts';

/** Whether a running service knows of a change. */
export type Told =
  /** It has effect there now. */
  | 'told'
  /** None runs here; one elsewhere on the same store finds out by itself. */
  | 'not-running'
  /** One runs, and did not take it well. */
  | 'failed';

/** The outcome of telling, with what the service answered. */
export interface Telling {
  readonly told: Told;
  readonly answer?: unknown;
  /** What went wrong, for a person. */
  readonly detail?: string;
}

/** Tells the running service, if there is one. Never throws: the change itself is made already. */
export async function tellService(config: Config, path: string, body?: object): Promise<Telling> {
  const socket = config.control.socket;
  if (socket === '') return { told: 'not-running' };
  const answer: Outcome<unknown> = await askControl({
    socket,
    method: 'POST',
    path,
    ...(body === undefined ? {} : { body }),
  });
  if (!answer.ok) {
    const { code, detail } = answer.failure;
    return { told: code === 'CONTROL_NOT_RUNNING' ? 'not-running' : 'failed', detail };
  }
  const error = errorOf(answer.value);
  return error === undefined
    ? { told: 'told', answer: answer.value }
    : { told: 'failed', detail: error };
}

function errorOf(answer: unknown): string | undefined {
  if (typeof answer !== 'object' || answer === null || !('error' in answer)) return undefined;
  const { error } = answer as { readonly error: { readonly detail?: string } };
  return error.detail ?? 'no reason given';
}
