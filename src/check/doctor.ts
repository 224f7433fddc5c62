/**
 * The doctor: looks at everything that protection rests on, and says how to mend what is wrong.
 *
 * @module
 */
import { examineDns } from './doctor-dns.ts';
import { examineOtherMtas } from './doctor-other-mtas.ts';
import { examinePostfix } from './doctor-postfix.ts';
import { examineRelay } from './doctor-relay.ts';
import { examineReporting } from './doctor-reporting.ts';
import { examineService } from './doctor-service.ts';
import { examineTrust } from './doctor-trust.ts';
import { fine, type Finding, type FindingStatus, type Surroundings } from './doctor-types.ts';

/** What the doctor has to say. */
export interface Diagnosis {
  /** The worst of all findings. */
  readonly status: FindingStatus;
  readonly findings: readonly Finding[];
  /** Lines of main.cf for the Postfix that is installed; empty without one. */
  readonly mainCf: readonly string[];
}

/** Looks at everything. Never rejects for what it finds. */
export async function examine(around: Surroundings): Promise<Diagnosis> {
  const [dns, trust, service, postfix] = await Promise.all([
    examineDns(around),
    examineTrust(around),
    examineService(around),
    examinePostfix(around),
  ]);
  // After the service: both write to the database for a moment.
  const relay = await examineRelay(around);
  const reporting = await examineReporting(around);
  const others = await examineOtherMtas(around.run, postfix.present);
  const mtas = [...postfix.findings, ...others];
  const findings = [
    ...dns,
    ...trust,
    ...service,
    ...relay,
    ...reporting,
    ...(mtas.length > 0 ? mtas : [fine('mta', 'no Postfix, Exim or Sendmail on this machine')]),
  ];
  return { status: worst(findings), findings, mainCf: postfix.mainCf };
}

function worst(findings: readonly Finding[]): FindingStatus {
  const all = new Set(findings.map(({ status }) => status));
  if (all.has('fail')) return 'fail';
  return all.has('warn') ? 'warn' : 'ok';
}
