/**
 * Starts the process that reads the datagram socket. Node.js cannot bind one, so where nobody hands
 * a bound socket over, a few lines of Perl do: perl-base is part of every Debian.
 *
 * @module
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Where the socket comes from. */
export type SocketSource =
  /** It is made at this absolute path, for its owner alone as yet. */
  | { readonly kind: 'path'; readonly path: string }
  /** It is bound already, by systemd for instance: a descriptor of this process. */
  | { readonly kind: 'fd'; readonly fd: number };

/** The reader beside this file, as source or compiled. */
const READER = fileURLToPath(
  new URL(`datagram-reader${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
);

/** The first descriptor after the standard ones. */
const FIRST_FREE_FD = 3;

/**
 * Binds and becomes the reader. Whoever does the same at the same time waits for the lock on the
 * folder, so that no one removes what another has just made. A socket at which nobody listens is
 * removed; anything else is left alone. On standard error: why not, as one word and an errno.
 */
const BIND = `
use strict; use Socket; use Errno qw(ECONNREFUSED ENOENT);
my ($path, @command) = @ARGV;
sub refuse { my ($why, $errno) = @_; print STDERR "$why ", ($errno // 0) + 0, "\\n"; exit 9 }
(my $folder = $path) =~ s{[^/]*$}{};
open(my $lock, '<', $folder) or refuse('folder', $!);
flock($lock, 2) or refuse('folder', $!);
$^F = 1000;
socket(my $socket, AF_UNIX, SOCK_DGRAM, 0) or refuse('socket', $!);
if (lstat $path) {
  -S _ or refuse('other');
  socket(my $probe, AF_UNIX, SOCK_DGRAM, 0) or refuse('socket', $!);
  if (connect($probe, sockaddr_un($path))) { refuse('taken') }
  elsif ($! == ECONNREFUSED) { unlink $path or refuse('stale', $!) }
  elsif ($! != ENOENT) { refuse('taken', $!) }
  close $probe;
}
umask 0177;
bind($socket, sockaddr_un($path)) or refuse('bind', $!);
close $lock;
exec { $command[0] } @command, fileno($socket) or refuse('exec', $!);
`;

/**
 * Starts it. Frames come from its standard output (see `datagram-frames.ts`); an end that comes
 * before the first frame has its reason on standard error.
 */
export function launchReader(source: SocketSource): ChildProcess {
  // Nothing of our environment is meant for it, and NODE_OPTIONS could keep it from starting.
  const env = {};
  if (source.kind === 'fd') {
    const stdio = ['pipe', 'pipe', 'pipe', source.fd] as const;
    return spawn(process.execPath, [READER, String(FIRST_FREE_FD)], { env, stdio: [...stdio] });
  }
  return spawn('/usr/bin/perl', ['-e', BIND, source.path, process.execPath, READER], {
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

/** Why there is no socket, from what came on standard error. */
export interface Refusal {
  readonly why: 'folder' | 'socket' | 'other' | 'taken' | 'stale' | 'bind' | 'exec' | 'unknown';
  /** The system's number, 0 where there is none. */
  readonly errno: number;
}

/** Reads the line that {@link launchReader} promises. */
export function refusalOf(text: string): Refusal {
  const found = /^(folder|socket|other|taken|stale|bind|exec) (\d+)$/m.exec(text);
  return found === null
    ? { why: 'unknown', errno: 0 }
    : { why: found[1] as Refusal['why'], errno: Number(found[2]) };
}
