/**
 * What would become of a report, as a person reads it and as a tool does.
 *
 * @module
 */
import type { Fate, PlaceOutlook } from '../../reporting/send/outlook.ts';
import { type Prepared, sumOf } from '../../reporting/send/prepare-report.ts';
import { recordFault, type RecordFault } from '../../reporting/send/record-fault.ts';
import { TLSRPT_PREFIX } from '../../tlsrpt/discover.ts';
import { shown } from './format.ts';

/** A report that could be made, or why none, and what would become of it at each place. */
export interface ReportOutlook {
  readonly domain: string;
  readonly prepared: Prepared;
  /** Empty where no report could be made. */
  readonly places: readonly PlaceOutlook[];
}

/** In one word, for tools. */
export type OutlookResult =
  | Exclude<Prepared['kind'], 'report' | 'no-record'>
  | RecordFault
  | 'would-send'
  | 'sent-before'
  | 'would-not-send';

const WORDS: Readonly<Record<Exclude<Fate, 'would-send'>, string>> = {
  standby: 'only if the one before fails',
  later: 'could not be sent now',
  refused: 'would be refused',
  suppressed: 'suppressed',
  'over-limit': 'over the limit of its day',
  expired: 'too late',
  'sent-before': 'was sent before',
  'settled-before': 'had its end before',
  'not-needed': 'not needed, another place has it',
  'under-way': 'is being sent now',
};

/** A place, and why nothing would go there. */
export function placeText({ target, result, code, text }: PlaceOutlook): string {
  if (result === 'would-send') return shown(target);
  const said = text === '' ? '' : `, ${shown(text)}`;
  return `${shown(target)}: ${WORDS[result]}${said}${code === '' ? '' : ` (${code})`}`;
}

/** Where the report would go, a text for each place; or why nowhere. */
export function whereTexts(outlook: ReportOutlook): readonly string[] {
  const { prepared, places } = outlook;
  if (prepared.kind === 'report') return places.map(placeText);
  return [`${prepared.kind === 'unknown' ? 'not known yet' : 'nowhere'}: ${whyNone(outlook)}`];
}

/** Why there is no report; empty where there is one. */
export function whyNone({ domain, prepared }: ReportOutlook): string {
  switch (prepared.kind) {
    case 'report':
      return '';
    case 'no-record':
      return recordText(prepared.failure.code, prepared.failure.detail, domain);
    case 'unknown':
      return `${shown(prepared.failure.detail)} (${prepared.failure.code})`;
    case 'skipped':
      return 'reporting.send.skip_domains';
    case 'nothing':
      return 'no failures, and only these are reported';
    default:
      return prepared satisfies never;
  }
}

/** The domain stands beside it: it is not said again. */
function recordText(code: string, detail: string, domain: string): string {
  switch (recordFault(code)) {
    case 'no-record':
      return `no ${TLSRPT_PREFIX} record`;
    case 'several-records':
      return 'several records, so none of them counts (TLSRPT_RECORD_SEVERAL)';
    case 'broken-record':
      return `${shown(detail.replace(`${TLSRPT_PREFIX}.${domain}: `, ''))} (${code})`;
  }
}

/** In one word. */
export function outlookResult({ prepared, places }: ReportOutlook): OutlookResult {
  if (prepared.kind === 'no-record') return recordFault(prepared.failure.code);
  if (prepared.kind !== 'report') return prepared.kind;
  if (places.some(({ result }) => result === 'would-send')) return 'would-send';
  return places.some(({ result }) => result === 'sent-before') ? 'sent-before' : 'would-not-send';
}

/** All that is known, for tools. */
export function outlookJson(outlook: ReportOutlook): object {
  const { prepared, places } = outlook;
  return {
    result: outlookResult(outlook),
    ...('packed' in prepared ? sumOf(prepared.packed.report) : {}),
    ...(prepared.kind === 'report' ? { targets: prepared.record.rua, places } : {}),
    ...('failure' in prepared ? { failure: prepared.failure } : {}),
  };
}
