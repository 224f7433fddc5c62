/**
 * Answers to MTAs, counted in plain numbers and handed over at a scrape: a labelled counter costs
 * more than the answer.
 *
 * @module
 */
import { Counter, type Registry } from 'prom-client';
import type { AnswerDialect, AnswerKind, AnswerSource } from './types.ts';

const DIALECTS: Readonly<Record<AnswerDialect, number>> = {
  postfix: 0,
  'postfix-tlsrpt': 1,
  sendmail: 2,
  exim: 3,
  requiretls: 4,
};

const KINDS: Readonly<Record<AnswerKind, number>> = {
  none: 0,
  encrypt: 1,
  dane: 2,
  'dane-only': 3,
  secure: 4,
  temp: 5,
  'no-domain': 6,
};

const SOURCES: Readonly<Record<AnswerSource, number>> = { hit: 0, stale: 1, cold: 2 };

const DIALECT_NAMES = Object.keys(DIALECTS) as AnswerDialect[];
const KIND_NAMES = Object.keys(KINDS) as AnswerKind[];
const SOURCE_NAMES = Object.keys(SOURCES) as AnswerSource[];

/** Counts one answer. */
export type CountAnswer = (dialect: AnswerDialect, kind: AnswerKind, source: AnswerSource) => void;

/** Registers the counters; every series is there from the start, with 0. */
export function answerCounter(registers: Registry[]): CountAnswer {
  const byKind = new Float64Array(DIALECT_NAMES.length * KIND_NAMES.length);
  const bySource = new Float64Array(SOURCE_NAMES.length);
  registerByKind(registers, byKind);
  registerBySource(registers, bySource);
  return (dialect, kind, source) => {
    byKind[DIALECTS[dialect] * KIND_NAMES.length + KINDS[kind]]! += 1;
    bySource[SOURCES[source]]! += 1;
  };
}

function registerByKind(registers: Registry[], counts: Float64Array): void {
  const counter: Counter<'dialect' | 'kind'> = new Counter({
    name: 'smtp_sts_answers_total',
    help: 'Answers to MTAs by dialect and by what they said.',
    labelNames: ['dialect', 'kind'],
    registers,
    collect: () => {
      counter.reset();
      for (const [row, dialect] of DIALECT_NAMES.entries()) {
        for (const [column, kind] of KIND_NAMES.entries()) {
          counter.inc({ dialect, kind }, counts[row * KIND_NAMES.length + column]);
        }
      }
    },
  });
}

function registerBySource(registers: Registry[], counts: Float64Array): void {
  const counter: Counter<'source'> = new Counter({
    name: 'smtp_sts_answer_sources_total',
    help: 'Answers to MTAs by where they came from.',
    labelNames: ['source'],
    registers,
    collect: () => {
      counter.reset();
      for (const [index, source] of SOURCE_NAMES.entries()) counter.inc({ source }, counts[index]);
    },
  });
}
