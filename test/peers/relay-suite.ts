/**
 * What the relay and a real mail server must manage together, in both directions.
 *
 * @module
 */
import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { after, before, describe, it } from 'node:test';
import type { Envelope, RecipientResult } from '../../src/smtp/types.ts';
import { type Machine, startMachine } from './namespace.ts';
import { traceOf } from './relay-bench.ts';
import type { HostKind, Way } from './relay-hosts.ts';
import type { Arrival, Delivery, RelayQuestion } from './relay-machine.ts';

interface Letter {
  readonly type: string;
  readonly report: string;
  readonly subject: string;
  readonly auto: string;
  readonly parts: readonly string[];
  readonly text: string;
  readonly status: readonly Readonly<Record<string, string>>[];
  readonly defects: readonly string[];
}

/** The tests. */
export function relayWith(name: 'postfix' | 'exim'): void {
  let machine: Machine;
  const ask = async <Answer>(question: RelayQuestion): Promise<Answer> =>
    await machine.ask<Answer>(question);

  before(() => {
    const program = join(import.meta.dirname, 'relay-machine.ts');
    machine = startMachine({ peer: name, program, args: [name] });
  });
  after(async () => {
    await machine.stop();
  });

  const arrived = async (text: string): Promise<Arrival> => await ask({ do: 'arrived', text });
  const stored = async (text: string): Promise<Buffer> => {
    const { content } = await ask<{ content: string }>({ do: 'stored', text });
    return Buffer.from(content, 'base64');
  };
  const deliver = async (kind: HostKind, options: Partial<Outgoing> = {}): Promise<Delivery> => {
    const { content = message(randomUUID()), envelope } = options;
    return await ask<Delivery>({
      do: 'deliver',
      envelope: {
        from: 'alice@home.test',
        recipients: [{ address: `bob@${kind}.peer.test` }],
        body: '8BITMIME',
        ...envelope,
      },
      content: content.toString('base64'),
    });
  };

  describe(`${name} has the relay as its smart host`, () => {
    const handIn = async (way: Way, options: Partial<Outgoing> = {}): Promise<Arrival> => {
      const mark = randomUUID();
      const { content = message(mark), envelope } = options;
      const results = await ask<readonly RecipientResult[]>({
        do: 'hand-in',
        envelope: {
          from: `${way}@peer.test`,
          recipients: [{ address: 'bob@there.test' }],
          body: '8BITMIME',
          ...envelope,
        },
        content: content.toString('base64'),
      });
      assert.equal(results[0]?.status, 'delivered', JSON.stringify(results));
      return await arrived(markOf(content));
    };

    const PROTOCOLS = {
      plain: /with ESMTP id /,
      tls: /with ESMTPS id /,
      sasl: /with ESMTPSA id /,
      wrapped: /with ESMTPSA id /,
    } as const;
    for (const way of ['plain', 'tls', 'sasl', 'wrapped'] as const) {
      it(`${way}: the message goes on as it is, under the policy of its domain`, async () => {
        const content = message(randomUUID());
        const got = await handIn(way, { content });
        const text = Buffer.from(got.content, 'base64');
        assert.match(traceOf(text), PROTOCOLS[way]);
        assert.equal(got.tls?.protocol, 'TLSv1.3');
        assert.deepEqual(got.recipients, ['bob@there.test']);
        assert.equal(ownPart(text).toString(), content.toString());
      });
    }

    it('10 MB go through octet for octet', async () => {
      const content = message(randomUUID(), bulk(10_000_000));
      const got = await handIn('sasl', { content });
      assert.ok(ownPart(Buffer.from(got.content, 'base64')).equals(content));
    });

    it('DSN-3461-1: wishes for notices go through', async () => {
      const got = await handIn('tls', {
        envelope: {
          ret: 'HDRS',
          envid: 'order=17',
          recipients: [
            { address: 'bob@there.test', notify: ['FAILURE'], orcpt: 'rfc822;bob@first.test' },
          ],
        },
      });
      assert.ok(got.mailParameters.includes('RET=HDRS'), got.mailParameters.join(' '));
      assert.ok(got.mailParameters.some((each) => each.toUpperCase() === 'ENVID=ORDER+3D17'));
    });

    it('SMTPUTF8 goes through', async () => {
      const got = await handIn('tls', {
        envelope: { recipients: [{ address: 'büro@there.test' }], smtpUtf8: true },
      });
      assert.deepEqual(got.recipients, ['büro@there.test']);
      assert.ok(got.mailParameters.includes('SMTPUTF8'));
    });
  });

  describe(`the relay delivers to ${name}`, () => {
    it('STS-4.2-1, SMTP-6.1-1: a valid certificate: verified, and as it was handed in', async () => {
      const content = message(randomUUID());
      const { line, waiting } = await deliver('good', { content });
      assert.equal(line.status, 'delivered', JSON.stringify(line));
      assert.equal(line.tls, 'authenticated');
      assert.equal(waiting, undefined);
      const mail = await stored(markOf(content));
      assert.equal(ownPart(mail).toString(), lineFeeds(content));
    });

    it('10 MB with dots and long lines arrive octet for octet', async () => {
      const content = message(randomUUID(), bulk(10 * 1024 * 1024));
      const { line } = await deliver('good', { content });
      assert.equal(line.status, 'delivered', JSON.stringify(line));
      assert.ok(ownPart(await stored(markOf(content))).equals(Buffer.from(lineFeeds(content))));
    });

    it('STS-5-1, STS-4.2-1: an expired certificate: it waits', async () => {
      const { line, waiting } = await deliver('expired');
      assert.equal(line.status, 'deferred');
      assert.equal(line.code, 'TLS_CERTIFICATE_EXPIRED');
      assert.equal(waiting?.attempts, 1);
    });

    it('STS-5-1: no STARTTLS: it waits', async () => {
      const { line, waiting } = await deliver('no-tls');
      assert.equal(line.status, 'deferred');
      assert.equal(line.code, 'SMTP_STARTTLS_NOT_OFFERED');
      assert.equal(waiting?.attempts, 1);
    });

    it('DANE-7672-2.2-1: a certificate that nobody but a TLSA record vouches for: verified', async () => {
      const { line } = await deliver('dane');
      assert.equal(line.status, 'delivered', JSON.stringify(line));
      assert.deepEqual([line.tls, line.requirement], ['authenticated', 'dane']);
    });

    it('DANE-7672-2.2-1: and where the record is about another one: it waits', async () => {
      const { line, waiting } = await deliver('dane-other');
      assert.deepEqual([line.status, line.code], ['deferred', 'DANE_NO_MATCH']);
      assert.equal(waiting?.attempts, 1);
    });

    it('TLS 1.2, and a server that asks for a certificate of ours', async () => {
      const { line, protocol } = await deliver('tls-1.2');
      assert.equal(line.status, 'delivered', JSON.stringify(line));
      assert.deepEqual([line.tls, protocol], ['authenticated', 'TLSv1.2']);
    });

    it('a kept session that the server has ended costs nothing', async () => {
      for (let time = 0; time < 3; time += 1) {
        const { line } = await deliver('hasty');
        assert.equal(line.status, 'delivered', JSON.stringify(line));
        await setTimeout(time === 0 ? 1_500 : 900);
      }
    });

    it('SMTP-6.1-1: more recipients than the host takes at once: the rest is next', async () => {
      const content = message(randomUUID());
      const recipients = Array.from({ length: 25 }, (_, number) => ({
        address: `r${number}@few.peer.test`,
      }));
      const { line, waiting } = await deliver('few', { content, envelope: { recipients } });
      assert.equal(line.status, 'delivered', JSON.stringify(line));
      assert.equal(waiting, undefined);
    });

    it('SMTP-4.5.4.1-1: greylisted: it waits, and arrives at the next attempt', async () => {
      const content = message(randomUUID());
      const { line } = await deliver('greylist', { content });
      assert.equal(line.status, 'deferred');
      assert.match(line.reply ?? '', /450 4\.7\.1 .*Greylisted/);
      await ask({ do: 'end-greylisting' });
      const second = await ask<Delivery>({ do: 'retry', id: line.id, attempt: 2 });
      assert.equal(second.line.status, 'delivered', JSON.stringify(second.line));
      assert.equal(second.waiting, undefined);
      await stored(markOf(content));
    });

    it('DSN-6522-3-1, DSN-3464-2.2-1, DSN-3464-2.3-1: a full mailbox: returned, and a stranger can read why', async () => {
      const content = message(randomUUID());
      const { line, waiting } = await deliver('full', { content });
      assert.equal(line.status, 'failed');
      assert.equal(waiting, undefined);
      const back = await arrived('bob@full.peer.test');
      assert.equal(back.from, '');
      assert.deepEqual(back.recipients, ['alice@home.test']);
      const letter = await ask<Letter>({ do: 'parse', content: back.content });
      assert.deepEqual(letter.defects, []);
      assert.equal(letter.type, 'multipart/report');
      assert.equal(letter.report, 'delivery-status');
      assert.equal(letter.auto, 'auto-replied');
      assert.deepEqual(letter.parts.slice(0, 2), ['text/plain', 'message/delivery-status']);
      assert.match(letter.text, /mailbox/i);
      const [whole, recipient] = letter.status;
      assert.match(whole?.['Reporting-MTA'] ?? '', /^dns; ?sender\.lab\.test$/);
      assert.match(recipient?.['Final-Recipient'] ?? '', /^rfc822; ?bob@full\.peer\.test$/);
      assert.equal(recipient?.['Action'], 'failed');
      assert.equal(recipient?.['Status'], '5.2.2');
      assert.match(recipient?.['Remote-MTA'] ?? '', /^dns; ?mx\.full\.peer\.test$/);
      assert.match(recipient?.['Diagnostic-Code'] ?? '', /^smtp; ?552 5\.2\.2 .*Mailbox full/);
    });

    it('SMTP-6.1-1: the mail server takes the notice of the relay as any other message', async () => {
      const content = message(randomUUID());
      const envelope = { from: 'carol@good.peer.test' };
      const { line } = await deliver('full', { content, envelope });
      assert.equal(line.status, 'failed');
      const letter = await stored('carol@good.peer.test');
      assert.match(letter.toString(), /^Return-path: <>$/im);
      assert.ok(letter.includes(markOf(content)), 'the message is not returned');
    });

    it('a notice with addresses in UTF-8 is taken as well (RFC 6533)', async () => {
      const recipients = [{ address: 'größe@full.peer.test' }];
      const envelope = { from: 'bücher@good.peer.test', recipients, smtpUtf8: true };
      const { line } = await deliver('full', { envelope });
      assert.equal(line.status, 'failed');
      const letter = (await stored('bücher@good.peer.test')).toString();
      assert.match(letter, /report-type="?delivery-status"?/);
      assert.match(letter, /^Content-Type: message\/global-delivery-status/im);
      assert.match(letter, /^Final-Recipient: utf-8; ?größe@full\.peer\.test$/m);
      assert.match(letter, /^Status: 5\.2\.2$/m);
    });

    it('a message larger than SIZE says is not even begun, and returned', async () => {
      const { line } = await deliver('small', { content: message(randomUUID(), bulk(20_000)) });
      assert.equal(line.status, 'failed', JSON.stringify(line));
      assert.equal(line.code, 'SMTP_MESSAGE_TOO_LARGE');
      const back = await arrived('bob@small.peer.test');
      const letter = await ask<Letter>({ do: 'parse', content: back.content });
      assert.equal(letter.status[1]?.['Status'], '5.3.4');
    });

    it('a host without PIPELINING, DSN, SIZE and CHUNKING gets the same octets', async () => {
      const content = ascii(message(randomUUID(), bulk(100_000)));
      const { line } = await deliver('bare', { content, envelope: { body: '7BIT' } });
      assert.equal(line.status, 'delivered', JSON.stringify(line));
      assert.ok(ownPart(await stored(markOf(content))).equals(Buffer.from(lineFeeds(content))));
    });

    it('RT-4.2.1-4, RT-4.2.1-5: REQUIRETLS, and the host does not offer it: returned', async () => {
      const content = message(randomUUID());
      const { line } = await deliver('good', {
        content,
        envelope: { requireTls: true, recipients: [{ address: 'secret@good.peer.test' }] },
      });
      assert.equal(line.status, 'failed', JSON.stringify(line));
      assert.equal(line.code, 'POLICY_REQUIRETLS_UNSUPPORTED');
      const back = await arrived('secret@good.peer.test');
      const letter = await ask<Letter>({ do: 'parse', content: back.content });
      assert.equal(letter.status[1]?.['Status'], '5.7.30');
    });

    it('DSN-3461-1: a host with DSN tells of the success itself', async () => {
      const to = `success-${randomUUID()}@good.peer.test`;
      const { line } = await deliver('good', {
        envelope: { envid: 'q', recipients: [{ address: to, notify: ['SUCCESS'] }] },
      });
      assert.equal(line.status, 'delivered', JSON.stringify(line));
      const back = await arrived(to);
      const letter = await ask<Letter>({ do: 'parse', content: back.content });
      assert.match(letter.status[0]?.['Reporting-MTA'] ?? '', /peer\.test$/);
      assert.equal(letter.status[1]?.['Action'], 'delivered');
    });

    it('DSN-3461-1: for a host without DSN the relay says that it handed the message on', async () => {
      const to = `success-${randomUUID()}@bare.peer.test`;
      const { line } = await deliver('bare', {
        content: ascii(message(randomUUID())),
        envelope: {
          body: '7BIT',
          envid: 'order=17',
          recipients: [{ address: to, notify: ['SUCCESS'] }],
        },
      });
      assert.equal(line.status, 'delivered', JSON.stringify(line));
      const back = await arrived(to);
      const letter = await ask<Letter>({ do: 'parse', content: back.content });
      assert.deepEqual(letter.defects, []);
      assert.match(letter.status[0]?.['Reporting-MTA'] ?? '', /sender\.lab\.test$/);
      assert.equal(letter.status[0]?.['Original-Envelope-Id'], 'order=17');
      assert.equal(letter.status[1]?.['Action'], 'relayed');
    });
  });
}

