#!/usr/bin/env node
const { load } = require('../dist/bundle/load.js');

void load('vmsys').main(process.argv.slice(2));
