/**
 * The register of every error code. A code is API: it is never renamed and never reused.
 * `docs/errors.md` is made from this register.
 *
 * @module
 */
import { CONFIG_ERRORS } from './errors/config.ts';
import { DANE_ERRORS } from './errors/dane.ts';
import { DNS_ERRORS } from './errors/dns.ts';
import { HTTP_ERRORS } from './errors/http.ts';
import { OVERRIDE_ERRORS } from './errors/override.ts';
import { POLICY_ERRORS } from './errors/policy.ts';
import { QUEUE_ERRORS } from './errors/queue.ts';
import { RELAY_ERRORS } from './errors/relay.ts';
import { ROUTE_ERRORS } from './errors/route.ts';
import { SMTP_ERRORS } from './errors/smtp.ts';
import { SOCKETMAP_ERRORS } from './errors/socketmap.ts';
import { STORE_ERRORS } from './errors/store.ts';
import { STS_ERRORS } from './errors/sts.ts';
import { SUBMISSION_ERRORS } from './errors/submission.ts';
import { TLS_ERRORS } from './errors/tls.ts';
import { REPORT_ERRORS } from './errors/report.ts';
import { DATAGRAM_ERRORS } from './errors/datagram.ts';
import { REPORT_SEND_ERRORS } from './errors/report-send.ts';
import { DKIM_ERRORS } from './errors/dkim.ts';
import { REPORT_MAIL_ERRORS } from './errors/report-mail.ts';
import { REPORT_INTAKE_ERRORS } from './errors/report-intake.ts';
import { REPORT_RECEIVER_ERRORS } from './errors/report-receiver.ts';
import { ALERT_ERRORS } from './errors/alert.ts';
import { TLSRPT_ERRORS } from './errors/tlsrpt.ts';

/** Every code with what it means, what to do, and the rule behind it. */
export const ERRORS = {
  ...CONFIG_ERRORS,
  ...STORE_ERRORS,
  ...DNS_ERRORS,
  ...TLS_ERRORS,
  ...HTTP_ERRORS,
  ...STS_ERRORS,
  ...DANE_ERRORS,
  ...TLSRPT_ERRORS,
  ...SMTP_ERRORS,
  ...POLICY_ERRORS,
  ...OVERRIDE_ERRORS,
  ...SOCKETMAP_ERRORS,
  ...SUBMISSION_ERRORS,
  ...QUEUE_ERRORS,
  ...RELAY_ERRORS,
  ...ROUTE_ERRORS,
  ...ALERT_ERRORS,
  ...REPORT_INTAKE_ERRORS,
  ...REPORT_RECEIVER_ERRORS,
  ...REPORT_MAIL_ERRORS,
  ...DKIM_ERRORS,
  ...REPORT_SEND_ERRORS,
  ...DATAGRAM_ERRORS,
  ...REPORT_ERRORS,
} as const;

/** A stable error code. */
export type ErrorCode = keyof typeof ERRORS;
