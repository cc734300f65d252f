// Timers live in the guest; the host asks when the next is due and runs them one at a time.
import t, { type Test } from 'tap';
import { Guest } from '../../../fixtures/guest.js';

/** A guest whose clock stands still until `pass` moves it. */
async function guestAtRest(): Promise<{ guest: Guest; pass: (ms: number) => void; log: () => unknown }> {
  const guest = await Guest.boot();
  // Due times are moved instead of the clock: the prelude keeps the engine's own `Date.now`.
  const pass = (ms: number): void => void guest.call('shiftTimers', -ms);
  guest.show('globalThis.seen = []; 0');
  return { guest, pass, log: () => guest.show('seen').json };
}

const runAll = (guest: Guest): number => {
  let count = 0;
  while (guest.call('nextTimer') === 0) count += Number(guest.call('runTimer'));
  return count;
};

t.test('a timeout runs once, when it is due, with its arguments', async (t) => {
  const { guest, pass, log } = await guestAtRest();
  t.equal(guest.call('nextTimer'), -1);
  t.equal(guest.call('runTimer'), 0);
  t.equal(guest.show(`setTimeout((...args) => seen.push(args), 60_000, 1, 'two')`).type, 'number');
  t.equal(guest.call('oneShots'), 1);
  const due = Number(guest.call('nextTimer'));
  t.ok(due > 50_000 && due <= 60_000);
  t.equal(guest.call('runTimer'), 0, 'not before');
  pass(60_000);
  t.equal(guest.call('nextTimer'), 0);
  t.equal(guest.call('runTimer'), 1);
  t.strictSame(log(), [[1, 'two']]);
  t.equal(guest.call('nextTimer'), -1);
  t.equal(guest.call('oneShots'), 0);
});

t.test('timers run in the order in which they are due, then in that in which they were made', async (t) => {
  const { guest, pass, log } = await guestAtRest();
  guest.show(`Date.now = () => 0; const say = (x) => seen.push(x);
    setTimeout(say, 3000, 'c'); setTimeout(say, 1000, 'a'); setImmediate(say, 'now'); setTimeout(say, 2000, 'b1');
    setTimeout(say, 2000, 'b2'); 0`);
  t.equal(runAll(guest), 1, 'an immediate is due at once');
  pass(3000);
  t.equal(runAll(guest), 4);
  t.strictSame(log(), ['now', 'a', 'b1', 'b2', 'c']);
});

t.test('delays are as in Node', async (t) => {
  const { guest } = await guestAtRest();
  for (const delay of ['0', '-5', 'NaN', 'undefined', `'x'`, '2 ** 31', '1.9']) {
    guest.show(`setTimeout(() => {}, ${delay})`);
    t.ok(Number(guest.call('nextTimer')) <= 1, delay);
    guest.call('clearTimers');
  }
  guest.show(`setTimeout(() => {}, '60000')`);
  t.ok(Number(guest.call('nextTimer')) > 50_000);
});

t.test('an interval runs again after it returned, until it is cleared', async (t) => {
  const { guest, pass, log } = await guestAtRest();
  guest.show(
    `let n = 0; const id = setInterval((x) => { seen.push(x); if (++n === 3) clearInterval(id); }, 60_000, 'i'); 0`,
  );
  t.equal(guest.call('oneShots'), 0);
  for (let round = 0; round < 4; round++) {
    pass(60_000);
    guest.call('runTimer');
  }
  t.strictSame(log(), ['i', 'i', 'i']);
  t.equal(guest.call('nextTimer'), -1);
});

t.test('an exception reaches the host, and the interval that threw is gone', async (t) => {
  const { guest, pass } = await guestAtRest();
  guest.show(
    `setInterval(function tick() { throw new Error('tick'); }, 1); setTimeout(() => seen.push('other'), 60_000); 0`,
  );
  pass(60_000);
  t.throws(() => guest.call('runTimer'), /driver.runTimer threw/);
  t.equal(guest.call('runTimer'), 1, 'the others go on');
  t.equal(guest.call('nextTimer'), -1);
  t.equal(guest.call('oneShots'), 0);
});

t.test('cleared timers do not run, whoever clears them and by whatever name', async (t) => {
  const { guest, pass, log } = await guestAtRest();
  guest.show(`const a = setTimeout(() => seen.push('a'), 10); const b = setInterval(() => seen.push('b'), 10);
    const c = setImmediate(() => seen.push('c')); setTimeout(() => { seen.push('d'); clearTimeout(e); }, 10);
    const e = setTimeout(() => seen.push('e'), 20); clearInterval(a); clearImmediate(b); clearTimeout(String(c));
    clearTimeout(); clearTimeout(null); clearTimeout({}); clearTimeout(12345); clearTimeout(a); 0`);
  t.equal(guest.call('oneShots'), 2);
  pass(100);
  runAll(guest);
  t.strictSame(log(), ['d']);
  guest.show('setTimeout(() => {}); setInterval(() => {}); 0');
  guest.call('clearTimers');
  t.equal(guest.call('nextTimer'), -1);
  t.equal(guest.call('oneShots'), 0);
});

t.test('shifting lets timers wait for the time they had left', async (t) => {
  const { guest } = await guestAtRest();
  guest.show('setTimeout(() => {}, 60_000)');
  guest.call('shiftTimers', 3_600_000);
  t.ok(Number(guest.call('nextTimer')) > 3_600_000);
});

t.test('what is no function, and too many timers, are refused', async (t) => {
  const { guest } = await guestAtRest();
  for (const code of [
    `setTimeout('seen.push(1)')`,
    'setInterval()',
    'setImmediate({})',
    'queueMicrotask(1)',
    'process.nextTick()',
  ]) {
    t.match(
      guest.fail(code),
      { name: 'TypeError', message: /expected a function as the first argument, got/ },
      code,
    );
  }
  guest.show('for (let i = 0; i < 10_000; i++) setTimeout(() => {}, i)');
  t.match(guest.fail('setTimeout(() => {})'), { name: 'RangeError', message: /10000 timers are pending/ });
  guest.call('clearTimers');
  guest.show('setTimeout(() => {})');
});

t.test('microtasks come before timers, and what they throw is uncaught', async (t) => {
  const { guest, log } = await guestAtRest();
  guest.show(`setImmediate(() => seen.push('immediate')); queueMicrotask(() => seen.push('micro'));
    process.nextTick((x) => seen.push(x), 'tick'); Promise.resolve().then(() => seen.push('then')); 0`);
  guest.runJobs();
  runAll(guest);
  t.strictSame(log(), ['micro', 'tick', 'then', 'immediate']);
  guest.show(`queueMicrotask(function job() { throw new RangeError('lost'); }); 0`);
  guest.runJobs();
  t.equal(guest.call('oneShots'), 1, 'the host waits for it');
  await uncaught(t, guest, /^RangeError: lost\n {4}at job \(user\.js:1:\d+\)$/);
});

async function uncaught(t: Test, guest: Guest, stack: RegExp): Promise<void> {
  try {
    guest.call('runTimer');
    t.fail('expected the timer to throw');
  } catch (error) {
    const { thrown } = error as { thrown: Parameters<Guest['describeError']>[0] };
    t.match(guest.describeError(thrown).stack, stack);
  }
}
