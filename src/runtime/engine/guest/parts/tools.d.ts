// What the code of every part finds around it: `buildGuest` wraps it into a function with this parameter.
declare const tools: import('../lazy.js').PartTools;
/** A global that is there before any part. */
declare const performance: { now(): number };
