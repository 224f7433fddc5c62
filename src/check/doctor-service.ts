/**
 * Is the service there: its database, its HTTP API, its socketmap server?
 *
 * @module
 */
import { failing, fine, type Finding, type Surroundings, warning } from './doctor-types.ts';

/** A key that no MTA's mail depends on: answered NOTFOUND without a look-up. */
export const PROBE_KEY = '.smtp-sts-doctor.invalid';

const START = 'start it: `smtp-sts serve`, or `systemctl start smtp-sts`';

/** Looks at the running service. */
export async function examineService(around: Surroundings): Promise<readonly Finding[]> {
  return [await storeFinding(around), await httpFinding(around), ...(await mapFindings(around))];
}

async function storeFinding({ tryStore, config }: Surroundings): Promise<Finding> {
  const tried = await tryStore();
  if (tried.ok) return fine('store', tried.value);
  const { code, detail } = tried.failure;
  return failing(
    'store',
    `${detail} (${code})`,
    config.store.url.startsWith('sqlite:')
      ? 'run this as the user of the service; that user must be able to write the file and its folder'
      : 'start the database, and check store.url and the rights of its user',
  );
}

async function httpFinding({ askHttp, config }: Surroundings): Promise<Finding> {
  const where = config.http.listen;
  const { status, body } = await askHttp('/readyz');
  switch (status) {
    case 200:
      return fine('http api', `ready at ${where}`);
    case 0:
      return warning('http api', `nobody answers at ${where}: the service does not run`, START);
    case 503:
      return warning(
        'http api',
        `not ready at ${where}: ${reasonsIn(body)}`,
        'wait a moment; what stays is in the log of the service',
      );
    default:
      return warning(
        'http api',
        `${where} answers /readyz with ${status}: something else listens there`,
        'choose another port with http.listen',
      );
  }
}

function reasonsIn(body: string): string {
  try {
    const { reasons } = JSON.parse(body) as { readonly reasons?: readonly string[] };
    return reasons?.join('; ') ?? body;
  } catch {
    return body;
  }
}

async function mapFindings({ askMap, config }: Surroundings): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const address of config.socketmap.listen) {
    if (address.startsWith('fd:')) {
      findings.push(
        fine('socketmap', `${address} is handed over by systemd: see its .socket unit`),
      );
      continue;
    }
    const reply = await askMap({ address, mapName: 'postfix', key: PROBE_KEY });
    if (!reply.ok) {
      const { code, detail } = reply.failure;
      findings.push(warning('socketmap', `${detail} (${code})`, START));
    } else if (reply.value.startsWith('NOTFOUND')) {
      findings.push(fine('socketmap', `answers at ${address}`));
    } else {
      findings.push(
        warning(
          'socketmap',
          `${address} answers ${JSON.stringify(reply.value.slice(0, 80))} where NOTFOUND is due`,
          'something else listens there: choose another address with socketmap.listen',
        ),
      );
    }
  }
  if (findings.length === 0) {
    findings.push(
      warning('socketmap', 'off: socketmap.listen is empty', 'name an address in socketmap.listen'),
    );
  }
  return findings;
}
