/**
 * Does the published record fit our key?
 *
 * @module
 */
import type { Failure } from '../../failure.ts';
import { printable } from '../../printable.ts';
import { isSamePublicKey, type KeyAlgorithm } from './dkim-key.ts';
import { findKey, type FoundKey, type KeyQuestion } from './find-key.ts';

/** Our key and where it should be published. */
export interface KeyToCheck extends KeyQuestion {
  readonly algorithm: KeyAlgorithm;
  /** `p=`. */
  readonly publicKey: string;
}

/** What was found. */
export interface KeyCheck {
  /** `fits`: reports signed with the key can be verified. `unknown`: DNS gave no answer. */
  readonly verdict: 'fits' | 'wrong' | 'unknown';
  /** What is wrong, or for `fits`, what should be better. */
  readonly findings: readonly Failure[];
  /** The record that was found. */
  readonly record?: string;
}

/** Looks it up and compares. */
export async function checkKey(key: KeyToCheck): Promise<KeyCheck> {
  const found = await findKey(key);
  if (!found.ok) {
    const isUnknown = found.failure.code === 'DKIM_KEY_UNREACHABLE';
    return { verdict: isUnknown ? 'unknown' : 'wrong', findings: [found.failure] };
  }
  const faults = faultsOf(found.value, key);
  const hints = hintsOf(found.value);
  return {
    verdict: faults.length === 0 ? 'fits' : 'wrong',
    findings: [...faults, ...hints],
    record: printable(found.value.text, 1000),
  };
}

function faultsOf({ name, record, count }: FoundKey, key: KeyToCheck): readonly Failure[] {
  const faults: Failure[] = [];
  if (count > 1) {
    faults.push({ code: 'DKIM_KEY_SEVERAL_RECORDS', detail: `${name} has ${count} keys` });
  }
  const isSame =
    record.keyType === key.algorithm && isSamePublicKey(record.publicKey, key.publicKey);
  if (!isSame) {
    faults.push({ code: 'DKIM_KEY_DIFFERS', detail: `${name} holds another key than ours` });
  }
  if (record.service === 'other') {
    const says = printable(record.services ?? '', 100);
    faults.push({ code: 'DKIM_KEY_OTHER_SERVICE', detail: `${name} says s=${says}` });
  }
  return faults;
}

function hintsOf({ name, record }: FoundKey): readonly Failure[] {
  const hints: Failure[] = [];
  if (record.service === 'mail') {
    const says = record.services === undefined ? 'no s=' : `s=${record.services}`;
    hints.push({
      code: 'DKIM_KEY_NOT_TLSRPT',
      detail: `${name} has ${printable(says, 100)}, which does not name tlsrpt`,
    });
  }
  if (record.isTesting) hints.push({ code: 'DKIM_KEY_TESTING', detail: `${name} says t=y` });
  return hints;
}
