import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { FakeClock } from '../../clock.fixture.ts';
import { openStore } from '../../store/open-store.ts';
import type { Store } from '../../store/types.ts';
import { createQueue } from './create-queue.ts';
import { EMPTY, fakeProcesses, messageTo, rowCounts, textOf } from './queue.fixture.ts';
import type { DueJob, Job, Queue, RecipientState, Settlement } from './types.ts';

/** What a recipient must come to, by all that was told. */
interface ModelRecipient {
  readonly destination: string;
  state: RecipientState;
}

interface ModelMessage {
  readonly content: string;
  readonly recipients: readonly ModelRecipient[];
}

interface Node {
  readonly queue: Queue;
  readonly jobs: Job[];
  readonly pid: number;
}

type Step =
  | { readonly do: 'accept'; readonly node: number; readonly to: readonly number[] }
  | { readonly do: 'take'; readonly node: number; readonly limit: number }
  | { readonly do: 'settle'; readonly node: number; readonly states: readonly RecipientState[] }
  | { readonly do: 'give-back'; readonly node: number }
  | { readonly do: 'kill'; readonly node: number }
  | { readonly do: 'wait'; readonly ms: number };

const node = fc.nat(1);
const STEPS: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('accept' as const),
    node,
    to: fc.array(fc.nat(3), { minLength: 1, maxLength: 5 }),
  }),
  fc.record({ do: fc.constant('take' as const), node, limit: fc.integer({ min: 1, max: 5 }) }),
  fc.record({
    do: fc.constant('settle' as const),
    node,
    states: fc.array(fc.constantFrom<RecipientState>('waiting', 'delivered', 'failed'), {
      minLength: 5,
      maxLength: 5,
    }),
  }),
  fc.record({ do: fc.constant('give-back' as const), node }),
  fc.record({ do: fc.constant('kill' as const), node }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.nat(30_000) }),
);

/** Two nodes over one store, and the model of what must be in it. */
class World {
  readonly clock = new FakeClock();
  readonly store: Store;
  readonly messages = new Map<string, ModelMessage>();
  readonly nodes: Node[] = [];
  #ended = new Set<number>();
  #born = 0;
  #seen: readonly DueJob[] = [];

  constructor(store: Store) {
    this.store = store;
  }

  async start(place: number, room: boolean): Promise<void> {
    this.#born += 1;
    const pid = this.#born;
    const jobs: Job[] = [];
    const queue = createQueue({
      store: this.store,
      clock: this.clock,
      owner: `node-${pid}`,
      contentMemory: 20,
      settleWaitMs: 0,
      processes: {
        ...fakeProcesses('h', (other) => this.#ended.has(other)),
        self: { host: 'h', pid, mark: '' },
      },
    });
    queue.handOver = {
      hasRoom: () => room && jobs.length < 2,
      accepted: (_, job) => {
        if (job !== undefined) this.#got(jobs, job);
      },
      left: () => undefined,
    };
    await queue.start();
    this.nodes[place] = { queue, jobs, pid };
  }

  /** Nobody else may have it. */
  #got(jobs: Job[], job: Job): void {
    const same = (other: Job): boolean =>
      other.messageId === job.messageId && other.destination === job.destination;
    assert.ok(!this.nodes.some(({ jobs: taken }) => taken.some(same)), 'taken twice');
    const message = this.messages.get(job.messageId);
    const expected = message?.recipients.flatMap(({ destination, state }, number) =>
      destination === job.destination && state === 'waiting' ? [number] : [],
    );
    // A job that is handed over comes before the commit has been answered.
    if (expected !== undefined) {
      assert.deepEqual(
        job.recipients.map(({ number }) => number),
        expected,
      );
    }
    jobs.push(job);
  }

  async run(step: Step): Promise<void> {
    switch (step.do) {
      case 'accept':
        return await this.#accept(this.nodes[step.node]!, step.to);
      case 'take':
        return await this.#take(this.nodes[step.node]!, step.limit);
      case 'settle':
        return await this.#settle(this.nodes[step.node]!, step.states);
      case 'give-back': {
        const { queue, jobs } = this.nodes[step.node]!;
        return await queue.giveBack(jobs.splice(0));
      }
      case 'kill':
        this.#ended.add(this.nodes[step.node]!.pid);
        this.nodes[step.node]!.jobs.length = 0;
        return await this.start(step.node, step.node === 0);
      case 'wait':
        return await this.clock.advance(step.ms);
      default:
        return step satisfies never;
    }
  }

