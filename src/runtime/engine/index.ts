// The engine for another program: isolated JavaScript with the shape of node:vm, without sessions or a daemon.
export {
  Context,
  Script,
  ScriptError,
  ScriptTimeoutError,
  createContext,
  isContext,
  runInContext,
  runInNewContext,
  type ContextOptions,
  type RunningOptions,
} from './vm.js';
export { engineIdentity } from './binary.js';
export type { HostValue, ModuleHost, ModuleSource } from './module-host.js';
