// Loop-heavy scripts, each of which ends with a value that is known.

/** @type {readonly { name: string, code: string, value: number }[]} */
export const scripts = [
  {
    name: 'fib(27)',
    code: 'function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2) } fib(27)',
    value: 196_418,
  },
  {
    name: 'sieve of 300,000',
    code: `(function () {
      const composite = new Uint8Array(300000); let count = 0;
      for (let n = 2; n < composite.length; n++) {
        if (composite[n]) continue;
        count++;
        for (let multiple = n * 2; multiple < composite.length; multiple += n) composite[multiple] = 1;
      }
      return count;
    })()`,
    value: 25_997,
  },
];
