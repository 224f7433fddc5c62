/**
 * The inner end of a private machine: reads questions, writes answers, ends when there are no more.
 *
 * @module
 */
import { createInterface } from 'node:readline';
import type { Answer, Question } from './namespace.ts';

/**
 * Answers one question after another, then ends the process, and with it, as it is the first of its
 * machine, all others.
 */
export async function answerQuestions(
  answer: (question: object) => Promise<unknown>,
): Promise<void> {
  for await (const line of createInterface(process.stdin)) {
    const { id, question } = JSON.parse(line) as Question;
    const reply = await answer(question).then(
      (value): Answer => ({ id, answer: value }),
      (error: unknown): Answer => ({
        id,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      }),
    );
    process.stdout.write(`${JSON.stringify(reply)}\n`);
  }
  process.exit(0);
}
