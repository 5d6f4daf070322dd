/**
 * How long tests wait for what has to come: only to end a hung one. A busy machine may take many times as long
 * as a quiet one; how long something should take is for the bench to say.
 */
export const HANG_MS = 600_000;
/** For a whole test of a machine or a browser, so that a wait says first what it was for. */
export const TEST_MS = 2 * HANG_MS;