  async #accept({ queue }: Node, to: readonly number[]): Promise<void> {
    const sink = queue.open();
    const content = `content of ${sink.id}`;
    await sink.write(Buffer.from(content));
    const domains = to.map((number) => `d${number}.test`);
    const outcome = await sink.commit(messageTo(domains.map((domain) => `x@${domain}`)));
    assert.ok(outcome.ok);
    const recipients = domains.map((destination) => ({ destination, state: 'waiting' as const }));
    this.messages.set(sink.id, { content, recipients });
  }

  async #take({ queue, jobs }: Node, limit: number): Promise<void> {
    // As another node saw it a while ago, or as it is now.
    const due =
      this.#seen.length > 0 ? this.#seen : await queue.due({ now: this.clock.now(), limit });
    this.#seen = this.#seen.length > 0 ? [] : due;
    for (const job of await queue.take(due)) {
      this.#got(jobs, job);
      assert.equal(await textOf(job), this.messages.get(job.messageId)!.content);
    }
  }

  async #settle({ queue, jobs }: Node, states: readonly RecipientState[]): Promise<void> {
    const job = jobs.shift();
    if (job === undefined) return;
    const recipients = job.recipients.map(({ number }, index) => ({
      number,
      state: states[index] ?? 'delivered',
      text: 'text',
      code: '',
      host: '',
    }));
    const at = this.clock.now();
    const outcome: Settlement = {
      at,
      recipients,
      retryAt: at + 5_000,
      delayNoticeSent: false,
      counts: true,
      evidence: { startedAt: at, endedAt: at, events: [] },
      notifications: [],
    };
    assert.equal(await queue.settle(job, outcome), true);
    const message = this.messages.get(job.messageId)!;
    for (const { number, state } of recipients) message.recipients[number]!.state = state;
    if (message.recipients.every(({ state }) => state !== 'waiting')) {
      this.messages.delete(job.messageId);
    }
  }

  /** The tables hold exactly what the model does. */
  async check(): Promise<void> {
    const rows = await this.store.db
      .selectFrom('queue_recipient')
      .select(['message_id', 'number', 'destination', 'state'])
      .execute();
    const found = rows
      .map((row) => `${row.message_id} ${row.number} ${row.destination} ${row.state}`)
      .sort();
    const expected = [...this.messages].flatMap(([id, { recipients }]) =>
      recipients.map(({ destination, state }, number) => `${id} ${number} ${destination} ${state}`),
    );
    assert.deepEqual(found, expected.sort());
    const jobs = await this.store.db.selectFrom('queue_job').selectAll().execute();
    const waiting = [...this.messages].flatMap(([id, { recipients }]) => [
      ...new Set(
        recipients
          .filter(({ state }) => state === 'waiting')
          .map(({ destination }) => `${id} ${destination}`),
      ),
    ]);
    assert.deepEqual(
      jobs.map((row) => `${row.message_id} ${row.destination}`).sort(),
      waiting.sort(),
    );
    const held = this.nodes.flatMap((each) => each.jobs);
    assert.equal(jobs.filter((row) => row.taken_by !== null).length, held.length);
  }

  /** All that is left is delivered, by whoever comes first. */
  async drain(): Promise<void> {
    for (let turn = 0; turn < 500 && this.messages.size > 0; turn += 1) {
      const place = turn % 2;
      await this.clock.advance(1_000);
      await this.run({ do: 'take', node: place, limit: 50 });
      while (this.nodes[place]!.jobs.length > 0) {
        await this.run({ do: 'settle', node: place, states: [] });
      }
    }
    assert.equal(this.messages.size, 0, 'lost');
  }
}

describe('the queue against its model', () => {
  it('fuzz: SMTP-6.1-1: nothing is lost, nothing is taken twice, every state is what was told last', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(STEPS, { maxLength: 40 }), async (steps) => {
        const store = await openStore('sqlite::memory:');
        const world = new World(store);
        await world.start(0, true);
        await world.start(1, false);
        for (const step of steps) await world.run(step);
        await world.check();
        await world.drain();
        assert.deepEqual(await rowCounts(store), EMPTY);
        for (const { queue } of world.nodes) await queue.close();
        await store.close();
      }),
      { numRuns: 40, interruptAfterTimeLimit: 1_500 },
    );
  });
});
