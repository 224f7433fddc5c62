/**
 * Decision records as JSON: evidence, knobs and policy in one text that can be stored, shown and
 * evaluated again.
 *
 * @module
 */
import { fail, ok, type Outcome } from '../failure.ts';
import { nestsDeeperThan, safeJson } from '../json.ts';
import type { DecisionRecord } from './types.ts';

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type JsonObject = { readonly [key: string]: Json };

/**
 * Writes a record as JSON. Keys are sorted, so equal records give equal text; TLSA data is
 * lower-case hex.
 *
 * @param indent spaces for each level; default 0: one line
 */
export function decisionToJson(record: DecisionRecord, indent: number = 0): string {
  return safeJson(JSON.stringify(plain(record), undefined, indent));
}

/**
 * Reads what {@link decisionToJson} wrote. `evaluate(record.evidence, record.knobs)` then gives
 * `record.policy` again, if the program decides as the one that wrote it.
 *
 * @returns `POLICY_DECISION_INVALID` for anything else
 */
export function decisionFromJson(text: string): Outcome<DecisionRecord> {
  if (nestsDeeperThan(Buffer.from(text), DEEPEST)) {
    return fail('POLICY_DECISION_INVALID', `nested more than ${DEEPEST} levels deep`);
  }
  let json: Json;
  try {
    json = JSON.parse(text) as Json;
  } catch (error) {
    return fail('POLICY_DECISION_INVALID', `no JSON: ${(error as Error).message}`);
  }
  const missing = whatIsMissing(json);
  if (missing !== undefined) return fail('POLICY_DECISION_INVALID', missing);
  return ok(withAbsentFields(revive(json) as DecisionRecord));
}

/** Records are about ten levels deep; what walks the tree later does so recursively. */
const DEEPEST = 40;

function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, field]) => [key, plain(field)]));
}

/** Hex becomes bytes again in the one place where bytes occur: a TLSA record. */
function revive(json: Json): unknown {
  if (Array.isArray(json)) return json.map(revive);
  if (!isObject(json)) return json;
  const entries = Object.entries(json).map(([key, field]) => [
    key,
    key === 'data' && typeof field === 'string' && isTlsa(json)
      ? new Uint8Array(Buffer.from(field, 'hex'))
      : revive(field),
  ]);
  return Object.fromEntries(entries) as unknown;
}

function isTlsa(json: JsonObject): boolean {
  return ['usage', 'selector', 'matchingType'].every((key) => typeof json[key] === 'number');
}

function isObject(json: Json | undefined): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

function whatIsMissing(json: Json): string | undefined {
  if (!isObject(json)) return 'not an object';
  if (json['version'] !== 1) return `version is ${JSON.stringify(json['version'])}, not 1`;
  const { evidence, knobs, policy } = json;
  if (!isObject(evidence) || !isObject(knobs) || !isObject(policy)) {
    return 'evidence, knobs or policy is missing';
  }
  if (!isObject(evidence['nextHop']) || !Array.isArray(evidence['hosts'])) {
    return 'evidence has no nextHop or no hosts';
  }
  if (!Array.isArray(policy['hosts'])) return 'policy has no hosts';
  if (![...evidence['hosts'], ...policy['hosts']].every(isHost)) return 'a host is malformed';
  if (!['mx', 'sts', 'override', 'demand'].every((key) => isKindOrAbsent(evidence[key]))) {
    return 'evidence of MX, MTA-STS, an override or a route is malformed';
  }
  if (!Array.isArray(knobs['daneRequired'])) return 'knobs have no daneRequired';
  const badHex = findBadHex(json);
  return badHex === undefined ? undefined : `TLSA data is not hex: ${badHex.slice(0, 40)}`;
}

function isHost(json: Json): boolean {
  if (!isObject(json)) return false;
  const { host, preference, dane } = json;
  const answers = ['a', 'aaaa', 'requirement'].every((key) => isKindOrAbsent(json[key]));
  if (typeof host !== 'string' || typeof preference !== 'number' || !answers) return false;
  return dane === undefined || (isObject(dane) && isKind(dane['state']));
}

/** A member of a closed union. */
function isKind(json: Json | undefined): boolean {
  return isObject(json) && typeof json['kind'] === 'string';
}

function isKindOrAbsent(json: Json | undefined): boolean {
  return json === undefined || isKind(json);
}

function findBadHex(json: Json): string | undefined {
  if (Array.isArray(json)) return firstOf(json);
  if (!isObject(json)) return undefined;
  const { data } = json;
  if (typeof data === 'string' && isTlsa(json) && !/^(?:[\da-f]{2})*$/i.test(data)) return data;
  return firstOf(Object.values(json));
}

function firstOf(values: readonly Json[]): string | undefined {
  for (const value of values) {
    const found = findBadHex(value);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** JSON has no `undefined`: the fields that are always there get it back. */
function withAbsentFields(record: DecisionRecord): DecisionRecord {
  const { evidence, policy } = record;
  return {
    ...record,
    evidence: {
      ...evidence,
      hosts: evidence.hosts.map((host) => ({ ...host, a: host.a, aaaa: host.aaaa })),
    },
    policy: {
      ...policy,
      hosts: policy.hosts.map((host) => ({ ...host, servername: host.servername })),
    },
  };
}
