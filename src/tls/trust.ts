/**
 * Loads the certificates that replace the built-in list of trusted roots.
 *
 * @module
 */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fail, ok, type Outcome } from '../failure.ts';

const BEGIN = '-----BEGIN CERTIFICATE-----';
const END = '-----END CERTIFICATE-----';

/**
 * Reads a PEM file. Text around the certificates is allowed, as bundles have it.
 *
 * @returns each certificate as PEM, at least one; else `TLS_CA_FILE_UNREADABLE`, `TLS_CA_FILE_EMPTY`
 *   or `TLS_CA_FILE_BROKEN` with the line. One broken certificate spoils the file: a root that is
 *   silently left out would show only when mail stops
 */
export function loadCaFile(path: string): Outcome<readonly string[]> {
  const text = readText(path);
  return text.ok ? certificatesIn(text.value, path) : text;
}

function readText(path: string): Outcome<string> {
  try {
    return ok(readFileSync(path, 'latin1'));
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    return fail('TLS_CA_FILE_UNREADABLE', `cannot read ${path}: ${reason}`);
  }
}

function certificatesIn(text: string, path: string): Outcome<readonly string[]> {
  const [head = '', ...blocks] = text.split(BEGIN);
  if (blocks.length === 0) {
    return fail('TLS_CA_FILE_EMPTY', `${path} holds no certificate (no "${BEGIN}" line)`);
  }
  const certificates: string[] = [];
  let line = lineEnds(head) + 1;
  for (const block of blocks) {
    const pem = readBlock(block);
    if (pem === undefined) {
      const which = `certificate ${certificates.length + 1} in ${path}, line ${line}`;
      return fail('TLS_CA_FILE_BROKEN', `${which}, cannot be read`);
    }
    certificates.push(pem);
    line += lineEnds(block);
  }
  return ok(certificates);
}

function readBlock(block: string): string | undefined {
  const end = block.indexOf(END);
  if (end < 0) return undefined;
  const pem = `${BEGIN}${block.slice(0, end)}${END}\n`;
  try {
    return new X509Certificate(pem).raw.length > 0 ? pem : undefined;
  } catch {
    return undefined;
  }
}

function lineEnds(text: string): number {
  return text.split('\n').length - 1;
}
