// How deep a script may call, and what that takes of the thread it runs in.

/** About 11,000 plain calls deep, as in Node. It needs a thread with a stack of {@link threadStackMb}. */
export const guestStackBytes = 2 * 1024 * 1024;
/**
 * V8's stack that goes with it: with less, deeply nested source overflows V8's before the guest's, and the engine is
 * broken. The space is only reserved; pages of it are taken as they are used.
 */
export const threadStackMb = 64;