interface Outgoing {
  readonly content: Buffer;
  readonly envelope: Partial<Envelope>;
}

const TRICKY = ['.', '..', '.one dot', '', 'From here', 'ü', 'x'.repeat(990), ' ', '--', ''];

/** A message whose id has the mark in it. */
function message(mark: string, body = ''): Buffer {
  const lines = [
    `Message-ID: <${mark}@home.test>`,
    'Date: Mon, 01 Jan 2026 00:00:00 +0000',
    'From: alice@home.test',
    'To: undisclosed-recipients:;',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: 8bit',
    '',
    ...TRICKY,
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n${body}`);
}

/** Lines of all lengths up to the longest. */
function bulk(octets: number): string {
  const letters = randomBytes(750).toString('base64').replaceAll('=', '.');
  const lines: string[] = [];
  for (let length = 0, at = 0; length < octets; at = (at + 7) % 990) {
    lines.push(`.${letters.slice(0, at)}`);
    length += at + 3;
  }
  return `${lines.join('\r\n')}\r\n`;
}

/** Hosts without 8BITMIME take no more. */
function ascii(content: Buffer): Buffer {
  return Buffer.from(content.toString('latin1').replaceAll(/[^\0-\x7f]/g, '?'));
}

function markOf(content: Buffer): string {
  return /^Message-ID: <(.+)@/.exec(content.toString('latin1', 0, 200))?.[1] ?? '';
}

/** Without what those under way put in front. */
function ownPart(content: Buffer): Buffer {
  return content.subarray(content.indexOf('Message-ID: <'));
}

/** Mailboxes on disk have other line ends. */
function lineFeeds(content: Buffer): string {
  return content.toString().replaceAll('\r\n', '\n');
}
