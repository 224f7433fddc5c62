/**
 * Understood reports on their way from one thread to another: the octets in one block that is handed
 * over, all else as one text, which is quicker than to copy thousands of small values.
 *
 * @module
 */
import type { PreparedReport } from '../archive/prepare.ts';
import type { Understood } from './types.ts';

/** Several sources. */
export interface Parcel {
  readonly text: string;
  /** The octets of all reports, one after the other. */
  readonly octets: ArrayBuffer;
}

/** A report whose octets lie elsewhere. */
type Bare = Omit<PreparedReport, 'raw'> & { readonly raw: number };

type BareUnderstood =
  | Exclude<Understood, { readonly kind: 'reports' }>
  | (Omit<Extract<Understood, { readonly kind: 'reports' }>, 'reports'> & {
      readonly reports: readonly Bare[];
    });

/** Packs them. */
export function packParcel(all: readonly Understood[]): Parcel {
  const pieces: Uint8Array[] = [];
  let length = 0;
  const bare = all.map((understood): BareUnderstood => {
    if (understood.kind !== 'reports') return understood;
    const reports = understood.reports.map((report) => {
      pieces.push(report.raw);
      length += report.raw.length;
      return { ...report, raw: report.raw.length };
    });
    return { ...understood, reports };
  });
  const octets = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    octets.set(piece, at);
    at += piece.length;
  }
  return { text: JSON.stringify(bare), octets: octets.buffer };
}

/** Unpacks what {@link packParcel} made. */
export function unpackParcel({ text, octets }: Parcel): readonly Understood[] {
  let at = 0;
  return (JSON.parse(text) as readonly BareUnderstood[]).map((bare) => {
    if (bare.kind !== 'reports') return bare;
    const reports = bare.reports.map((report) => {
      const raw = new Uint8Array(octets, at, report.raw);
      at += report.raw;
      return { ...report, raw };
    });
    return { ...bare, reports };
  });
}
