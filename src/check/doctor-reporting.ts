/**
 * Does TLS reporting do what the settings ask of it: counting, sending, taking in, telling?
 *
 * @module
 */
import { ERRORS, type ErrorCode } from '../errors.ts';
import { recordFindings } from './doctor-reporting-records.ts';
import { receivingFindings } from './doctor-reporting-ways.ts';
import { dirname } from 'node:path';
import type { ReportingFault } from './doctor-reporting-types.ts';
import { failing, fine, type Finding, type Surroundings, warning } from './doctor-types.ts';

/** A burst of the mail server that is not lost. */
const GOOD_QUEUE = 100;

/** Looks at all of it; of what is off, one line. */
export async function examineReporting(around: Surroundings): Promise<readonly Finding[]> {
  const faults = around.reporting.faults();
  return [
    ...countingFindings(around),
    ...(await datagramFindings(around)),
    ...(await sendingFindings(around, faults)),
    ...faultFindings('report receiving', 'REPORT_RECEIVER_', faults),
    ...(await receivingFindings(around)),
    ...(await recordFindings(around)),
    ...alertFindings(around, faults),
  ];
}

/** The faults whose codes begin so, as findings. */
function faultFindings(
  check: string,
  prefix: string,
  faults: readonly ReportingFault[],
): readonly Finding[] {
  return faults
    .filter(({ code }) => code.startsWith(prefix))
    .map(({ level, code, detail }) => {
      const say = level === 'error' ? failing : warning;
      return say(check, `${detail} (${code})`, mendOf(code));
    });
}

/** As a sentence of the register, which begins in capitals and ends in a full stop. */
function mendOf(code: ErrorCode): string {
  const { action } = ERRORS[code];
  return `${action.charAt(0).toLowerCase()}${action.slice(1)}`.replace(/\.$/, '');
}

function countingFindings({ config }: Surroundings): readonly Finding[] {
  const check = 'report counting';
  const { enabled, datagrams } = config.reporting.tally;
  if (enabled) {
    const postfix = datagrams.socket === '' ? 'no datagram socket for Postfix' : 'and of Postfix';
    return [fine(check, `on: sessions of the relay, failures of policies, ${postfix}`)];
  }
  if (datagrams.socket === '' && !config.reporting.send.enabled) return [fine(check, 'off')];
  const what = datagrams.socket === '' ? 'reports are to be sent' : 'there is a datagram socket';
  return [
    warning(check, `off, and ${what}: nothing is counted`, 'set reporting.tally.enabled: true'),
  ];
}

async function datagramFindings(around: Surroundings): Promise<readonly Finding[]> {
  const check = 'report datagrams';
  const { enabled, datagrams } = around.config.reporting.tally;
  if (!enabled || datagrams.socket === '') return [];
  const isRunning = (await around.askHttp('/readyz')).status !== 0;
  return [socketFinding(check, around, isRunning), ...queueFindings(check, around)];
}

function socketFinding(
  check: string,
  { config, reporting }: Surroundings,
  isRunning: boolean,
): Finding {
  const { socket, mode } = config.reporting.tally.datagrams;
  const there = reporting.fileAt(socket);
  if (there.kind === 'missing') {
    const folder = dirname(socket);
    if (reporting.fileAt(folder).kind !== 'folder') {
      const what = `the folder ${folder} of ${socket} is not there: the service does not start`;
      return failing(check, what, `make it, and let the user of the service write to it`);
    }
    return isRunning
      ? failing(check, `${socket} is not there: Postfix reports nothing`, 'restart the service')
      : fine(check, `${socket} is made when the service starts`);
  }
  if (there.kind !== 'socket') {
    const what = `${socket} is no socket: the service does not start`;
    return failing(check, what, 'choose another path in reporting.tally.datagrams.socket');
  }
  if (there.mode === mode) return fine(check, `${socket}, mode ${octal(mode)}`);
  return warning(
    check,
    `${socket} has mode ${octal(there.mode)}, not ${octal(mode)}`,
    'restart the service, which sets reporting.tally.datagrams.mode',
  );
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

function queueFindings(check: string, { reporting }: Surroundings): readonly Finding[] {
  const length = reporting.datagramQueue();
  if (length === undefined || length >= GOOD_QUEUE) return [];
  return [
    warning(
      check,
      `the kernel keeps ${length} datagrams (net.unix.max_dgram_qlen): in a burst some are lost`,
      '`sysctl -w net.unix.max_dgram_qlen=512`, for good in /etc/sysctl.d, then restart the service',
    ),
  ];
}

async function sendingFindings(
  { config, reporting }: Surroundings,
  faults: readonly ReportingFault[],
): Promise<readonly Finding[]> {
  const check = 'report sending';
  const { send } = config.reporting;
  if (!send.enabled) return [fine(check, 'off')];
  const wrong = [
    ...faultFindings(check, 'REPORT_SEND_', faults),
    ...faultFindings('report key', 'DKIM_', faults),
  ];
  const whose = fine(check, `on, as ${send.organization}, contact ${send.contact}`);
  const isAnonymous = wrong.some((finding) => finding.check === check);
  const key = reporting.loadKey();
  return [
    ...(isAnonymous ? [] : [whose]),
    ...wrong,
    ...(key.ok ? await keyFindings(key.value, reporting) : []),
  ];
}

async function keyFindings(
  name: string,
  { checkKey }: Surroundings['reporting'],
): Promise<readonly Finding[]> {
  const check = 'report key';
  const { verdict, findings } = await checkKey();
  if (findings.length === 0) return [fine(check, `the record at ${name} fits`)];
  const say = verdict === 'wrong' ? failing : warning;
  return findings.map(({ code, detail }) => say(check, `${detail} (${code})`, mendOf(code)));
}

function alertFindings(
  { config, reporting }: Surroundings,
  faults: readonly ReportingFault[],
): readonly Finding[] {
  const check = 'report alerts';
  const { mailTo, webhook } = config.reporting.alerts;
  const wrong = faultFindings(check, 'ALERT_', faults);
  if (wrong.length > 0) return wrong;
  const mail = mailTo.length === 0 ? [] : [`${mailTo.join(', ')}, from ${reporting.alertSender}`];
  // The path of a webhook is often its password.
  const post = URL.canParse(webhook) ? [`the webhook at ${new URL(webhook).host}`] : [];
  const told = [...mail, ...post];
  return [
    fine(
      check,
      told.length === 0 ? 'to nobody: only listed by `report alerts`' : `to ${told.join('; ')}`,
    ),
  ];
}
