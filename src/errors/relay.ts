/**
 * Error codes of the relay's own server: why it does not start, and what its operator is told.
 *
 * @module
 */
import type { ErrorEntry } from './entry.ts';

/** Codes that begin with `RELAY_`. */
export const RELAY_ERRORS = {
  RELAY_OPEN: {
    meaning:
      'The trusted networks hold so much of the Internet that anybody could send through here.',
    action: 'Name only your own networks in relay.trusted_networks, or listen on loopback alone.',
    rule: 'RFC 5321 §7.9',
  },
  RELAY_NETWORK_MAPPED: {
    meaning: 'A trusted network is IPv4 written as IPv6 (::ffff:…), which no client is known by.',
    action: 'Write it as IPv4: 192.0.2.0/24 for ::ffff:192.0.2.0/120.',
    rule: 'RFC 4291 §2.5.5.2',
  },
  RELAY_LISTEN_FAILED: {
    meaning: 'The relay cannot listen where it should.',
    action:
      'Stop what listens there, choose another address, or give the right for a port below 1024.',
  },
  RELAY_TLS_WITHOUT_CERTIFICATE: {
    meaning: 'relay.listen_tls is set and there is no certificate.',
    action: 'Set relay.cert_file and relay.key_file, or leave relay.listen_tls empty.',
    rule: 'RFC 8314 §3.3',
  },
  RELAY_CERTIFICATE_INVALID: {
    meaning: 'The certificate or its key cannot be used. After a reload the old one stays in use.',
    action: 'Check that both files are PEM, belong together, and may be read by the service.',
  },
  RELAY_USERS_UNREADABLE: {
    meaning: 'The users file cannot be read; who authenticates is told to try later.',
    action:
      'Check path and owner of the file. If there is none yet, make it with `smtp-sts user add`.',
  },
  RELAY_USERS_EXPOSED: {
    meaning: 'Everybody on this machine may read or write the users file, so it is not used.',
    action: 'Take the rights of others away: chmod 640 FILE.',
  },
  RELAY_USERS_INVALID: {
    meaning: 'A line of the users file is not a user.',
    action: 'Make its lines with `smtp-sts user add`.',
  },
  RELAY_USERS_UNWRITABLE: {
    meaning: 'The users file cannot be written.',
    action:
      'Nothing was changed. Check the space on the disk, the folder and its rights; if FILE.new was left by a change that was cut off and nobody changes the file now, remove FILE.new.',
  },
  RELAY_USER_UNKNOWN: {
    meaning: 'There is no such user in the users file.',
    action: '`smtp-sts user list` shows who is there.',
  },
  RELAY_USER_NAME_INVALID: {
    meaning: 'The name cannot be the name of a user.',
    action: 'A name is one word without blanks of at most 255 octets, and does not begin with #.',
  },
  RELAY_PASSWORD_INVALID: {
    meaning: 'The password is empty or too long.',
    action: 'Give one of 1 to 1024 octets in one line.',
  },
} as const satisfies Record<string, ErrorEntry>;
