// What the main thread does for scripts, made for a session when it first asks: most never do.
import { Databases } from '../database/databases.js';
import { Programs } from '../exec/programs.js';
import { Requests } from '../net/requests.js';
import type { ServiceMaker } from './desk.js';
import type { ServiceName } from './messages.js';

export const services: Readonly<Record<ServiceName, ServiceMaker>> = {
  exec: () => new Programs(),
  database: () => new Databases(),
  net: () => new Requests(),
};
