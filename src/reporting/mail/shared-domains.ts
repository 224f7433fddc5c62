/**
 * Domains that many strangers send from, and sign as: a signature of such a domain says nothing of
 * who made the report.
 *
 * @module
 */

/** Mailboxes for anybody. Reports of the provider itself come from other domains, or from below. */
const MAILBOXES: ReadonlySet<string> = new Set([
  '126.com',
  '163.com',
  'aol.com',
  'fastmail.com',
  'gmail.com',
  'gmx.at',
  'gmx.ch',
  'gmx.com',
  'gmx.de',
  'gmx.net',
  'googlemail.com',
  'hotmail.co.uk',
  'hotmail.com',
  'hotmail.fr',
  'hotmail.it',
  'icloud.com',
  'inbox.ru',
  'live.com',
  'mac.com',
  'mail.com',
  'mail.ru',
  'me.com',
  'msn.com',
  'outlook.com',
  'outlook.de',
  'outlook.fr',
  'pm.me',
  'proton.me',
  'protonmail.com',
  'qq.com',
  't-online.de',
  'tutanota.com',
  'web.de',
  'yahoo.co.jp',
  'yahoo.co.uk',
  'yahoo.com',
  'yahoo.de',
  'yahoo.fr',
  'yandex.com',
  'yandex.ru',
  'ymail.com',
  'zoho.com',
]);

/** Each customer has a name of its own below them; none is in the list of public suffixes. */
const PLATFORMS: ReadonlySet<string> = new Set([
  'amazonses.com',
  'gappssmtp.com',
  'hubspotemail.net',
  'mailgun.org',
  'mandrillapp.com',
  'mcsv.net',
  'messagingengine.com',
  'mktomail.com',
  'onmicrosoft.com',
  'pphosted.com',
  'sendgrid.net',
  'sparkpostmail.com',
  'zohomail.com',
]);

/** Can anybody send mail that the domain itself signs? Lower-case A-labels. */
export function isOpenToAnybody(domain: string): boolean {
  return MAILBOXES.has(domain) || PLATFORMS.has(domain);
}

/** Does the organisational domain belong to a platform, so that each name below it is another customer? */
export function isPlatform(organization: string): boolean {
  return PLATFORMS.has(organization);
}
