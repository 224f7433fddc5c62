/**
 * What is fuzzed: a reader of something that a stranger wrote.
 *
 * @module
 */

/** A parser under fire. */
export interface Target {
  readonly name: string;
  /** Good inputs, to be damaged. */
  readonly samples: readonly Uint8Array[];
  /** The largest input that can reach it. */
  readonly maxSize: number;
  /** Reads the input. Throwing is a defect, unless the parser's contract says otherwise. */
  readonly feed: (input: Buffer) => void | Promise<void>;
}

/** A target that reads text. */
export function textTarget(options: {
  readonly name: string;
  readonly samples: readonly string[];
  readonly maxSize: number;
  readonly feed: (text: string) => unknown;
}): Target {
  const { name, samples, maxSize, feed } = options;
  return {
    name,
    maxSize,
    samples: samples.map((sample) => Buffer.from(sample)),
    // Both readings that occur: UTF-8 from files and HTTP, one byte a character from DNS and SMTP.
    feed: (input) => void feed(input.toString(input.length % 2 === 0 ? 'utf8' : 'latin1')),
  };
}
