// Prints the plan of a loan: what of each year's payments is interest and what is left. TypeScript of several files
// with their settings in JSON. In this folder:
//   vmsys template apply template.yaml
//   vmsys session create --template loan-plan --name loan
//   vmsys exec run-file loan plan.ts
// Its template grants nothing: files of the worktree can be imported without a capability. It says that .ts files are
// ES modules. Types are taken out, not checked; `tsc` checks them.

import settings from './loan.json' with { type: 'json' };
import { formatMoney } from './src/money.ts';
import { monthlyPayment, yearsOf, type Loan, type Year } from './src/loan.ts';

const loan: Loan = settings;
const toRow = ({ year, interest, left }: Year): Record<string, string | number> => ({
  year,
  interest: formatMoney(interest, settings.currency),
  left: formatMoney(left, settings.currency),
});

console.log(`${formatMoney(monthlyPayment(loan), settings.currency)} a month`);
console.table([...yearsOf(loan)].map(toRow));
