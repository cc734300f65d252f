// Writes reminders of invoices that are overdue, with dates by the library `dayjs` of npm. In this folder:
//   vmsys lib add dayjs
//   vmsys template apply template.yaml
//   vmsys session create --template reminders --name reminders
//   vmsys exec run-file reminders reminders.js 2026-03-01
// Its template grants reading files of this folder and the daemon's variable USER, has the library, and sets
// PAYMENT_DAYS. Without an argument the day is today.

const fs = require('fs');
const dayjs = require('dayjs');

const { USER: sender, PAYMENT_DAYS: days } = process.env;
if (sender === undefined || days === undefined)
  throw new Error('expected USER and PAYMENT_DAYS in the environment');

const today = dayjs(vmsys.args[0]);
const invoices = JSON.parse(fs.readFileSync('invoices.json', 'utf8'));

for (const { number, customer, sent, amount, paid } of invoices) {
  const due = dayjs(sent).add(Number(days), 'day');
  if (paid || !due.isBefore(today)) continue;
  console.log(`Dear ${customer},
invoice ${number} of ${dayjs(sent).format('D MMMM YYYY')} (${amount.toFixed(2)} EUR) was due on ${due.format('dddd, D MMMM')}, ${today.diff(due, 'day')} days ago.
Yours, ${sender}
`);
}
