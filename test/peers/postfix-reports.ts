/**
 * Postfix 3.10 with its TLSRPT client, and somebody who takes what it says.
 *
 * @module
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Mta, MtaStart } from './mta.ts';
import { startPostfix } from './postfix.ts';
import { textOf, waitFor } from './wait-for.ts';

/** Node.js has no datagrams on UNIX sockets; perl is on every Debian. Each one becomes a line. */
const TAKE = `
use IO::Socket::UNIX;
my ($path, $file) = @ARGV;
my $socket = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $path) or die "$path: $!";
chmod 0666, $path;
open(my $out, '>>', $file) or die $!;
$out->autoflush(1);
while (defined $socket->recv(my $datagram, 65536)) {
  $datagram =~ s/\\n//g;
  print $out "$datagram\\n";
}
`;

/** Starts both. `ask('reports DOMAIN', …)` waits for what is reported of a domain. */
export async function startPostfixWithReports(start: MtaStart): Promise<Mta> {
  const socket = join(start.folder, 'tlsrpt.sock');
  const file = join(start.folder, 'datagrams');
  spawn('/usr/bin/perl', ['-e', TAKE, socket, file], { stdio: 'inherit' });
  await waitFor(() => (existsSync(socket) ? true : undefined), { what: () => 'the socket' });
  const mta = await startPostfix(start, {
    mapName: 'postfix-tlsrpt',
    settings: () => ({ smtp_tlsrpt_enable: 'yes', smtp_tlsrpt_socket_name: socket }),
  });
  return {
    ...mta,
    async ask(key, map) {
      const domain = /^reports (.*)$/.exec(key)?.[1];
      if (domain === undefined) return await mta.ask(key, map);
      return await waitFor(
        () =>
          textOf(file)
            .split('\n')
            .find((line) => line.includes(`"${domain}"`)),
        { what: () => `a report on ${domain}: ${textOf(file)}` },
      );
    },
  };
}
