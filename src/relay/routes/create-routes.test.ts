import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { RouteSettings } from '../../config/types.ts';
import { hopDemandOf, hopKey, tlsStartOf } from './choice.ts';
import { createRoutes } from './create-routes.ts';
import type { RouteChoice, Routes } from './types.ts';

const folder = mkdtempSync(join(tmpdir(), 'routes-'));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array, mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

const passwordFile = file('password', 'top secret \n');

function settings(more: Partial<RouteSettings> = {}): RouteSettings {
  return {
    domains: ['one.test'],
    nextHop: '[smart.test]:587',
    user: undefined,
    passwordFile: undefined,
    tls: 'policy',
    heloName: undefined,
    localAddress: undefined,
    ...more,
  };
}

function routesOf(...list: readonly Partial<RouteSettings>[]): Routes {
  const routes = createRoutes(list.map(settings), { port: 2525 });
  assert.ok(routes.ok, routes.ok ? '' : routes.failure.detail);
  return routes.value;
}

function routeOf(more: Partial<RouteSettings>): RouteChoice {
  const route = routesOf(more).of('one.test');
  assert.ok(route !== undefined);
  return route;
}

function faultOf(...list: readonly Partial<RouteSettings>[]): readonly [string, string] {
  const routes = createRoutes(list.map(settings), { port: 25 });
  assert.ok(!routes.ok);
  return [routes.failure.code, routes.failure.detail];
}

describe('createRoutes', () => {
  it('reads next hops as Postfix writes them; the port is smtp.port where none is named', () => {
    for (const [text, nextHop] of [
      ['[smart.test]:587', { kind: 'host', host: 'smart.test', port: 587 }],
      ['[Smart.test]', { kind: 'host', host: 'smart.test', port: 2525 }],
      ['isp.test', { kind: 'domain', domain: 'isp.test', port: 2525 }],
      ['isp.test:26', { kind: 'domain', domain: 'isp.test', port: 26 }],
      ['[192.0.2.1]', { kind: 'address', address: '192.0.2.1', port: 2525 }],
      ['[IPv6:2001:DB8::1]:25', { kind: 'address', address: '2001:db8::1', port: 25 }],
    ] as const) {
      assert.deepEqual(routeOf({ nextHop: text }).nextHop, nextHop);
    }
  });

  it('takes the first route that fits, and says which', () => {
    const routes = routesOf(
      { domains: ['one.test', '*.one.test'], nextHop: '[a.test]' },
      { domains: ['*'], nextHop: '[b.test]' },
      { domains: ['two.test'], nextHop: '[c.test]' },
    );
    const seen = ['x.ONE.test', 'one.test', 'two.test', '[192.0.2.1]'].map((destination) => {
      const route = routes.of(destination);
      return [route?.name, route?.nextHop.kind === 'host' ? route.nextHop.host : undefined];
    });
    assert.deepEqual(seen, [
      ['one.test, *.one.test', 'a.test'],
      ['one.test, *.one.test', 'a.test'],
      ['*', 'b.test'],
      ['*', 'b.test'],
    ]);
    assert.equal(routesOf().of('one.test'), undefined);
    assert.equal(routes.of('x.one.test'), routes.of('one.test'), 'one decision, one pool');
    const many = routesOf({ domains: ['one.test', 'b.test', 'c.test', 'd.test', 'e.test'] });
    assert.equal(many.of('one.test')?.name, 'one.test, b.test, c.test and 2 more');
  });

  it('holds user and password, and shows no password to whoever prints it', () => {
    const route = routeOf({ user: 'relay', passwordFile });
    assert.equal(route.auth?.user, 'relay');
    assert.equal(route.auth.password(), 'top secret ');
    assert.doesNotMatch(JSON.stringify(route), /top secret/);
    assert.doesNotMatch(hopKey(route.nextHop, route), /top secret/);
  });

  it('reads the file again when it is made again', () => {
    const path = file('changing', 'old');
    const old = routeOf({ user: 'relay', passwordFile: path });
    writeFileSync(path, 'new');
    assert.equal(old.auth?.password(), 'old');
    assert.equal(routeOf({ user: 'relay', passwordFile: path }).auth?.password(), 'new');
  });

  it('EHLO name and local address go along', () => {
    const route = routeOf({ heloName: 'Bücher.test', localAddress: '192.0.2.9' });
    assert.equal(route.heloName, 'xn--bcher-kva.test');
    assert.equal(route.localAddress, '192.0.2.9');
  });

  it('names the route at fault, and what is wrong', () => {
    const [code, detail] = faultOf({}, { domains: ['*'], nextHop: 'mail.test:0' });
    assert.equal(code, 'ROUTE_NEXT_HOP_INVALID');
    assert.match(detail, /^route 2 \(\*\): next hop "mail\.test:0": port 0/);
  });

  const FAULTS: readonly (readonly [code: string, more: Partial<RouteSettings>])[] = [
    ['ROUTE_PATTERN_INVALID', { domains: ['one.test', '[host.test]'] }],
    ['ROUTE_NEXT_HOP_INVALID', { nextHop: '192.0.2.1' }],
    ['ROUTE_CREDENTIALS_INCOMPLETE', { user: 'relay' }],
    ['ROUTE_CREDENTIALS_INCOMPLETE', { passwordFile }],
    ['ROUTE_USER_INVALID', { user: 'a\0b', passwordFile }],
    ['ROUTE_UNVERIFIABLE', { nextHop: '[192.0.2.1]:587', user: 'relay', passwordFile }],
    ['ROUTE_UNVERIFIABLE', { nextHop: '[127.0.0.1]', tls: 'verify' }],
    ['ROUTE_LOCAL_ADDRESS', { nextHop: '[192.0.2.1]', localAddress: '2001:db8::9' }],
    ['ROUTE_LOCAL_ADDRESS', { nextHop: '[2001:db8::1]', localAddress: '192.0.2.9' }],
  ];
  for (const [code, more] of FAULTS) {
    it(`${code}: ${JSON.stringify(more).slice(0, 60)}`, () => {
      assert.equal(faultOf(more)[0], code);
    });
  }

  describe('password files', () => {
    const fault = (path: string) => faultOf({ user: 'relay', passwordFile: path });

    it('one that is not there is named', () => {
      const path = join(folder, 'nowhere');
      const [code, detail] = fault(path);
      assert.equal(code, 'ROUTE_PASSWORD_FILE');
      assert.ok(detail.includes(`password file ${path} cannot be read: there is no such file`));
      mkdirSync(join(folder, 'directory'), { mode: 0o700 });
      assert.match(fault(join(folder, 'directory'))[1], /it is no file/);
    });

    it('one that everybody may read or change is refused', () => {
      for (const mode of [0o604, 0o602, 0o644]) {
        const [code, detail] = fault(file('open', 'secret', mode));
        assert.equal(code, 'ROUTE_PASSWORD_FILE_EXPOSED');
        assert.match(detail, new RegExp(`mode 0${mode.toString(8)}`));
      }
      assert.equal(routeOf({ user: 'a', passwordFile: file('group', 'x', 0o640) }).auth?.user, 'a');
    });

    it('one without a single line is refused, and nothing of it is told', () => {
      for (const content of [
        '',
        '\n',
        'secret\nsecret2\n',
        'sec\0ret',
        new Uint8Array([0xff, 0xfe]),
        'secret'.repeat(1000),
      ]) {
        const [code, detail] = fault(file('odd', content));
        assert.equal(code, 'ROUTE_PASSWORD_INVALID');
        assert.doesNotMatch(detail, /secret/);
      }
    });

    it('the end of the line is no part of it, whatever the system', () => {
      const path = file('dos', 'pass\r\n');
      assert.equal(routeOf({ user: 'a', passwordFile: path }).auth?.password(), 'pass');
    });
  });
});

