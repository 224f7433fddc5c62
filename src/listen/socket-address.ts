/**
 * Where a server listens: an address and port, the path of a UNIX socket, or a socket that was
 * handed over.
 *
 * @module
 */

/** Where to listen. */
export type SocketAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }
  /** A listening socket that the process was started with, as systemd does. */
  | { readonly kind: 'fd'; readonly fd: number };

/** Reads `127.0.0.1:8461`, `[::1]:8461`, `unix:/path` or `fd:3`, as the settings were checked. */
export function parseSocketAddress(text: string): SocketAddress {
  if (text.startsWith('unix:')) return { kind: 'unix', path: text.slice('unix:'.length) };
  if (text.startsWith('fd:')) return { kind: 'fd', fd: Number(text.slice('fd:'.length)) };
  const colon = text.lastIndexOf(':');
  return {
    kind: 'tcp',
    host: text.slice(0, colon).replace(/^\[|\]$/g, ''),
    port: Number(text.slice(colon + 1)),
  };
}

/** The text that {@link parseSocketAddress} reads. */
export function socketAddressText(address: SocketAddress): string {
  switch (address.kind) {
    case 'tcp':
      return `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
    case 'unix':
      return `unix:${address.path}`;
    case 'fd':
      return `fd:${address.fd}`;
    default:
      return address satisfies never;
  }
}

/** How Postfix names the map: `socketmap:inet:127.0.0.1:8461:postfix`. */
export function postfixMap(address: SocketAddress, mapName: string): string {
  const where = socketAddressText(address);
  return `socketmap:${address.kind === 'unix' ? where : `inet:${where}`}:${mapName}`;
}
