// Reads a web server's log, given as the first argument, and prints what an operator wants to know of it.
// What it declares at the top level stays in the session for whoever calls next.

const linePattern = /^(\S+) \S+ \S+ \[([^\]]+)\] "(\S+) (\S+) [^"]*" (\d{3}) (\d+) (\d+)$/;
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `14/Mar/2026:09:00:05 +0000` to a Date. */
function parseTime(text) {
  const [, day, month, year, time, zone] = /^(\d+)\/(\w+)\/(\d+):(\S+) ([+-]\d{4})$/.exec(text);
  const number = String(months.indexOf(month) + 1).padStart(2, '0');
  return new Date(`${year}-${number}-${day}T${time}${zone.slice(0, 3)}:${zone.slice(3)}`);
}

function parseLine(line, index) {
  const match = linePattern.exec(line);
  if (match === null) throw new SyntaxError(`line ${index + 1} of the log: expected an entry, got "${line}"`);
  const [, client, time, method, target, status, bytes, ms] = match;
  const { pathname } = new URL(target, 'http://shop.example');
  return {
    client,
    time: parseTime(time),
    method,
    path: pathname.replace(/\/\d+$/, '/:id'),
    status: Number(status),
    bytes: Number(bytes),
    ms: Number(ms),
  };
}

function summarize(name, group) {
  const times = group.map(({ ms }) => ms);
  return {
    route: name,
    calls: group.length,
    failed: group.filter(({ status }) => status >= 500).length,
    p50: percentile(times, 0.5),
    p95: percentile(times, 0.95),
    kB: Math.round(group.reduce((sum, { bytes }) => sum + bytes, 0) / 1000),
  };
}

const [log] = vmsys.args;
if (log === undefined) throw new TypeError('expected the text of a log as the first argument');

const requests = log.trim().split('\n').map(parseLine);
const routes = [...groupBy(requests, ({ method, path }) => `${method} ${path}`)]
  .map(([name, group]) => summarize(name, group))
  .sort((a, b) => b.p95 - a.p95);

const clients = new Tally();
for (const { client } of requests) clients.add(client);

const minutes = new Tally();
for (const { time } of requests) minutes.add(time.toISOString().slice(11, 16));

console.log('%d requests from %d clients', requests.length, clients.top().length);
console.table(routes.slice(0, 4));
const [[busiest, most]] = minutes.top(1);
console.log(`busiest minute: ${busiest} UTC, ${most} requests`);
