/**
 * A message in trouble, for tests of notifications.
 *
 * @module
 */
import assert from 'node:assert/strict';
import type { Failure } from '../../failure.ts';
import type { Reply } from '../../smtp/types.ts';
import type { AttemptEvent } from '../../tls-policy/attempt-event.ts';
import { evaluate } from '../../tls-policy/evaluate.ts';
import {
  hostEvidence,
  KNOBS,
  mxEvidence,
  NOW as GATHERED,
  stsPolicy,
} from '../../tls-policy/evidence.fixture.ts';
import type { DecisionRecord, Evidence, Requirement } from '../../tls-policy/types.ts';
import type { Notification, QueuedMessage } from '../queue/types.ts';
import { notificationsFor } from './notices.ts';
import { readReport, type Report } from './mime-reader.fixture.ts';
import type { NoticeOptions, NoticeRecipient } from './types.ts';

const HOUR = 3_600_000;

/** When the newest attempt ended: five days after the message came. */
export const NOW = GATHERED + 120 * HOUR;
/** The author. */
export const AUTHOR = 'alice@sender.test';
/** The MX host of all these tests. */
export const MX = 'mx1.example.test';

/** A small message. */
export const ORIGINAL = [
  'From: Alice <alice@sender.test>',
  'To: bob@example.test',
  'Subject: The contract',
  'Message-ID: <m1@sender.test>',
  '',
  'Here it is.',
  '',
].join('\r\n');

/** What a test may set of the message. */
export type MessageParts = Partial<QueuedMessage['envelope']> &
  Partial<Pick<QueuedMessage, 'tlsRequiredNo' | 'messageIdHeader' | 'size'>>;

/** A queued message. */
export function queued({
  tlsRequiredNo = false,
  messageIdHeader = '<m1@sender.test>',
  size = ORIGINAL.length,
  ...envelope
}: MessageParts = {}): QueuedMessage {
  return {
    id: '4fz2k9w1',
    acceptedAt: GATHERED,
    envelope: { from: AUTHOR, ...envelope },
    origin: { via: 'submission', user: 'alice' },
    tlsRequiredNo,
    messageIdHeader,
    size,
  };
}

/** Content in one piece. */
export function contentOf(text: string | Uint8Array): () => Iterable<Uint8Array> {
  return () => [typeof text === 'string' ? Buffer.from(text) : text];
}

/** A decision for example.test with one MX host. */
export function decisionOf(evidence: Partial<Evidence> = {}): DecisionRecord {
  const whole = mxEvidence([hostEvidence(MX)], { sts: stsPolicy('enforce', [MX]), ...evidence });
  return { version: 1, evidence: whole, knobs: KNOBS, policy: evaluate(whole, KNOBS) };
}

/** An attempt at the MX host that a failure ended. */
export function attempt(failure: Failure, requirement: Requirement): AttemptEvent {
  return {
    host: MX,
    address: '192.0.2.1',
    port: 25,
    preference: 10,
    requirement,
    level: { mx: 'none', tls: 'authenticated' },
    outcome: 'refused',
    failure,
    startedAt: NOW - 1000,
    endedAt: NOW,
  };
}

/** What must be told, with the usual in all places that a test does not fill. */
export function notice(options: Partial<NoticeOptions> = {}): NoticeOptions {
  return {
    kind: 'failed',
    message: queued(),
    content: contentOf(ORIGINAL),
    recipients: [{ address: 'bob@example.test' }],
    destination: 'example.test',
    attempts: 31,
    reportingMta: 'relay.sender.test',
    now: NOW,
    ...options,
  };
}

/** A failure under an enforced policy of example.test that lasted until the message's time was up. */
export function blocked(failure: Failure, more: Partial<NoticeOptions> = {}): NoticeOptions {
  const sts: Requirement = {
    kind: 'sts',
    sts: { policyDomain: 'example.test', mode: 'enforce', id: 'id1', host: MX, mxMatches: true },
  };
  return notice({
    ending: 'expired',
    decision: decisionOf(),
    events: [attempt(failure, sts)],
    recipients: [{ address: 'bob@example.test', failure }],
    ...more,
  });
}

/** A recipient that a server refused. */
export function refusedBy(reply: Reply, more: Partial<NoticeRecipient> = {}): NoticeRecipient {
  const detail = `${MX} answered RCPT with ${reply.code}`;
  return {
    address: 'bob@example.test',
    failure: { code: 'SMTP_RCPT_REFUSED', detail },
    reply,
    host: MX,
    ...more,
  };
}

/** The one notification that comes of it. */
export function onlyNotification(options: NoticeOptions): Notification {
  const { notifications } = notificationsFor(options);
  const [first, ...more] = notifications;
  assert.ok(first !== undefined && more.length === 0, 'exactly one notification');
  return first;
}

/** The same, read back strictly. */
export async function reportOf(options: NoticeOptions): Promise<Report> {
  const { message, content } = onlyNotification(options);
  return await readReport(content, { utf8Header: message.envelope.smtpUtf8 === true });
}