describe('what follows from a route', () => {
  it('TLS-3207-6-1: its TLS level is a demand on the next hop', () => {
    assert.equal(hopDemandOf(routeOf({})), undefined);
    const route = 'one.test';
    for (const tls of ['encrypt', 'verify'] as const) {
      assert.deepEqual(hopDemandOf(routeOf({ tls })), { kind: tls, route, because: 'setting' });
    }
  });

  it('a password demands verified TLS, except to loopback', () => {
    const secret = { user: 'relay', passwordFile };
    const demand = { kind: 'verify', route: 'one.test', because: 'password' };
    for (const tls of ['policy', 'encrypt'] as const) {
      assert.deepEqual(hopDemandOf(routeOf({ ...secret, tls })), demand);
    }
    for (const nextHop of ['[127.0.0.1]:587', '[::1]']) {
      assert.equal(hopDemandOf(routeOf({ ...secret, nextHop })), undefined);
      const encrypt = hopDemandOf(routeOf({ ...secret, nextHop, tls: 'encrypt' }));
      assert.equal(encrypt?.kind, 'encrypt');
    }
  });

  it('port 465 is TLS from the first octet (RFC 8314 §7.3)', () => {
    assert.equal(tlsStartOf(routeOf({ nextHop: '[smart.test]:465' })), 'implicit');
    assert.equal(tlsStartOf(routeOf({ nextHop: '[smart.test]:587' })), 'starttls');
  });

  it('who may share a session has the same key', () => {
    const key = (more: Partial<RouteSettings>): string => {
      const route = routeOf(more);
      return hopKey(route.nextHop, route);
    };
    const keys = [
      key({}),
      key({ tls: 'encrypt' }),
      key({ user: 'a', passwordFile }),
      key({ user: 'b', passwordFile }),
      key({ heloName: 'us.test' }),
      key({ localAddress: '192.0.2.9' }),
      hopKey(routeOf({}).nextHop, undefined),
    ];
    assert.equal(new Set(keys).size, keys.length);
    assert.equal(key({ domains: ['one.test', 'two.test'] }), key({}));
  });
});
