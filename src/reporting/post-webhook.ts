/**
 * Telling a webhook: the address is the operator's own, so it may be anywhere.
 *
 * @module
 */
import type { PostWebhook } from './alert/types.ts';
import type { SendResult } from './types.ts';

const PATIENCE_MS = 15_000;

/** POSTs JSON once. 2xx alone is success; nothing is followed. */
export const postWebhook: PostWebhook = async (url, json, signal) => {
  const limit = AbortSignal.timeout(PATIENCE_MS);
  try {
    const response = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'content-type': 'application/json', 'user-agent': 'smtp-sts' },
      body: json,
      signal: signal === undefined ? limit : AbortSignal.any([limit, signal]),
    });
    await response.body?.cancel();
    return verdict(response.status);
  } catch (error) {
    const { message, cause } = error as Error;
    const why = cause instanceof Error ? cause.message : message;
    return { kind: 'later', failure: { code: 'ALERT_NOT_SENT', detail: why } };
  }
};

function verdict(status: number): SendResult {
  if (status >= 200 && status < 300) return { kind: 'accepted', text: `status ${status}` };
  return { kind: 'later', failure: { code: 'ALERT_NOT_SENT', detail: `status ${status}` } };
}
