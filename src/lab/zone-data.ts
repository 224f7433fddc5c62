/**
 * What the lab's DNS knows: zones, their modes, and records. Nothing here touches a socket.
 *
 * @module
 */
import { domainToASCII } from 'node:url';
import type { LabRecord, ZoneMode } from './types.ts';

/** The longest CNAME chain that the lab follows. */
const LONGEST_CHAIN = 16;

/** What a name is answered with, before it becomes a message. */
export type ZoneAnswer =
  | {
      readonly kind: 'records' | 'nodata' | 'nxdomain';
      /** The CNAME chain, then the records asked for. */
      readonly records: readonly LabRecord[];
      /** The zone in which the chain ended: its SOA goes along with an empty answer. */
      readonly apex: string;
      /** Every link of the chain stands in a signed zone. */
      readonly secure: boolean;
      /** UDP answers are cut. */
      readonly truncated: boolean;
    }
  | { readonly kind: 'bogus' | 'servfail' | 'timeout' | 'garbage' };

/** Zones and records; all of it may change at any time. */
export interface ZoneData {
  setZone(apex: string, mode: ZoneMode): void;
  setOverride(name: string, mode: ZoneMode | undefined, type?: string): void;
  add(records: readonly LabRecord[]): void;
  remove(name: string, type?: string): void;
  /** @param checkingDisabled the CD bit: bogus answers are given as they are (RFC 4035 §3.2.2) */
  answer(name: string, type: string, checkingDisabled: boolean): ZoneAnswer;
  isApex(name: string): boolean;
}

/** Lower case, no trailing dot, A-labels. */
export function labName(name: string): string {
  return name
    .toLowerCase()
    .replace(/\.$/, '')
    .split('.')
    .map((label) => (/^[\0-\x7f]*$/.test(label) ? label : domainToASCII(label)))
    .join('.');
}

/** The name, its parent, and so on up to the root `''`. */
function ancestors(name: string): string[] {
  const labels = name === '' ? [] : name.split('.');
  return [...labels.map((_, index) => labels.slice(index).join('.')), ''];
}

/** An empty set of zones; names in no zone do not exist and are insecure. */
export function createZoneData(): ZoneData {
  const zones = new Map<string, ZoneMode>();
  const overrides = new Map<string, ZoneMode>();
  const byName = new Map<string, LabRecord[]>();

  const apexOf = (name: string): string =>
    ancestors(name).find((ancestor) => zones.has(ancestor)) ?? '';

  function nameExists(name: string): boolean {
    if (byName.has(name) || zones.has(name)) return true;
    return byName.keys().some((other) => other.endsWith(`.${name}`));
  }

  /** The records at a name, from the closest wildcard if the name itself does not exist (RFC 4592 §3.3.1). */
  function recordsAt(name: string): readonly LabRecord[] | undefined {
    if (nameExists(name)) return byName.get(name) ?? [];
    const closest = ancestors(name)
      .slice(1)
      .find((ancestor) => nameExists(ancestor) || ancestor === '');
    const wild = byName.get(`*.${closest}`);
    return wild?.map((record) => ({ ...record, name }));
  }

  function modeOf(name: string, type: string): { mode: ZoneMode; secure: boolean } {
    const zone = zones.get(apexOf(name)) ?? 'insecure';
    const mode = overrides.get(`${name} ${type}`) ?? overrides.get(name) ?? zone;
    const cutOnly = mode === 'truncated' && zone === 'secure';
    return { mode, secure: mode === 'secure' || cutOnly };
  }

  function answer(asked: string, type: string, checkingDisabled: boolean): ZoneAnswer {
    const found: LabRecord[] = [];
    let secure = true;
    let truncated = false;
    let name = asked;
    for (let hop = 0; hop <= LONGEST_CHAIN; hop += 1) {
      const { mode, secure: linkSecure } = modeOf(name, type);
      const askNoMore = mode === 'servfail' || mode === 'timeout' || mode === 'garbage';
      if (askNoMore) return { kind: mode };
      if (mode === 'bogus' && !checkingDisabled) return { kind: 'bogus' };
      secure &&= linkSecure;
      truncated ||= mode === 'truncated';
      const common = { apex: apexOf(name), secure, truncated };

      const here = recordsAt(name);
      if (here === undefined) return { kind: 'nxdomain', records: found, ...common };
      const wanted = here.filter((record) => record.type === type);
      if (wanted.length > 0) return { kind: 'records', records: [...found, ...wanted], ...common };
      const alias = here.find((record) => record.type === 'CNAME');
      if (alias?.type !== 'CNAME') return { kind: 'nodata', records: found, ...common };
      found.push(alias);
      name = labName(alias.value);
    }
    return { kind: 'servfail' };
  }

  return {
    setZone(apex, mode) {
      zones.set(labName(apex), mode);
    },
    setOverride(name, mode, type) {
      const key = type === undefined ? labName(name) : `${labName(name)} ${type}`;
      if (mode === undefined) overrides.delete(key);
      else overrides.set(key, mode);
    },
    add(records) {
      for (const record of records) {
        const name = labName(record.name);
        byName.set(name, [...(byName.get(name) ?? []), { ...record, name }]);
      }
    },
    remove(name, type) {
      const key = labName(name);
      const kept = (byName.get(key) ?? []).filter(
        (record) => type !== undefined && record.type !== type,
      );
      if (kept.length === 0) byName.delete(key);
      else byName.set(key, kept);
    },
    answer: (name, type, checkingDisabled) => answer(labName(name), type, checkingDisabled),
    isApex: (name) => zones.has(labName(name)),
  };
}
