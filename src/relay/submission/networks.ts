/**
 * Who may send to everywhere without a password, and the rule that this is never everybody.
 *
 * @module
 */
import { fail, ok } from '../../failure.ts';
import type { Outcome } from '../../failure.ts';
import { addressBytes, isIn, parseBlock, type Block } from '../../http/cidr.ts';

/** Blocks of clients that are trusted. */
export interface TrustedNetworks {
  holds(address: string): boolean;
}

/** Networks that nobody outside can send from. */
const NOT_PUBLIC = [
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '::1/128',
  'fc00::/7',
  'fe80::/10',
].map(blockOf);

const LOOPBACK = ['127.0.0.0/8', '::1/128'].map(blockOf);

/** The shortest public block that anybody can own: a /8 of IPv4, a /16 of IPv6. */
const SHORTEST = { 4: 8, 16: 16 } as const;
/** A sixteenth of IPv4, and of the IPv6 that registries give out (about a /9 in all). */
const TOO_MUCH = { 4: 2 ** -4, 16: 2 ** -13 } as const;

/** IPv6 blocks that hold all of IPv4, right behind their prefix: 6to4, NAT64, mapped. */
const HOLD_IPV4 = ['2002::/16', '64:ff9b::/96', '::ffff:0:0/96'].map(blockOf);
const MAPPED = HOLD_IPV4[2]!;
const ALL_IPV4 = blockOf('0.0.0.0/0');

/** @param texts CIDR blocks; throws on anything else, for the settings are checked before */
export function createTrustedNetworks(texts: readonly string[]): TrustedNetworks {
  const blocks = texts.map(blockOf);
  return {
    holds: (address) => {
      const bytes = addressBytes(address);
      return bytes !== undefined && blocks.some((block) => isIn(bytes, block));
    },
  };
}

/**
 * Would the relay send for the whole Internet? Then it must not start (`RELAY_OPEN`), unless it
 * only listens on loopback. Mapped IPv4 is refused (`RELAY_NETWORK_MAPPED`): no client would match.
 *
 * @param listen `address:port`, `[v6]:port`
 */
export function checkNotOpen(options: {
  readonly trustedNetworks: readonly string[];
  readonly listen: readonly string[];
}): Outcome<undefined> {
  const mapped = options.trustedNetworks.find((text) => isInside(blockOf(text), MAPPED));
  if (mapped !== undefined) {
    return fail(
      'RELAY_NETWORK_MAPPED',
      `relay.trusted_networks names ${mapped}, which is IPv4: write ${blockText(heldIpv4(blockOf(mapped)))}`,
    );
  }
  if (options.listen.every(isLoopbackListener)) return ok(undefined);
  const texts = publicNetworks(options.trustedNetworks);
  const wide = texts.find((text) => {
    const block = heldIpv4(blockOf(text));
    return block.prefix < SHORTEST[familyOf(block)];
  });
  if (wide !== undefined) return open(`${wide} is more than any network has`);
  const blocks = texts.map((text) => heldIpv4(blockOf(text)));
  return ([4, 16] as const).some((family) => coverage(blocks, family) >= TOO_MUCH[family])
    ? open('together they are a sixteenth of the Internet, or more')
    : ok(undefined);
}

/** Those of the networks in which somebody outside may be. */
export function publicNetworks(texts: readonly string[]): readonly string[] {
  return texts.filter((text) => isPublic(heldIpv4(blockOf(text))));
}

/** Can nobody but this machine reach the listener? */
export function isLoopbackListener(listen: string): boolean {
  const address = listen.slice(0, listen.lastIndexOf(':')).replaceAll(/[[\]]/g, '');
  return isLoopback(address);
}

/** Is this an address of this machine alone? */
export function isLoopback(address: string): boolean {
  const bytes = addressBytes(address);
  return bytes !== undefined && LOOPBACK.some((block) => isIn(bytes, block));
}

/** Is there a trusted network that is not only this machine? */
export function trustsOthers(texts: readonly string[]): boolean {
  return texts.map(blockOf).some((block) => !LOOPBACK.some((own) => isInside(block, own)));
}

/** What limits count as one client: an IPv4 address, or an IPv6 /64, which is one household. */
export function clientKey(address: string): string {
  const bytes = addressBytes(address);
  if (bytes === undefined || bytes.length === 4) return address;
  return `${Buffer.from(bytes.subarray(0, 8)).toString('hex')}/64`;
}

/** Without the prefix under which a dual-stack socket shows IPv4. */
export function plainAddress(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
}

function open(why: string): Outcome<never> {
  return fail(
    'RELAY_OPEN',
    `relay.trusted_networks makes this an open relay: ${why}; name only your own networks`,
  );
}

function blockOf(text: string): Block {
  const block = parseBlock(text);
  if (block === undefined) throw new TypeError(`not a CIDR block: ${text}`);
  return block;
}

function isPublic(block: Block): boolean {
  return !NOT_PUBLIC.some((outer) => isInside(block, outer));
}

function isInside(inner: Block, outer: Block): boolean {
  return inner.prefix >= outer.prefix && isIn(inner.bytes, outer);
}

function familyOf(block: Block): 4 | 16 {
  return block.bytes.length === 4 ? 4 : 16;
}

/** The IPv4 block that an IPv6 block stands for, all of IPv4 where it holds that and more; others as they are. */
function heldIpv4(block: Block): Block {
  if (familyOf(block) === 4) return block;
  const around = HOLD_IPV4.find((outer) => isInside(block, outer));
  if (around === undefined) {
    return HOLD_IPV4.some((inner) => isInside(inner, block)) ? ALL_IPV4 : block;
  }
  const start = around.prefix >> 3;
  const prefix = Math.min(32, block.prefix - around.prefix);
  return { bytes: block.bytes.subarray(start, start + 4), prefix };
}

function blockText({ bytes, prefix }: Block): string {
  return `${bytes.join('.')}/${prefix}`;
}

/** What share of its address family the blocks hold; blocks within others count once. */
function coverage(blocks: readonly Block[], family: 4 | 16): number {
  const own = blocks.filter((block) => block.bytes.length === family);
  const outermost = own.filter(
    (block, index) =>
      !own.some(
        (other, at) =>
          at !== index && isInside(block, other) && (other.prefix < block.prefix || at < index),
      ),
  );
  return outermost.reduce((sum, { prefix }) => sum + 2 ** -prefix, 0);
}
