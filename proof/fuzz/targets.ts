/**
 * Every parser that reads what a stranger wrote.
 *
 * @module
 */
import { encode } from 'dns-packet';
import { readConfig } from '../../src/config/load-config.ts';
import { normalizeName, toUnicode } from '../../src/dns/name.ts';
import { writeQuery } from '../../src/dns/query.ts';
import { readReply } from '../../src/dns/reply.ts';
import { parseResolvConf } from '../../src/dns/resolv-conf.ts';
import { readStsPolicy } from '../../src/mta-sts/policy.ts';
import { readStsRecord } from '../../src/mta-sts/record.ts';
import { readCapabilities } from '../../src/smtp/capabilities.ts';
import { parseMailbox } from '../../src/smtp/mailbox.ts';
import { readHeaders } from '../../src/smtp/message.ts';
import { ReplyParser } from '../../src/smtp/reply.ts';
import { decisionFromJson } from '../../src/tls-policy/decision-record.ts';
import { parseNextHop } from '../../src/tls-policy/next-hop.ts';
import { readTlsrptRecord } from '../../src/tlsrpt/record.ts';
import { certificateTargets } from './certificate-targets.ts';
import { reportTargets } from './report-targets.ts';
import { type Target, textTarget } from './target.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** What arrives over the network, then what an operator or a program hands in. */
export const TARGETS: readonly Target[] = [
  textTarget({
    name: 'sts record',
    samples: ['v=STSv1; id=20260101T000000Z; x.y=z;', 'v=STSv1 ;\tid=1'],
    maxSize: 64 * KIB,
    feed: readStsRecord,
  }),
  {
    name: 'sts policy',
    samples: [
      'version: STSv1\r\nmode: enforce\r\nmx: mx1.example.com\r\nmx: *.example.net\r\nmax_age: 604800\r\n',
      'version: STSv1\nmode: none\nmax_age: 0\nx-note: hellö wörld\n\n',
    ].map((text) => Buffer.from(text)),
    maxSize: 64 * KIB,
    feed: (input) => void readStsPolicy(input),
  },
  textTarget({
    name: 'tlsrpt record',
    samples: ['v=TLSRPTv1; rua=mailto:a@example.com,https://example.com/r;', 'v=TLSRPTv1;rua=x:y'],
    maxSize: 64 * KIB,
    feed: readTlsrptRecord,
  }),
  dnsReplyTarget(),
  ...certificateTargets(),
  ...reportTargets(),
  textTarget({
    name: 'next hop',
    samples: ['example.com', '[mx.example.com]:587', '[192.0.2.1]', '[IPv6:2001:db8::1]:25'],
    maxSize: 64 * KIB,
    feed: (text) => parseNextHop(text, 25),
  }),
  textTarget({
    name: 'name',
    samples: ['mx1.Example.COM.', 'bücher.example', 'xn--bcher-kva.example', '_25._tcp.mx.example'],
    maxSize: 64 * KIB,
    feed: (text) => {
      const name = normalizeName(text);
      if (name.ok) toUnicode(name.value);
    },
  }),
  {
    name: 'smtp reply',
    samples: ['250-mx.example.com\r\n250-SIZE 1000\r\n250 STARTTLS\r\n', '550 5.7.1 no\r\n'].map(
      (text) => Buffer.from(text),
    ),
    maxSize: MIB,
    feed: feedReplies,
  },
  textTarget({
    name: 'mailbox',
    samples: ['a@example.com', '"a b"@example.com', 'ü@bücher.example', 'a@[IPv6:2001:db8::1]'],
    maxSize: 64 * KIB,
    feed: parseMailbox,
  }),
  {
    name: 'message header',
    samples: [
      'From: A <a@example.com>\r\nTo: B <b@example.com>, c@example.com\r\nSubject: x\r\n y\r\nTLS-Required: No\r\n\r\n',
    ].map((text) => Buffer.from(text)),
    maxSize: MIB,
    feed: (input) => void readHeaders(input),
  },
  textTarget({
    name: 'resolv.conf',
    samples: ['nameserver 127.0.0.1\noptions timeout:2 attempts:3 trust-ad\n'],
    maxSize: 64 * KIB,
    feed: (text) => parseResolvConf(text, false),
  }),
  textTarget({
    name: 'decision record',
    samples: ['{"version":1,"evidence":{"hosts":[]},"knobs":{},"policy":{"hosts":[]}}'],
    maxSize: 64 * KIB,
    feed: decisionFromJson,
  }),
  textTarget({
    name: 'configuration',
    samples: ['dns:\n  resolvers: [127.0.0.1]\n  timeout: 3s\nlog:\n  level: info\n'],
    maxSize: 4 * KIB,
    feed: readConfig,
  }),
];

/** Answers to our question: the identifier is right, all else is up for grabs. */
function dnsReplyTarget(): Target {
  const query = writeQuery('mx1.example.com', 'A');
  const id = Buffer.from(query.octets).readUInt16BE(0);
  return {
    name: 'dns reply',
    samples: [dnsSample(id)],
    maxSize: 0xffff,
    feed: (input) => {
      if (input.length >= 2) input.writeUInt16BE(id, 0);
      readReply(input, query);
    },
  };
}

function dnsSample(id: number): Buffer {
  const name = 'mx1.example.com';
  return encode({
    type: 'response',
    id,
    flags: 0x81a0,
    questions: [{ type: 'A', name }],
    answers: [
      { type: 'CNAME', name, data: 'mx2.example.com' },
      { type: 'A', name: 'mx2.example.com', ttl: 300, data: '192.0.2.1' },
      { type: 'MX', name, data: { preference: 10, exchange: 'mx2.example.com' } },
      { type: 'TXT', name, data: ['v=STSv1;', 'id=1'] },
      {
        type: 'TLSA',
        name,
        data: { usage: 3, selector: 1, matchingType: 1, certificate: Buffer.alloc(32) },
      },
    ],
  });
}

/** In pieces, as a socket would hand them over, until the first fault. */
function feedReplies(input: Buffer): void {
  const parser = new ReplyParser();
  // A large input in single octets would measure the cutting, not the parser.
  const step = Math.max(1 + (input.length % 4096), input.length >> 14);
  for (let at = 0; at < input.length; at += step) {
    parser.push(input.subarray(at, at + step));
    for (let reply = parser.take(); reply !== undefined; reply = parser.take()) {
      if (!reply.ok) return;
      readCapabilities(reply.value, { insideTls: true });
    }
  }
}
