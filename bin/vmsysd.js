#!/usr/bin/env node
import { main } from '../dist/bundle/vmsysd.js';

await main(process.argv.slice(2));
