/**
 * The thread that reads large reports. It gets the JSON of one at a time and answers with what it says.
 *
 * @module
 */
import { parentPort } from 'node:worker_threads';
import { readReport, type ReportHints, type ReportReading } from '../../tlsrpt/read-report.ts';

/** What it is asked. */
export interface ReadOrder {
  readonly number: number;
  readonly json: Uint8Array;
  readonly hints?: ReportHints;
}

/** What it answers. */
export interface ReadAnswer {
  readonly number: number;
  readonly reading: ReportReading;
}

parentPort?.on('message', ({ number, json, hints }: ReadOrder) => {
  const answer: ReadAnswer = { number, reading: readReport(json, hints) };
  parentPort!.postMessage(answer, []);
});
