import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { recipientDomains } from './recipient-domains.ts';

type Row = readonly [what: string, line: string, domains: readonly string[]];

const PLAIN: readonly Row[] = [
  ['a domain', 'example.com', ['example.com']],
  ['a domain with a dot at the end', ' example.com. ', ['example.com.']],
  ['an IDN', 'münchen.example', ['münchen.example']],
  ['an address', 'user@example.com', ['example.com']],
  ['an address in brackets', '<user@example.com>,', ['example.com']],
  ['a quoted local part', '"a@b"@example.com', ['example.com']],
  ['an address literal', 'user@[192.0.2.1]', []],
  ['a comment', '# example.com', []],
  ['nothing', '   ', []],
  ['a word', 'hello', []],
  ['a path', '/var/log/mail.log', []],
  ['a setting', 'a.b=c', []],
];

const POSTFIX: readonly Row[] = [
  [
    'sent',
    'Nov 24 06:25:01 mx postfix/smtp[311]: 4F2A1: to=<user@example.com>, relay=mx.example.com[192.0.2.1]:25, delay=1.2, dsn=2.0.0, status=sent (250 ok)',
    ['example.com'],
  ],
  [
    'an alias: the one that the message went to counts',
    'Nov 24 06:25:01 mx postfix/smtp[311]: 4F2A1: to=<user@example.com>, orig_to=<alias@local.example>, relay=none, status=deferred',
    ['example.com'],
  ],
  [
    'another instance, ISO dates, a service name of its own',
    '2026-11-24T06:25:01.000000+00:00 mx postfix-out/relay/smtp[311]: 4zX: to=<user@Example.NET>, relay=x',
    ['Example.NET'],
  ],
  [
    'deferred by the error service',
    'Nov 24 06:25:01 mx postfix/error[5]: 4F2A1: to=<u@slow.example>, relay=none, status=deferred',
    ['slow.example'],
  ],
  ['local mail', 'Nov 24 mx postfix/local[5]: 4F2A1: to=<u@mx.example>, relay=local', []],
  ['LMTP', 'Nov 24 mx postfix/lmtp[5]: 4F2A1: to=<u@mx.example>, relay=dovecot', []],
  [
    'a refused client: somebody else wanted that',
    'Nov 24 mx postfix/smtpd[5]: NOQUEUE: reject: RCPT from x[192.0.2.1]: 554; from=<a@b.c> to=<d@e.f> proto=ESMTP',
    [],
  ],
  ['the queue manager', 'Nov 24 mx postfix/qmgr[5]: 4F2A1: from=<u@example.com>, size=1', []],
];

const SENDMAIL: readonly Row[] = [
  [
    'several recipients',
    'Nov 24 06:25:01 mx sendmail[99]: m0ABC: to=<a@example.com>,<b@example.net>, ctladdr=<c@d.e> (1/1), delay=00:00:01, mailer=esmtp, relay=mx.example.com. [192.0.2.1], stat=Sent',
    ['example.com', 'example.net'],
  ],
  [
    'Debian’s name of it, no brackets',
    'Nov 24 mx sm-mta[99]: m0ABC: to=a@example.com, delay=00:00:01, mailer=esmtp, stat=Deferred',
    ['example.com'],
  ],
  ['local mail', 'Nov 24 mx sm-mta[99]: m0: to=<a@mx.example>, mailer=local, stat=Sent', []],
  ['who sent it', 'Nov 24 mx sm-mta[99]: m0: from=<a@example.com>, size=1, nrcpts=1', []],
];

const EXIM: readonly Row[] = [
  [
    'delivered',
    '2026-11-24 06:25:01 1sAbcD-000001-2x => user@example.com R=dnslookup T=remote_smtp H=mx.example.com [192.0.2.1] X=TLS1.3',
    ['example.com'],
  ],
  [
    'further recipients of one message, long ids, a time zone, a process number',
    '2026-11-24 06:25:01.123 +0000 [77] 1sAbcD-00000001Abc-2xYz -> b@example.net R=dnslookup T=remote_smtp H=mx [192.0.2.1]',
    ['example.net'],
  ],
  [
    'waiting',
    '2026-11-24 06:25:01 1sAbcD-000001-2x == u@slow.example R=dnslookup T=remote_smtp defer (-44)',
    ['slow.example'],
  ],
  [
    'failed',
    '2026-11-24 06:25:01 1sAbcD-000001-2x ** u@gone.example: Unknown user',
    ['gone.example'],
  ],
  ['local mail', '2026-11-24 06:25:01 1sAbcD-000001-2x => bob <bob@mx.example> R=local T=box', []],
  ['arrived', '2026-11-24 06:25:01 1sAbcD-000001-2x <= a@example.com H=x [192.0.2.1]', []],
  [
    'by syslog',
    'Nov 24 06:25:01 mx exim[77]: 2026-11-24 06:25:01 1sAbcD-000001-2x => u@example.com R=r T=t H=mx [192.0.2.1]',
    ['example.com'],
  ],
];

const KINDS = { PLAIN, POSTFIX, SENDMAIL, EXIM };

describe('recipient domains of lists and mail logs', () => {
  for (const [kind, rows] of Object.entries(KINDS)) {
    for (const [what, line, domains] of rows) {
      it(`${kind.toLowerCase()}: ${what} → ${domains.join(', ') || 'none'}`, () => {
        assert.deepEqual(recipientDomains(line), domains);
      });
    }
  }

  it('a line of prose has none', () => {
    assert.deepEqual(recipientDomains('write to user@example.com if to=<x@y.z> fails'), []);
  });

  it('fuzz: any line is read in no time, and gives words without spaces', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom(
            ' ',
            'to=<',
            '>',
            ',',
            '@',
            'postfix/smtp[1]: ',
            'sendmail[1]: x: ',
            '=> ',
            ' H=',
            'a',
            '.',
            ':',
          ),
          { maxLength: 200 },
        ),
        (pieces) => {
          for (const domain of recipientDomains(pieces.join(''))) assert.ok(domain !== '');
        },
      ),
      { numRuns: 500 },
    );
    const long = `postfix/smtp[1]: x: to=<${'a'.repeat(200_000)}@example.com>,`;
    assert.deepEqual(recipientDomains(long), ['example.com']);
    assert.deepEqual(recipientDomains(`postfix/${'a/'.repeat(100_000)}`), []);
  });
});
