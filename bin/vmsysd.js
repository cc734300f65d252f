#!/usr/bin/env node
import { main } from '../dist/host/main.js';

await main(process.argv.slice(2));
