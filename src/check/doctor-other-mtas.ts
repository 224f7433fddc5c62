/**
 * Exim and Sendmail: can they use the answers, and where it says how?
 *
 * @module
 */
import { failing, fine, type Finding, type RunProgram, warning } from './doctor-types.ts';

/** Looks for Exim and, where neither it nor Postfix brings a `sendmail` of its own, for Sendmail. */
export async function examineOtherMtas(
  run: RunProgram,
  postfixPresent: boolean,
): Promise<readonly Finding[]> {
  const exim = await examineExim(run);
  if (exim.length > 0 || postfixPresent) return exim;
  return await examineSendmail(run);
}

async function examineExim(run: RunProgram): Promise<readonly Finding[]> {
  for (const program of ['exim4', 'exim']) {
    const result = await run(program, ['-bV']);
    if (result.kind !== 'done') continue;
    const version = /^Exim version (\S+)/m.exec(result.stdout)?.[1];
    if (version === undefined) continue;
    if (!/\bDANE\b/.test(result.stdout)) {
      return [
        warning(
          'exim',
          `${version} was built without DANE: its MTA-STS side works`,
          'install an Exim with DANE; how to ask from Exim: docs/exim.md',
        ),
      ];
    }
    return [fine('exim', `${version} with DANE; how to ask from it: docs/exim.md`)];
  }
  return [];
}

async function examineSendmail(run: RunProgram): Promise<readonly Finding[]> {
  const result = await run('sendmail', ['-d0.13', '-bt']);
  if (result.kind !== 'done') return [];
  const text = result.stdout + result.stderr;
  const version = /^Version (\S+)/m.exec(text)?.[1];
  if (version === undefined) return [];
  if (!/\b_FFR_MTA_STS\b/.test(text)) {
    return [
      failing(
        'sendmail',
        `${version} was built without _FFR_MTA_STS and SOCKETMAP: it cannot ask`,
        'install a Sendmail 8.17 or newer that was built with them (Debian has it)',
      ),
    ];
  }
  return [fine('sendmail', `${version} can ask by FEATURE(\`sts'); how: docs/sendmail.md`)];
}
