import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type RelayBench, startRelayBench, traceOf, withoutTrace } from './peers/relay-bench.ts';
import { LOGIN } from './peers/relay-files.ts';
import { queuedAs } from './peers/relay-in-world.ts';
import { swaks, type SwaksSaid } from './peers/relay-swaks.ts';

/** swaks as a client of the relay. */
let bench: RelayBench;

before(async () => {
  bench = await startRelayBench({ maxMessageBytes: 100_000, trustedNetworks: ['127.0.0.2/32'] });
});
after(async () => {
  await bench.close();
});

const LINES = [
  'From: alice@here.test',
  'To: bob@there.test',
  'Date: Mon, 01 Jan 2026 00:00:00 +0000',
  'Message-ID: <1@here.test>',
  'Subject: by hand',
  '',
  '.',
  '..',
  '.one dot',
  'ü',
  'x'.repeat(900),
];

const COMMON = [
  '--server=127.0.0.1',
  '--ehlo=client.test',
  '--from=alice@here.test',
  '--to=bob@there.test',
];

async function send(...args: readonly string[]): Promise<SwaksSaid> {
  const file = join(bench.folder, 'message');
  writeFileSync(file, LINES.join('\n'));
  return await swaks(
    ...COMMON,
    '--data',
    `@${file}`,
    '--tls-ca-path',
    bench.world.caFile,
    ...(args.includes('--tls-on-connect') || args.includes('--port')
      ? []
      : ['--port', String(bench.port)]),
    ...args,
  );
}

const AUTH = ['--auth-user', LOGIN.user, '--auth-password', LOGIN.password];

describe('swaks submits', () => {
  for (const mechanism of ['PLAIN', 'LOGIN']) {
    for (const tls of [['--tls'], ['--tls-on-connect', '--port']]) {
      for (const pace of [[], ['--pipeline']]) {
        const name = [mechanism, ...tls.slice(0, 1), ...pace].join(' ');
        it(`${name}: it arrives as it was sent`, async () => {
          const way = tls.length === 1 ? tls : [...tls, String(bench.tlsPort)];
          const said = await send(...way, '--tls-verify', ...pace, '--auth', mechanism, ...AUTH);
          assert.equal(said.ended, 'exit 0', said.output);
          const { content } = await bench.arrival(queuedAs(said.output));
          assert.match(
            traceOf(content),
            /from client\.test \(\[127\.0\.0\.1\]\)\r\n.* with ESMTPSA /,
          );
          // swaks ends a message with empty lines of its own.
          const text = withoutTrace(content)
            .toString()
            .replace(/(\r\n)+$/, '');
          assert.equal(text, LINES.join('\r\n'));
        });
      }
    }
  }

  it('a client of a trusted network needs neither TLS nor AUTH', async () => {
    const said = await send('--local-interface', '127.0.0.2');
    assert.equal(said.ended, 'exit 0', said.output);
    const { content } = await bench.arrival(queuedAs(said.output));
    assert.match(traceOf(content), / with ESMTP id /);
  });

  it('any other is refused, with TLS or without', async () => {
    for (const tls of [[], ['--tls']]) {
      const { ended, output } = await send(...tls);
      assert.notEqual(ended, 'exit 0');
      assert.match(output, /<[*~]\* 5\d\d 5\.7\.\d/);
      assert.doesNotMatch(output, /queued as/);
    }
  });

  it('AUTH is not offered in clear text', async () => {
    const { ended, output } = await send('--auth', 'PLAIN', ...AUTH);
    assert.equal(ended, 'exit 28', output);
    assert.doesNotMatch(output, /AUTH PLAIN/);
  });

  it('a wrong password', async () => {
    const wrong = ['--auth-user', LOGIN.user, '--auth-password', 'guessed'];
    const { ended, output } = await send('--tls', '--auth', 'PLAIN', ...wrong);
    assert.equal(ended, 'exit 28');
    assert.match(output, /<~\* 535 5\.7\.8/);
  });

  it('several recipients, one of them impossible', async () => {
    const to = ['--to', 'bob@there.test,carol@there.test,nobody@bad..name'];
    const said = await send('--local-interface', '127.0.0.2', ...to);
    assert.match(said.output, /<\*\* 501 5\.1\.3|<\*\* 553 5\.1\.\d/);
    const { recipients } = await bench.arrival(queuedAs(said.output));
    assert.deepEqual([...recipients].sort(), ['bob@there.test', 'carol@there.test']);
  });

  it('a message that is too long', async () => {
    const file = join(bench.folder, 'long');
    writeFileSync(file, `Subject: long\n\n${`${'x'.repeat(70)}\n`.repeat(2_000)}`);
    const said = await send('--local-interface', '127.0.0.2', '--data', `@${file}`);
    assert.match(said.output, /<\*\* 552 5\.3\.4/);
    assert.notEqual(said.ended, 'exit 0');
  });
});
