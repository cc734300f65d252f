// The nouns: one schema a record, shared by the wire, the store and the runtime. This folder imports nothing.
export * from './ids.js';
export * from './template.js';
export * from './session.js';
export * from './execution.js';
export * from './checkpoint.js';
export * from './library.js';
export * from './grant-command.js';
