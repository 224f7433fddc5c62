import { relayWith } from './peers/relay-suite.ts';

/** Debian's Exim, before the relay and behind it. */
relayWith('exim');
