#!/usr/bin/env node
const { load } = require('../dist/bundle/load.js');

void load('vmsysd').main(process.argv.slice(2));
