import { relayWith } from './peers/relay-suite.ts';

/** Debian's Postfix, before the relay and behind it. */
relayWith('postfix');
