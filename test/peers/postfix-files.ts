/**
 * What the configuration files of every Postfix here have in common.
 *
 * @module
 */
import { join } from 'node:path';

/** Settings of an instance that keeps everything below its own folder. */
export function instanceSettings({
  folder,
  log,
  hostname,
}: {
  readonly folder: string;
  readonly log: string;
  readonly hostname: string;
}): Readonly<Record<string, string>> {
  return {
    compatibility_level: '3.6',
    queue_directory: join(folder, 'queue'),
    data_directory: join(folder, 'data'),
    command_directory: '/usr/sbin',
    daemon_directory: '/usr/lib/postfix/sbin',
    shlib_directory: '/usr/lib/postfix',
    mail_owner: 'postfix',
    setgid_group: 'postdrop',
    maillog_file: log,
    maillog_file_prefixes: folder,
    myhostname: hostname,
    mydestination: '',
    mynetworks: '127.0.0.0/8',
    alias_maps: '',
    local_recipient_maps: '',
  };
}

/** As main.cf has them. */
export function settingsText(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name} = ${value}\n`)
    .join('');
}

/** Services behind the door, as master.cf has them; nothing in a chroot. */
export const INNER_SERVICES: readonly string[] = [
  'pickup unix n - n 60 1 pickup',
  'showq unix n - n - - showq',
  'flush unix n - n 1000? 0 flush',
  'cleanup unix n - n - 0 cleanup',
  'qmgr unix n - n 300 1 qmgr',
  'tlsmgr unix - - n 1000? 1 tlsmgr',
  'rewrite unix - - n - - trivial-rewrite',
  'bounce unix - - n - 0 bounce',
  'defer unix - - n - 0 bounce',
  'trace unix - - n - 0 bounce',
  'error unix - - n - - error',
  'retry unix - - n - - error',
  'discard unix - - n - - discard',
  'scache unix - - n - 1 scache',
  'anvil unix - - n - 1 anvil',
  'proxymap unix - - n - - proxymap',
  'postlog unix-dgram n - n - 1 postlogd',
  'smtp unix - - n - - smtp',
];
