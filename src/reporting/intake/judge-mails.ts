/**
 * Who sent the mails that reports came in: their signatures are looked at before a report is
 * unpacked, so that nothing large waits for DNS.
 *
 * @module
 */
import type { Clock } from '../../clock.ts';
import type { ReportReceiveSettings } from '../../config/reporting-types.ts';
import type { Resolver } from '../../dns/types.ts';
import type { MailFacts } from '../mail/types.ts';
import type { checkMail, JudgeReport } from '../mail/verify-mail.ts';

/** What looking at them needs. */
export interface JudgeContext {
  readonly resolver: Resolver;
  readonly clock: Clock;
  readonly settings: Pick<ReportReceiveSettings, 'requireTlsrptKey'>;
  readonly check: typeof checkMail;
}

/** All keys of a message, the mails forwarded in it too, are looked up within this time, milliseconds. */
const KEYS_WITHIN_MS = 10_000;

/** Looks at each mail once, however many reports it has. */
export async function judgeMails(
  mails: Iterable<MailFacts>,
  { resolver, clock, settings, check }: JudgeContext,
): Promise<(mail: MailFacts) => JudgeReport> {
  const judges = new Map<Uint8Array, JudgeReport>();
  const over = new AbortController();
  const timer = clock.after(KEYS_WITHIN_MS, () => over.abort());
  try {
    for (const { message } of mails) {
      if (judges.has(message)) continue;
      const judge = await check({
        message,
        resolver,
        requireTlsrptKey: settings.requireTlsrptKey,
        now: clock.now(),
        signal: over.signal,
      });
      judges.set(message, judge);
    }
  } finally {
    timer.cancel();
  }
  return ({ message }) => judges.get(message)!;
}
