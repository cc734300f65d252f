// `vmsys service doctor`: looks at everything that can be wrong with the service, and says what puts it right.
import * as z from 'zod';
import { command } from '../../command.js';
import { print, printJson, type Context } from '../../context.js';
import { exitStatus } from '../../fault.js';
import { findManager } from '../manager.js';
import { findScope, scopeParams } from '../scope.js';
import { gatherFacts } from './facts.js';
import { wrong, type Finding } from './finding.js';
import { checkRunning } from './running-checks.js';
import { checkUnits } from './unit-checks.js';

/** As for a script that threw: the command did its work, and found something. */
const foundWrong = 1;

export const doctorCommand = command({
  words: 'service doctor',
  summary: 'Find what is wrong with the service, and say what puts it right; exit status 1 if something is.',
  params: z.strictObject(scopeParams),
  async run(context, params) {
    const scope = findScope(context, params);
    const manager = await findManager(scope);
    const findings = typeof manager === 'string' ? [wrong('systemd', manager)] : [];
    if (typeof manager !== 'string') {
      const facts = await gatherFacts(scope, manager, { shell: context.env, signal: context.signal });
      findings.push(...checkUnits(facts), ...checkRunning(facts));
    }
    const faults = findings.filter(({ verdict }) => verdict === 'wrong').length;
    if (context.json) printJson(context, { ok: faults === 0, findings });
    else print(context, [...findings.flatMap((finding) => linesOf(context, finding)), verdictLine(faults)]);
    return faults === 0 ? exitStatus.ok : foundWrong;
  },
});

function linesOf({ paint }: Context, { check, verdict, says, cure = [] }: Finding): string[] {
  const mark = { ok: paint('green', '✓'), wrong: paint('red', '✗'), note: paint('yellow', '–') }[verdict];
  return [`${mark} ${check}: ${says}`, ...cure.map((line) => `    ${paint('cyan', line)}`)];
}

const verdictLine = (faults: number): string =>
  faults === 0
    ? 'Everything is as it should be.'
    : `${faults} ${faults === 1 ? 'thing is' : 'things are'} wrong; below each stands what puts it right.`;
