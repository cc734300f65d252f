// Queries a SQLite file and prints who bought most. In this folder:
//   vmsys template apply template.yaml
//   vmsys session create --template query-database --name shop
//   vmsys exec run-file shop top-customers.js 3
//   vmsys exec repl shop 'shop.query("SELECT count(*) AS orders FROM orders")'
// Its template grants opening databases of this folder, to read. The database stays open in the session, as `shop`.

const database = require('database');

const shop = database.open('shop.db', { readonly: true });
const [limit = '5'] = vmsys.args;

const customers = shop.query(
  `SELECT name, city, count(*) AS orders, sum(cents) / 100.0 AS total
   FROM customers JOIN orders ON orders.customer = customers.id
   GROUP BY customers.id ORDER BY total DESC LIMIT ?`,
  [Number(limit)],
);
console.table(customers);

const [{ silent }] = shop.query(
  'SELECT count(*) AS silent FROM customers WHERE id NOT IN (SELECT customer FROM orders)',
);
console.log(`without an order: ${silent}`);
