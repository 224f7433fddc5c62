/**
 * Runs inside a private machine: the lab, the relay, and one mail server that is both before and behind it.
 *
 * @module
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/clock.ts';
import { labConfig } from '../../src/lab/lab-engine.ts';
import { createShiftingClock } from '../../src/lab/shifting-clock.ts';
import type { LabMessage } from '../../src/lab/types.ts';
import { startWorld } from '../../src/lab/world.ts';
import type { Envelope } from '../../src/smtp/types.ts';
import { connectSmtp } from '../../src/smtp/session.ts';
import { answerQuestions } from './answer-questions.ts';
import { startRelayExim } from './relay-exim.ts';
import { writeRelayFiles } from './relay-files.ts';
import { preparePeerHosts, RELAY_PORTS, type RelayMta } from './relay-hosts.ts';
import { eventually, type QueueSays, startRelayInWorld } from './relay-in-world.ts';
import { startRelayPostfix } from './relay-postfix.ts';
import { run } from './run.ts';

/** What a test may ask; contents are base64. */
export type RelayQuestion =
  /** Hands a message to the mail server, which has the relay as its smart host. */
  | { readonly do: 'hand-in'; readonly envelope: Envelope; readonly content: string }
  /** Hands a message to the relay, whose next hop is the mail server. */
  | { readonly do: 'deliver'; readonly envelope: Envelope; readonly content: string }
  /** What waits is tried again, some minutes later. */
  | { readonly do: 'retry'; readonly id: string; readonly attempt: number }
  | { readonly do: 'end-greylisting' }
  /** What lies in a mailbox of the mail server. */
  | { readonly do: 'stored'; readonly text: string }
  /** What came to `there.test` or `home.test`, which are of the lab. */
  | { readonly do: 'arrived'; readonly text: string }
  /** What Python's mail library makes of it. */
  | { readonly do: 'parse'; readonly content: string };

/** The answer to `deliver` and `retry`. */
export interface Delivery extends Omit<QueueSays, 'events'> {
  /** Of the newest session, e.g. `TLSv1.3`. */
  readonly protocol: string | undefined;
}

/** The answer to `arrived`. */
export type Arrival = Omit<LabMessage, 'content'> & { readonly content: string };

/** Kind, parts, and the fields of the report, as a program that knows nothing of us reads them. */
const READ = `
import email, email.policy, json, sys
mail = email.message_from_binary_file(open(sys.argv[1], 'rb'), policy=email.policy.default)
parts = list(mail.iter_parts())
report = [dict(block.items()) for block in parts[1].get_payload()]
print(json.dumps({
    'type': mail.get_content_type(), 'report': mail.get_param('report-type'),
    'subject': mail['subject'], 'auto': mail['auto-submitted'],
    'parts': [part.get_content_type() for part in parts],
    'text': parts[0].get_content(), 'status': report,
    'defects': [str(defect) for part in mail.walk() for defect in part.defects],
}))`;

/** Longer than the first waits. */
const RETRY_MS = 20 * 60_000;

const SERVERS = { postfix: startRelayPostfix, exim: startRelayExim } as const;

const [, , folder = '', name = ''] = process.argv;
const server = SERVERS[name as keyof typeof SERVERS];
const world = await startWorld({ dnsPort: 53, smtpPort: 25, httpsPort: 443 });
for (const domain of ['there.test', 'home.test']) {
  await world.domain({ name: domain, sts: { mode: 'enforce' } });
}
const hosts = await preparePeerHosts(world, folder);
const clock = createShiftingClock();
const relay = await startRelayInWorld({
  config: labConfig(world, {
    policyFetch: { allowAddresses: ['127.0.0.0/8'] },
    relay: {
      listen: [`127.0.0.1:${RELAY_PORTS.startTls}`],
      listenTls: [`127.0.0.1:${RELAY_PORTS.tls}`],
      ...(await writeRelayFiles(folder, world.ca)),
    },
  }),
  clock,
  ca: world.ca.rootPem,
});
const mta: RelayMta = await server({ folder, caFile: world.caFile, hosts });

await answerQuestions(async (question) => await answer(question as RelayQuestion));

async function answer(question: RelayQuestion): Promise<unknown> {
  switch (question.do) {
    case 'hand-in':
      return await handIn(question.envelope, bytes(question.content));
    case 'deliver': {
      const { envelope, content } = question;
      return summary(await relay.send({ envelope, text: bytes(content) }));
    }
    case 'retry':
      clock.skip(RETRY_MS);
      return summary(await relay.follow(question.id, question.attempt));
    case 'end-greylisting':
      mta.endGreylisting();
      return {};
    case 'stored': {
      const mail = await eventually(() => mta.stored(question.text), missing(question.text));
      return { content: mail.toString('base64') };
    }
    case 'arrived':
      return await arrived(question.text);
    case 'parse':
      return await parse(bytes(question.content));
    default:
      return question satisfies never;
  }
}

function missing(text: string): () => string {
  return () => `${text}\n${mta.log().slice(-4_000)}`;
}

function bytes(content: string): Buffer {
  return Buffer.from(content, 'base64');
}

function summary({ line, waiting, events }: QueueSays): Delivery {
  return { line, waiting, protocol: events.at(-1)?.event.tls?.protocol };
}

/** What the mail server answers to it at last. */
async function handIn(envelope: Envelope, content: Buffer): Promise<unknown> {
  const { port } = mta;
  const where = { address: '127.0.0.1', host: '127.0.0.1', port, heloName: 'client.test' };
  const connected = await connectSmtp({ ...where, clock: systemClock });
  if (!connected.ok) throw new Error(connected.failure.detail);
  const session = connected.value;
  session.accept({ deliver: true });
  const results = await session.send(envelope, [content]);
  await session.quit();
  return results;
}

async function arrived(text: string): Promise<Arrival> {
  const { content, ...rest } = await eventually(
    () =>
      ['there.test', 'home.test']
        .flatMap((domain) => world.domains.get(domain)?.host.messages ?? [])
        .find((message) => Buffer.from(message.content).includes(text)),
    missing(text),
  );
  return { ...rest, content: Buffer.from(content).toString('base64') };
}

async function parse(content: Buffer): Promise<unknown> {
  const file = join(folder, 'letter.eml');
  writeFileSync(file, content);
  return JSON.parse(await run('/usr/bin/python3', '-c', READ, file)) as unknown;
}
