#!/usr/bin/env node
import { main } from '../dist/bundle/vmsys.js';

await main(process.argv.slice(2));
