import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LogFormat, LogLevel } from './log.ts';
import { createLog } from './log.ts';

function linesOf(level: LogLevel, format: LogFormat): string[] {
  const lines: string[] = [];
  const log = createLog(level, { format, sink: { write: (line) => lines.push(line) } });
  log.debug({}, 'too small to matter');
  log.warn({ code: 'STS_X', n: 1 }, 'a\nb');
  return lines;
}

describe('log', () => {
  it('writes JSON, one object a line', () => {
    const lines = linesOf('info', 'json');
    assert.equal(lines.length, 1);
    const { time, ...rest } = JSON.parse(lines[0]!) as Record<string, unknown>;
    assert.deepEqual(rest, { level: 'warn', code: 'STS_X', n: 1, msg: 'a\nb' });
    assert.match(String(time), /^\d{4}-\d\d-\d\dT/);
  });

  it('writes text in which nothing can forge a second line', () => {
    const lines = linesOf('info', 'text');
    assert.equal(lines.length, 1);
    assert.match(lines[0]!, /^\S+Z WARN a\?b \(code="STS_X" n=1\)\n$/);
  });

  it('silent writes nothing', () => {
    assert.deepEqual(linesOf('silent', 'json'), []);
  });

  it('I5: the level can be changed while the log is in use', () => {
    const lines: string[] = [];
    const log = createLog('warn', { sink: { write: (line) => lines.push(line) } });
    log.info({}, 'not yet');
    log.setLevel('info');
    log.info({}, 'now');
    log.setLevel('silent');
    log.error({}, 'no more');
    assert.deepEqual(
      lines.map((line) => (JSON.parse(line) as { readonly msg: string }).msg),
      ['now'],
    );
  });
});
