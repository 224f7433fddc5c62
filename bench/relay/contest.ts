/**
 * The contest, inside a private machine where Postfix can run: answers one question of the
 * benchmark after another.
 *
 * Arguments: folder of the machine (not used: it is in memory), folder on a disk, options as JSON.
 *
 * @module
 */
import { answerQuestions } from '../../test/peers/answer-questions.ts';
import { createArena, type Arena, type ArenaOptions, type ArenaOrder } from './arena.ts';

const [, , , folder = '', options = ''] = process.argv;
let arena: Promise<Arena> | undefined;
await answerQuestions(async (question) => {
  arena ??= createArena(folder, JSON.parse(options) as ArenaOptions);
  return await (await arena).carryOut(question as ArenaOrder);
});
