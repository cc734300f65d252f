// The method table: everything that can be called, by its name on the wire.
import type * as z from 'zod';
import { eventsMethods } from './events.js';
import { execMethods } from './exec.js';
import { libMethods } from './lib.js';
import { sessionMethods } from './session.js';
import { systemMethods } from './system.js';
import { templateMethods } from './template.js';

export const protocolVersion = '1';

export const methods = {
  ...systemMethods,
  ...templateMethods,
  ...sessionMethods,
  ...execMethods,
  ...libMethods,
  ...eventsMethods,
};

export type MethodName = keyof typeof methods;
/** What a client writes. */
export type MethodParams<Name extends MethodName> = z.input<(typeof methods)[Name]['params']>;
/** What a call answers. */
export type MethodResult<Name extends MethodName> = z.output<(typeof methods)[Name]['result']>;

export const isMethodName = (name: string): name is MethodName => Object.hasOwn(methods, name);
