import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, it } from 'node:test';
import { systemClock } from '../../clock.ts';
import { connectSmtp } from '../../smtp/session.ts';
import { startTestServer, testFiles } from './submission.fixture.ts';

describe('the server for messages and our own client', () => {
  it('DSN-3461-1, RT-2-1: all that the client can ask for arrives', async () => {
    using files = await testFiles();
    await using server = await startTestServer({ ...files });
    const connected = await connectSmtp({
      address: '127.0.0.1',
      port: server.ports[0]!,
      host: 'relay.test',
      heloName: 'client.test',
      clock: systemClock,
    });
    assert.ok(connected.ok);
    const session = connected.value;
    const secured = await session.startTls({ servername: 'relay.test' });
    assert.ok(secured.ok, JSON.stringify(secured));
    session.accept({ deliver: true });
    const envelope = {
      from: '"a b"@sender.test',
      ret: 'HDRS',
      envid: 'id+=1',
      body: '8BITMIME',
      smtpUtf8: true,
      requireTls: true,
    } as const;
    const recipients = [
      { address: 'é@there.test', notify: ['SUCCESS', 'DELAY'], orcpt: 'utf-8;é@before.test' },
      { address: 'c@[192.0.2.1]', notify: ['NEVER'] },
    ] as const;
    const text = 'Date: x\nMessage-ID: y\n\n.dot\nümlaut\n';
    const results = await session.send({ ...envelope, recipients }, [Buffer.from(text)]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['delivered', 'delivered'],
    );
    await session.quit();
    const { message, content } = server.queue.kept[0]!;
    assert.deepEqual(message.envelope, envelope);
    assert.deepEqual(message.recipients, recipients);
    assert.ok(content.endsWith(text.replaceAll('\n', '\r\n')));
  });
});

describe('the library that carries connections', () => {
  it('is the version whose inner parts were read: they are no promise of it', () => {
    const path = createRequire(import.meta.url).resolve('smtp-server/package.json');
    const { version } = JSON.parse(readFileSync(path, 'utf8')) as { readonly version: string };
    // Before raising it, compare upgrade(), _setListeners(), close(), _onClose() and lib/sasl.
    assert.equal(version, '3.21.6');
  });
});
