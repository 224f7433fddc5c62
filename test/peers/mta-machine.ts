/**
 * Runs inside a private machine: the lab, the product and one mail server.
 *
 * @module
 */
import { startWorld } from '../../src/lab/world.ts';
import { answerQuestions } from './answer-questions.ts';
import { startExim } from './exim.ts';
import { EXIM } from './exim-scenes.ts';
import { createLabCommands, type LabCommand } from './lab-commands.ts';
import type { MtaProfile, MtaStart, StartMta } from './mta.ts';
import { MTA_SCENES } from './mta-scenes.ts';
import { startPostfix } from './postfix.ts';
import { startPostfixWithReports } from './postfix-reports.ts';
import { POSTFIX, POSTFIX_TLSRPT } from './postfix-scenes.ts';
import { startSendmail } from './sendmail.ts';
import { SENDMAIL } from './sendmail-scenes.ts';

const MAIL_SERVERS: Readonly<
  Record<string, { readonly start: StartMta; readonly profile: MtaProfile }>
> = {
  exim: { start: startExim, profile: EXIM },
  postfix: {
    start: async (start) => await startPostfix(start, { mapName: 'postfix' }),
    profile: POSTFIX,
  },
  'postfix-tlsrpt': { start: startPostfixWithReports, profile: POSTFIX_TLSRPT },
  sendmail: { start: startSendmail, profile: SENDMAIL },
};

const [, , folder = '', name = ''] = process.argv;
const mailServer = MAIL_SERVERS[name];
if (mailServer === undefined) throw new Error(`no mail server ${name}`);
const world = await startWorld({ dnsPort: 53, smtpPort: 25, httpsPort: 443 });
// Postfix looks at the root to see whether the resolver validates.
world.dns.override('.', 'secure', 'NS');
world.dns.add({ type: 'NS', name: '.', value: 'localhost' });
const settings: MtaStart = {
  folder,
  caFile: world.caFile,
  smartHosts: MTA_SCENES.filter(({ message }) => message?.route !== undefined).map(
    (scene) => `${scene.name}.test`,
  ),
};
const mta = await mailServer.start(settings);
const obey = createLabCommands({
  folder,
  world,
  mta,
  profile: mailServer.profile,
  mailUser: mailServer.profile.user,
});
await answerQuestions(async (question) => await obey(question as LabCommand));
