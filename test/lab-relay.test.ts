import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { run } from '../src/cli/io.fixture.ts';

describe('the first message through the relay', () => {
  it('SMTP-6.1-1: README: it arrives; under attack the next one waits, says why, is returned, and a third goes on', async () => {
    const { exitCode, stdout, stderr } = await run(['lab', '--relay']);
    assert.equal(exitCode, 0, `${stdout}\n${stderr}`);
    assert.match(stdout, /arrived at mx1\.good\.test over TLSv1\.3, its certificate verified/);
    assert.match(stdout, /^\S+ to good\.test: waits, next try in /m);
    assert.match(stdout, /SMTP_STARTTLS_NOT_OFFERED/);
    assert.match(stdout, /Your message was NOT sent unencrypted to good\.test\./);
    assert.match(stdout, /\narrived at mx1\.good\.test\n$/);
  });
});
