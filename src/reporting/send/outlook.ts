/**
 * What would become of a report at each of its places: as far as it can be told without connecting
 * to them.
 *
 * @module
 */
import type { ReportSendSettings } from '../../config/reporting-types.ts';
import type { Failure } from '../../failure.ts';
import type { Store } from '../../store/types.ts';
import type { ReportTarget } from '../../tlsrpt/types.ts';
import type { UtcDay } from '../types.ts';
import { noSigner, unsignedMail } from './deliver-report.ts';
import type { PlaceCheck } from './place-check.ts';
import { placeOf, targetText } from './place.ts';
import { usableUrl } from './post-report.ts';
import type { PackedReport } from './prepare-report.ts';
import { type LoggedTarget, readSendLog } from './send-log.ts';
import { OLDEST_REPORT_MS } from './send-time.ts';
import { suppressionFor } from './suppression.ts';
import type { SignerSource } from './types.ts';
import { dayOf, endOf } from '../day.ts';

/** What would become of it. */
export type Fate =
  | 'would-send'
  /** Only if the places before it fail. */
  | 'standby'
  /** It would be tried, fail now, and be tried again. */
  | 'later'
  | 'refused'
  | 'suppressed'
  | 'over-limit'
  /** The day is too long ago. */
  | 'expired'
  | 'sent-before'
  /** It had its end before: it was refused, given up, suppressed. */
  | 'settled-before'
  | 'not-needed'
  | 'under-way';

/** A place, and what would become of the report there. */
export interface PlaceOutlook {
  readonly kind: 'mailto' | 'https';
  /** The address, or the URL. */
  readonly target: string;
  readonly result: Fate;
  /** '' where there is nothing to say. */
  readonly code: string;
  readonly text: string;
}

/** What telling it stands on. */
export interface OutlookOptions {
  readonly store: Store;
  readonly settings: ReportSendSettings;
  readonly signer: SignerSource;
  readonly check: PlaceCheck;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
}

/** A report that could be made. */
export interface ReportAhead {
  readonly day: UtcDay;
  readonly domain: string;
  readonly packed: PackedReport;
  readonly rua: readonly ReportTarget[];
}

type Said = Pick<PlaceOutlook, 'result' | 'code' | 'text'>;

/** After these the next place has its turn, where one is enough. */
const ENDS: ReadonlySet<Fate> = new Set([
  'refused',
  'suppressed',
  'over-limit',
  'expired',
  'settled-before',
]);

/** Each place, in the order of the record; of the record at that time if the report was made before. */
export async function outlook(
  ahead: ReportAhead,
  options: OutlookOptions,
): Promise<readonly PlaceOutlook[]> {
  const { store, settings, now } = options;
  const { domain, day, packed } = ahead;
  const { reportId } = packed.report;
  const [made] = await readSendLog(store, { domain, fromDay: day, reportId, now });
  const before = made?.targets ?? [];
  const targets = made === undefined ? ahead.rua : before.map(asReportTarget);
  const told: PlaceOutlook[] = [];
  let isOpen = true;
  for (const [number, target] of targets.entries()) {
    const said: Said =
      whatWas(before[number]) ??
      (isOpen
        ? await whatWouldBe(target, { ...options, ahead, number, had: before[number] })
        : sayNothing('standby'));
    told.push({ kind: target.kind, target: targetText(target), ...said });
    isOpen &&= settings.targets === 'all' || ENDS.has(said.result);
  }
  return told;
}

/** Of a report that was made before: undefined where the place is still to have it. */
function whatWas(before: LoggedTarget | undefined): Said | undefined {
  if (before === undefined) return undefined;
  if (before.isUnderWay) return sayNothing('under-way');
  const { state, last } = before;
  switch (state) {
    case 'waiting':
    case 'standby':
      return undefined;
    case 'accepted':
      return sayNothing('sent-before');
    case 'not-needed':
      return sayNothing('not-needed');
    case 'refused':
    case 'expired':
    case 'suppressed':
    case 'over-limit':
      return { result: 'settled-before', code: last?.code ?? '', text: last?.text ?? '' };
    default:
      return state satisfies never;
  }
}

/** In the order of an attempt. */
async function whatWouldBe(
  target: ReportTarget,
  options: OutlookOptions & {
    readonly ahead: ReportAhead;
    readonly number: number;
    readonly had: LoggedTarget | undefined;
  },
): Promise<Said> {
  const { store, settings, now, ahead, number, had } = options;
  if (now >= endOf(ahead.day) + OLDEST_REPORT_MS) {
    return say('expired', { code: 'REPORT_SEND_EXPIRED', detail: 'the day is too long ago' });
  }
  const suppression = await suppressionFor(store, target);
  if (suppression !== undefined) {
    const detail = `${suppression.place} gets no reports: ${suppression.reason}`;
    return say('suppressed', { code: 'REPORT_SEND_SUPPRESSED', detail });
  }
  const isNow = dayOf(now) > ahead.day && (had?.attempts ?? 0) === 0;
  if (isNow && (await hadToday(store, placeOf(target), now)) >= settings.maxPerTarget) {
    const detail = `${placeOf(target)} has had ${settings.maxPerTarget} reports today`;
    return say('over-limit', { code: 'REPORT_SEND_OVER_LIMIT', detail });
  }
  return (
    (await ruleFault(target, { ...options, ahead: { ...ahead, number } })) ??
    sayNothing('would-send')
  );
}

/** What speaks against the place itself, whoever chose it; undefined if nothing does. */
export async function ruleFault(
  target: ReportTarget,
  options: Omit<OutlookOptions, 'store'> & { readonly ahead: Letter },
): Promise<Said | undefined> {
  const fault =
    target.kind === 'https'
      ? urlFault(target.url, options.settings)
      : mailFault(target.address, options);
  if (fault !== undefined) return fault;
  const found = await options.check(target);
  return found === undefined ? undefined : say(found.kind, found.failure);
}

type Letter = Pick<ReportAhead, 'domain' | 'packed'> & { readonly number: number };

function urlFault(text: string, { https }: ReportSendSettings): Said | undefined {
  const url = usableUrl(text, https.allowPorts);
  return url instanceof URL ? undefined : say('refused', url);
}

function mailFault(
  target: string,
  { settings, signer, now, ahead }: Parameters<typeof ruleFault>[1],
): Said | undefined {
  const key = signer();
  const { domain, number, packed } = ahead;
  const { report, fileName, submitter, gzip: content } = packed;
  const { reportId } = report;
  const letter = { reportId, number, kind: 'mailto', target, domain } as const;
  const result = key.ok
    ? unsignedMail({ ...letter, submitter, fileName, content }, { settings, now })
    : noSigner(key.failure);
  if ('content' in result || result.kind === 'accepted') return undefined;
  return say(result.kind, result.failure);
}

async function hadToday(store: Store, place: string, now: number): Promise<number> {
  const { count } = await store.db
    .selectFrom('report_target')
    .select((is) => is.fn.countAll<number>().as('count'))
    .where('place', '=', place)
    .where('first_day', '=', dayOf(now))
    .executeTakeFirstOrThrow();
  return count;
}

function say(result: Fate, { code, detail }: Failure): Said {
  return { result, code, text: detail };
}

function sayNothing(result: Fate): Said {
  return { result, code: '', text: '' };
}

function asReportTarget({ kind, target }: LoggedTarget): ReportTarget {
  return kind === 'mailto'
    ? { kind, uri: target, address: target }
    : { kind, uri: target, url: target };
}
