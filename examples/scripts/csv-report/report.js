// Reads a CSV file and reports what was sold, by region and by product. In this folder:
//   vmsys template apply template.yaml
//   vmsys session create --template csv-report --name report
//   vmsys exec run-file report report.js orders.csv
//   vmsys exec repl report 'orders.filter(({ units }) => units > 5).map(({ product }) => product)'
// Its template grants reading files of this folder. The rows stay in the session, as `orders`.

const fs = require('fs');

/** The lines of a CSV text as arrays of cells; a cell in quotes may hold commas and doubled quotes. */
function parseCsv(text) {
  return text
    .trim()
    .split('\n')
    .map((line) =>
      [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain]) =>
        quoted === undefined ? plain : quoted.replaceAll('""', '"'),
      ),
    );
}

function totalsBy(key) {
  const totals = {};
  for (const order of orders) {
    const total = (totals[order[key]] ??= { units: 0, revenue: 0 });
    total.units += order.units;
    total.revenue += order.units * order.price;
  }
  return totals;
}

const [file = 'orders.csv'] = vmsys.args;
const [header, ...rows] = parseCsv(fs.readFileSync(file, 'utf8'));
const orders = rows.map((cells) => {
  const order = Object.fromEntries(header.map((name, index) => [name, cells[index]]));
  return { ...order, units: Number(order.units), price: Number(order.price) };
});

console.log(`${orders.length} orders from ${orders[0].date} to ${orders.at(-1).date}`);
console.table(totalsBy('region'));
console.table(totalsBy('product'));
