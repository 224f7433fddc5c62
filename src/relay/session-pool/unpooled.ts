/**
 * A session for each message, closed after it.
 *
 * @module
 */
import { openSession } from '../../tls-policy/session.ts';
import type { SessionSource } from './types.ts';

/** Opens a session for each lease and closes it at its end. */
export const unpooled: SessionSource = {
  async lease({ open }) {
    const attempt = await openSession(open);
    return {
      attempt,
      reused: false,
      release: async () => {
        if (attempt.kind === 'ready') await attempt.session.quit();
      },
    };
  },
};
