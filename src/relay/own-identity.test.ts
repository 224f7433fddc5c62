import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { describe, it } from 'node:test';
import { ownIdentity } from './own-identity.ts';

const MACHINE = ['127.0.0.1', '192.0.2.7', '::1', '2001:db8::7'];
const own = (listen: readonly string[], listenTls: readonly string[] = [], port = 25) =>
  ownIdentity(
    { smtp: { port, heloName: 'Mail.Example.TEST' }, relay: { listen, listenTls } },
    () => MACHINE,
  );

describe('who we are among MX hosts', () => {
  it('SMTP-5.1-5: the EHLO name, and the addresses that listen on the port of MX hosts', () => {
    assert.deepEqual(own(['192.0.2.7:25', '127.0.0.1:2525']), {
      names: ['mail.example.test'],
      addresses: ['192.0.2.7'],
    });
    assert.deepEqual(own([], ['[2001:0DB8:0::7]:26'], 26).addresses, ['2001:db8::7']);
  });

  it('SMTP-5.1-5: a listener on all addresses is every address of the machine', () => {
    assert.deepEqual(own(['0.0.0.0:25']).addresses, ['127.0.0.1', '192.0.2.7']);
    assert.deepEqual(own(['[::]:25']).addresses, MACHINE);
    assert.deepEqual(own(['0.0.0.0:25', '[0:0::0]:25', '192.0.2.7:25']).addresses, MACHINE);
  });

  it('SMTP-5.1-5: beside another server on the port of MX hosts we are none of them', () => {
    assert.deepEqual(own(['0.0.0.0:2525'], ['[::]:465']), { names: [], addresses: [] });
  });

  it('asks the system for the addresses of its interfaces', () => {
    const { addresses } = ownIdentity({
      smtp: { port: 25, heloName: 'us.test' },
      relay: { listen: ['[::]:25'], listenTls: [] },
    });
    const [first] = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
    assert.ok(first === undefined || addresses.includes(first.address.replace(/%.*$/, '')));
    assert.ok(addresses.every((address) => !address.includes('%')));
  });
});
