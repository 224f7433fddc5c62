import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { describe, it } from 'node:test';
import { listenForHangUps } from './hang-ups.ts';

describe('SIGHUP', () => {
  it('before there is anything to reload is answered once, as soon as there is', () => {
    const signals = new EventEmitter();
    const hangUps = listenForHangUps(signals);
    for (let turn = 0; turn < 3; turn += 1) signals.emit('SIGHUP');
    let answered = 0;
    hangUps.answerWith(() => (answered += 1));
    assert.equal(answered, 1);
    signals.emit('SIGHUP');
    assert.equal(answered, 2);
  });

  it('that never came is not answered; after the end nobody listens', () => {
    const signals = new EventEmitter();
    const hangUps = listenForHangUps(signals);
    hangUps.answerWith(() => assert.fail());
    hangUps.stop();
    assert.equal(signals.listenerCount('SIGHUP'), 0);
  });
});
