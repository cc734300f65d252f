// The function fetch as scripts in sessions have it, against web servers of the test.
import { gzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import type { CapabilityInput, Execution, HostCall, Session } from '#src/records/index.js';
import { bodyOf, startServer } from '../../../fixtures/http.js';
import { openTestRuntime, type TestRuntime } from '../../../fixtures/runtime.js';
import { until } from '../../../fixtures/until.js';

interface World {
  runtime: TestRuntime;
  session: (...capabilities: CapabilityInput[]) => Promise<Session>;
}

async function makeWorld(t: Test): Promise<World> {
  const runtime = await openTestRuntime(t);
  let count = 0;
  return {
    runtime,
    session: async (...capabilities) => {
      const { id } = runtime.templates.create({ name: `t${++count}`, capabilities });
      return runtime.sessions.create({ template: id });
    },
  };
}

const net = (name: string, config: CapabilityInput['config'] = {}): CapabilityInput => ({
  kind: 'net',
  name,
  config,
});

const callsOf = ({ events = [] }: Execution): HostCall[] =>
  events.flatMap((event) => (event.type === 'host' ? [event.payload] : []));

/** Code whose value is the name, code and message of what its fetch rejects with. */
const failing = (call: string): string =>
  `await fetch(${call}).then((r) => r.status, (e) => [e.name, e.message, e.cause?.code ?? '', e.cause?.message ?? ''])`;

const forever = (): void => {};

t.test('fetch is there where an origin is granted, and nowhere else', async (t) => {
  const { runtime, session } = await makeWorld(t);
  const types = `[typeof fetch, typeof Headers, typeof Response]`;
  t.same(await runtime.value(await session(), types), ['undefined', 'undefined', 'undefined']);
  t.same(await runtime.value(await session({ ...net('http://127.0.0.1:9'), enabled: false }), types), [
    'undefined',
    'undefined',
    'undefined',
  ]);
  const granted = await session(net('http://127.0.0.1:9'));
  t.same(await runtime.value(granted, types), ['function', 'function', 'function']);
  t.equal(await runtime.value(granted, 'fetch === fetch && fetch.name'), 'fetch');
  for (const kind of ['module', 'global'] as const)
    t.throws(
      () =>
        runtime.templates.create({
          name: 'x',
          capabilities: [{ kind, name: kind === 'module' ? 'net' : 'fetch' }],
        }),
      { code: 'MODULE_NOT_ALLOWED', message: /granted by origin/ },
    );
  for (const capability of [
    net('https://*.example.com'),
    net('https://a.example/x'),
    net('https://a.example', { maxByte: 1 }),
  ])
    t.throws(() => runtime.templates.create({ name: 'x', capabilities: [capability] }), {
      code: 'VALIDATION_ERROR',
    });
  const bare = await session();
  t.equal(
    await runtime.value(bare, `try { require('vmsys:net') } catch (e) { e.code }`),
    'MODULE_NOT_ALLOWED',
  );
  t.match(await runtime.value(bare, `try { require('net') } catch (e) { e.message }`), /one of Node's/);
  t.match(
    runtime.templates.modules().find(({ name }) => name === 'net'),
    { functions: ['fetch'] },
  );
});

t.test('a default port is left out, and either way takes the grant back', async (t) => {
  const { runtime } = await makeWorld(t);
  runtime.templates.create({ name: 'x' });
  t.match(runtime.templates.addCapability('x', net('HTTPS://a.example:443/')).capabilities, [
    { kind: 'net', name: 'https://a.example' },
  ]);
  t.same(runtime.templates.removeCapability('x', net('https://A.example:443')).capabilities, []);
});

t.test('answers have Node’s names and shapes', async (t) => {
  const { runtime, session } = await makeWorld(t);
  const { origin, seen } = await startServer(t, {
    '/json': (_, response) => {
      response.setHeader('set-cookie', ['a=1', 'b=2']);
      response.setHeader('content-type', 'application/json').end('{"a":[1,"ä"]}');
    },
    '/bytes': (_, response) => void response.end(Buffer.from([0, 255, 1, 0])),
    '/gzip': (_, response) =>
      void response.setHeader('content-encoding', 'gzip').end(gzipSync('text '.repeat(1000))),
    '/none': (_, response) => void response.writeHead(204, 'Nothing').end(),
    '/echo': async (request, response) => {
      const { method, headers } = request;
      response.end(JSON.stringify({ method, headers, body: await bodyOf(request) }));
    },
  });
  const s = await session(net(origin, { methods: ['GET', 'HEAD', 'POST', 'PUT'] }));
  await runtime.value(s, `const at = (path) => ${JSON.stringify(origin)} + path; 1`);
  t.same(
    await runtime.value(
      s,
      `const r = await fetch(at('/json?secret=1')); [r.ok, r.status, r.statusText, r.headers.get('Content-Type'), r.headers.getSetCookie(), r.url, r.redirected, r.bodyUsed, await r.clone().text(), await r.json(), r.bodyUsed, r instanceof Response]`,
    ),
    [
      ...[true, 200, 'OK', 'application/json', ['a=1', 'b=2'], `${origin}/json?secret=1`, false, false],
      ...['{"a":[1,"ä"]}', { a: [1, 'ä'] }, true, true],
    ],
  );
  t.same(await runtime.value(s, `[...await (await fetch(at('/bytes'))).bytes()]`), [0, 255, 1, 0]);
  t.equal(await runtime.value(s, `(await (await fetch(at('/bytes'))).arrayBuffer()).byteLength`), 4);
  t.equal(await runtime.value(s, `(await (await fetch(at('/gzip'))).text()).length`), 5000);
  t.same(
    await runtime.value(s, `const n = await fetch(at('/none')); [n.status, n.statusText, await n.text()]`),
    [204, 'Nothing', ''],
  );
  t.same(
    await runtime.value(
      s,
      `const h = await fetch(at('/json'), { method: 'head' }); [h.status, await h.text()]`,
    ),
    [200, ''],
  );
  t.same(await runtime.value(s, `const m = await fetch(at('/missing')); [m.ok, m.status]`), [false, 404]);
  t.match(
    await runtime.value(
      s,
      `await (await fetch(new URL(at('/echo')), { method: 'POST', body: JSON.stringify({ x: 'ü' }), headers: { 'X-One': 'a', 'content-type': 'application/json', cookie: 'c=d' } })).json()`,
    ),
    {
      method: 'POST',
      body: '{"x":"ü"}',
      headers: { 'x-one': 'a', 'content-type': 'application/json', 'content-length': '10', cookie: 'c=d' },
    },
  );
  t.match(
    await runtime.value(
      s,
      `await (await fetch(at('/echo'), { method: 'PUT', body: new URLSearchParams({ a: 'b c' }), headers: new Headers([['x-two', '1'], ['X-Two', '2']]) })).json()`,
    ),
    {
      body: 'a=b+c',
      headers: { 'x-two': '1, 2', 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8' },
    },
  );
  t.match(
    await runtime.value(
      s,
      `await (await fetch(at('/echo'), { method: 'POST', body: new Uint8Array([104, 105]) })).json()`,
    ),
    { body: 'hi' },
  );
  t.match(
    callsOf(await runtime.run(s, `await fetch(at('/json?secret=1'))`)),
    [
      { module: 'net', call: 'fetch', target: `GET ${origin}/json`, allowed: true },
      { module: 'net', call: 'response', target: `GET ${origin}/json`, allowed: true, bytes: 14 },
    ],
    'the ledger has no query',
  );
  t.notOk(
    seen.some((line) => line.includes('cookie')),
    'nothing is remembered',
  );
  t.match((await runtime.run(s, `await fetch(at('/json'))`)).result?.preview, /^Response \{\n? *status: 200/);
});

t.test('other origins, methods, headers and addresses are refused before anything is sent', async (t) => {
  const { runtime, session } = await makeWorld(t);
  const allowed = await startServer(t, { '/': (_, response) => void response.end('in') });
  const other = await startServer(t, { '/': (_, response) => void response.end('out') });
  const s = await session(net(allowed.origin, { timeoutMs: 5000 }));
  t.match(await runtime.value(s, failing(`'${other.origin}/x?y'`)), [
    'TypeError',
    `EACCES: template "t1" does not grant ${other.origin}; to grant it to new sessions: vmsys template add-capability t1 net ${other.origin}`,
    'EACCES',
  ]);
  t.match(await runtime.value(s, failing(`'${allowed.origin}', { method: 'DELETE' }`)), [
    'TypeError',
    /add-capability t1 net http:\S+ --config '\{"timeoutMs":5000,"methods":\["GET","HEAD","DELETE"\]\}'$/,
  ]);
  const port = new URL(allowed.origin).port;
  for (const call of [
    `'https://127.0.0.1:${port}/'`,
    `'http://localhost:${port}/'`,
    `'http://user:pass@127.0.0.1:${port}/'`,
    `'http://127.0.0.1:${port}@127.0.0.1:${new URL(other.origin).port}/'`,
    `'file:///etc/passwd'`,
    `'data:text/plain,x'`,
    `'/relative'`,
    `''`,
    `{ toString() { return '${other.origin}' } }`,
    `'${allowed.origin}', { method: 'CONNECT' }`,
    `'${allowed.origin}', { method: 'GET / HTTP/1.1\\r\\n' }`,
    `'${allowed.origin}', { headers: { host: 'other' } }`,
    `'${allowed.origin}', { headers: { 'Transfer-Encoding': 'chunked' } }`,
    `'${allowed.origin}', { headers: { 'content-length': '5' } }`,
    `'${allowed.origin}', { headers: { 'x\\r\\ny': '1' } }`,
    `'${allowed.origin}', { headers: { x: 'a\\r\\nhost: b' } }`,
    `'${allowed.origin}', { headers: { x: '\\u{1F600}' } }`,
    `'${allowed.origin}', { body: 'x' }`,
    `'${allowed.origin}', { redirect: 'sideways' }`,
    `'${allowed.origin}', { integrity: 'sha256-x' }`,
  ])
    t.match(await runtime.value(s, failing(call)), ['TypeError'], call);
  t.same([allowed.seen, other.seen], [[], []], 'no server was asked');
  t.equal(await runtime.value(s, `await (await fetch('${allowed.origin}')).text()`), 'in');
  t.match(callsOf(await runtime.run(s, failing(`'${other.origin}/x?y'`))), [
    { call: 'fetch', target: `GET ${other.origin}/x`, allowed: false },
  ]);
});

t.test('redirects are followed inside the list only', async (t) => {
  const { runtime, session } = await makeWorld(t);
  const other = await startServer(t, {
    '/': (request, response) => void response.end(JSON.stringify(request.headers)),
  });
  const outside = await startServer(t, {});
  const to =
    (status: number, location: string) => (_: unknown, response: import('node:http').ServerResponse) =>
      void response.writeHead(status, { location }).end('gone');
  const { origin, seen } = await startServer(t, {
    '/inside': to(302, '/end?x=1'),
    '/end': async (request, response) => {
      response.end(`${request.method ?? ''} ${await bodyOf(request)}`);
    },
    '/granted': to(307, `${other.origin}/`),
    '/outside': to(302, `${outside.origin}/secret`),
    '/keep': to(308, '/end'),
    '/loop': to(301, '/loop'),
    '/file': to(302, 'file:///etc/passwd'),
    '/user': to(302, `http://a:b@127.0.0.1:1/`),
    '/bad': to(302, 'http://'),
  });
  const s = await session(net(origin, { methods: ['GET', 'POST'] }), net(other.origin));
  await runtime.value(s, `const at = (path) => ${JSON.stringify(origin)} + path; 1`);
  t.same(
    await runtime.value(
      s,
      `const r = await fetch(at('/inside'), { method: 'POST', body: 'b' }); [r.redirected, r.url, await r.text()]`,
    ),
    [true, `${origin}/end?x=1`, 'GET '],
  );
  t.equal(
    await runtime.value(s, `await (await fetch(at('/keep'), { method: 'POST', body: 'b' })).text()`),
    'POST b',
  );
  const passed = await runtime.run(
    s,
    `await (await fetch(at('/granted'), { headers: { authorization: 'secret', cookie: 'c', 'x-other': '1' } })).json()`,
  );
  const headers = passed.result?.json as Record<string, string>;
  t.equal(headers['x-other'], '1');
  t.notOk('authorization' in headers || 'cookie' in headers, 'secrets stay with their origin');
  t.match(callsOf(passed), [
    { call: 'fetch', target: `GET ${origin}/granted` },
    { call: 'redirect', target: `GET ${other.origin}/`, allowed: true },
    { call: 'response', target: `GET ${other.origin}/` },
  ]);
  const refused = await runtime.run(s, failing(`at('/outside')`));
  t.match(refused.result?.json, ['TypeError', /does not grant http/, 'EACCES']);
  t.match(callsOf(refused), [
    { allowed: true },
    { call: 'redirect', target: `GET ${outside.origin}/secret`, allowed: false },
  ]);
  t.same(outside.seen, []);
  t.match(
    await runtime.value(s, failing(`at('/granted'), { method: 'POST', body: 'x' }`)),
    ['TypeError', /does not grant POST at/],
    'the method must be granted there as well',
  );
  t.same(other.seen, ['GET /']);
  seen.length = 0;
  t.match(await runtime.value(s, failing(`at('/loop')`)), [
    'TypeError',
    'fetch failed',
    'ERR_TOO_MANY_REDIRECTS',
  ]);
  t.equal(seen.length, 11);
  for (const path of ['/file', '/user', '/bad'])
    t.match(await runtime.value(s, failing(`at('${path}')`)), ['TypeError'], path);
  t.match(await runtime.value(s, failing(`at('/inside'), { redirect: 'error' }`)), [
    'TypeError',
    'fetch failed',
    'ERR_REDIRECT',
  ]);
  t.same(
    await runtime.value(
      s,
      `const m = await fetch(at('/outside'), { redirect: 'manual' }); [m.status, m.headers.get('location')]`,
    ),
    [302, `${outside.origin}/secret`],
  );
});

t.test('sizes and times have an end', async (t) => {
  const { runtime, session } = await makeWorld(t);
  const bomb = gzipSync(Buffer.alloc(50_000_000));
  const { origin, connections } = await startServer(t, {
    '/large': (_, response) => {
      const more = (): void => {
        while (response.write(Buffer.alloc(65_536)));
      };
      response.on('drain', more);
      more();
    },
    '/announced': (_, response) => void response.writeHead(200, { 'content-length': '999999999' }).write('x'),
    '/bomb': (_, response) => void response.setHeader('content-encoding', 'gzip').end(bomb),
    '/layers': (_, response) =>
      void response.setHeader('content-encoding', 'gzip, gzip, gzip').end(gzipSync(gzipSync(gzipSync('x')))),
    '/empty-members': (_, response) => {
      response.setHeader('content-encoding', 'gzip');
      const member = Buffer.concat(Array.from({ length: 1000 }, () => gzipSync('')));
      const more = (): void => {
        while (response.write(member));
      };
      response.on('drain', more);
      more();
    },
    '/headers': (_, response) => void response.setHeader('x', 'x'.repeat(100_000)).end(),
    '/slow-head': forever,
    '/slow-body': (_, response) => {
      const timer = setInterval(() => response.write('.'), 20);
      response.on('close', () => clearInterval(timer));
    },
    '/broken': (request) => void request.socket.destroy(),
    '/half': (request, response) => {
      response.writeHead(200, { 'content-length': '10' }).write('12345', () => request.socket.destroy());
    },
    '/garbage': (_, response) => void response.setHeader('content-encoding', 'gzip').end('no gzip'),
    '/late': (_, response) => void setTimeout(() => response.end('late'), 200),
  });
  const s = await session(net(origin, { maxBytes: 1_000_000, timeoutMs: 2000, methods: ['GET', 'POST'] }));
  await runtime.value(s, `const at = (path) => ${JSON.stringify(origin)} + path; 1`);
  for (const [path, code] of [
    ['/large', 'ERR_RESPONSE_TOO_LARGE'],
    ['/announced', 'ERR_RESPONSE_TOO_LARGE'],
    ['/bomb', 'ERR_RESPONSE_TOO_LARGE'],
    ['/empty-members', 'ERR_RESPONSE_TOO_LARGE'],
    ['/layers', 'ERR_CONTENT_ENCODING'],
    ['/headers', 'HPE_HEADER_OVERFLOW'],
    ['/broken', 'ECONNRESET'],
    ['/half', 'ECONNRESET'],
    ['/garbage', 'Z_DATA_ERROR'],
    ['/slow-head', 'ETIMEDOUT'],
    ['/slow-body', 'ETIMEDOUT'],
  ] as const) {
    const start = performance.now();
    t.match(await runtime.value(s, failing(`at('${path}')`)), ['TypeError', 'fetch failed', code], path);
    t.ok(performance.now() - start < 10_000);
  }
  t.match(
    await runtime.value(
      s,
      `await fetch(at('/slow-head'), { method: 'POST', body: 'x'.repeat(1_000_001) }).catch((e) => e.cause.code)`,
    ),
    'ERR_REQUEST_TOO_LARGE',
  );
  await until('every connection is closed', async () => (await connections()) === 0);
  t.match(await runtime.run(s, `await fetch(at('/slow-head'))`, { timeoutMs: 300 }), { status: 'timeout' });
  await until('its connection is closed', async () => (await connections()) === 0);
  t.equal(await runtime.value(s, `await (await fetch(at('/late'))).text()`), 'late', 'the session goes on');
  t.same(
    runtime.logs.filter(({ level }) => level === 'error'),
    [],
  );
});

t.test('a cancelled execution ends its requests', async (t) => {
  const { runtime, session } = await makeWorld(t);
  const server = await startServer(t, { '/': forever, '/ok': (_, response) => void response.end('ok') });
  const s = await session(net(server.origin));
  const calling = runtime.run(s, `await fetch('${server.origin}')`);
  await until('the request is there', () => server.seen.length === 1);
  runtime.sessions.interrupt(s.id);
  t.equal((await calling).status, 'cancelled');
  await until('its connection is closed', async () => (await server.connections()) === 0);
  const failed = runtime.run(
    s,
    `globalThis.outcome = fetch('${server.origin}').catch((e) => e.cause.code); throw new Error('no')`,
  );
  t.equal((await failed).status, 'error');
  t.equal(await runtime.value(s, `await outcome`), 'ECONNABORTED', 'and so does one that failed');
  await until('that is closed too', async () => (await server.connections()) === 0);
  t.equal(await runtime.value(s, `await (await fetch('${server.origin}/ok')).text()`), 'ok');
});

t.test('a signal ends its request, and one that waits in line', async (t) => {
  const { runtime, session } = await makeWorld(t);
  const server = await startServer(t, { '/': forever, '/ok': (_, response) => void response.end('ok') });
  const s = await session(net(server.origin));
  const url = `'${server.origin}'`;
  t.equal(
    await runtime.value(s, `await fetch(${url}, { signal: AbortSignal.abort('why') }).catch((e) => e)`),
    'why',
  );
  t.equal(server.seen.length, 0);
  t.equal(
    await runtime.value(s, `await fetch(${url}, { signal: AbortSignal.timeout(100) }).catch((e) => e.name)`),
    'TimeoutError',
  );
  await until('its connection is closed', async () => (await server.connections()) === 0);
  t.same(
    await runtime.value(
      s,
      `const c = new AbortController(); const all = Array.from({ length: 20 }, () => fetch(${url}, { signal: c.signal }).catch((e) => e.name)); setTimeout(() => c.abort(), 50); [...new Set(await Promise.all(all))]`,
    ),
    ['AbortError'],
  );
  await until('none is open', async () => (await server.connections()) === 0);
  t.equal(await runtime.value(s, `await (await fetch('${server.origin}/ok')).text()`), 'ok');
});

t.test('several go on at once, the others wait their turn', async (t) => {
  const { runtime, session } = await makeWorld(t);
  let open = 0;
  let most = 0;
  const held: (() => void)[] = [];
  const { origin } = await startServer(t, {
    '/': (_, response) => {
      most = Math.max(most, ++open);
      held.push(() => {
        open -= 1;
        response.end('done');
      });
      // Nobody is answered before so many are here.
      if (open === 8) for (const answer of held.splice(0)) answer();
    },
  });
  const s = await session(net(origin));
  const all = `const texts = await Promise.all(Array.from({ length: 24 }, (_, n) => fetch('${origin}/?' + n).then((r) => r.text())))`;
  t.equal(await runtime.value(s, `${all}; texts.filter((text) => text === 'done').length`), 24);
  t.equal(most, 8);
  const ticking = `let ticks = 0; const every = setInterval(() => ticks++, 5); const both = await Promise.all(Array.from({ length: 8 }, () => fetch('${origin}/'))); clearInterval(every); both.length`;
  t.equal(await runtime.value(s, ticking), 8, 'timers run meanwhile');
});

t.test('answers arrive after the execution as well', async (t) => {
  const { runtime, session } = await makeWorld(t);
  const answers: (() => void)[] = [];
  const server = await startServer(t, {
    '/': (_, response) => void answers.push(() => response.end('later')),
  });
  const s = await session(net(server.origin));
  await runtime.value(
    s,
    `globalThis.got = []; fetch('${server.origin}').then((r) => r.text()).then((text) => got.push(text)); 1`,
  );
  await until('the request is there', () => answers.length === 1);
  answers.pop()?.();
  await until('the answer is there', async () => (await runtime.value(s, 'got.length')) === 1);
  const idle = runtime.run(
    s,
    `fetch('${server.origin}').then((r) => r.text()).then((text) => got.push(text)); 1`,
    { until: 'idle' },
  );
  await until('the request is there', () => answers.length === 1);
  answers.pop()?.();
  await idle;
  t.equal(await runtime.value(s, 'got.length'), 2, 'until: idle waits for it');
});

t.test('a request does not outlive its session’s stay in memory', async (t) => {
  const { runtime, session } = await makeWorld(t);
  const server = await startServer(t, { '/': forever, '/ok': (_, response) => void response.end('ok') });
  const s = await session(net(server.origin));
  await runtime.value(
    s,
    `globalThis.outcome = fetch('${server.origin}').catch((e) => [e.message, e.cause.code, e.cause.message]); 1`,
  );
  await until('the request is there', () => server.seen.length === 1);
  const fork = await runtime.states.fork(s.id);
  t.match(
    await runtime.value(fork, 'await outcome'),
    ['fetch failed', 'ECONNABORTED'],
    'a fork has not asked',
  );
  await runtime.sessions.hibernate(s.id);
  await until('its connection is closed', async () => (await server.connections()) === 0);
  t.match(await runtime.value(s, 'await outcome'), ['fetch failed', 'ECONNABORTED', /the session slept/]);
  t.equal(await runtime.value(s, `await (await fetch('${server.origin}/ok')).text()`), 'ok');
});

t.test('a session that goes back leaves no request behind', async (t) => {
  const { runtime, session } = await makeWorld(t);
  const server = await startServer(t, { '/': forever, '/ok': (_, response) => void response.end('ok') });
  const s = await session(net(server.origin));
  await runtime.value(s, '1');
  for (let time = 0; time < 3; time++) {
    const { id } = await runtime.run(
      s,
      `for (let n = 0; n < 4; n++) void fetch('${server.origin}').catch(() => {}); 1`,
    );
    await until('they are there', () => server.seen.length === (time + 1) * 4);
    await runtime.states.rollback(s.id, { execution: id });
    server.seen.length = (time + 1) * 4;
  }
  t.equal(
    await runtime.value(s, `await (await fetch('${server.origin}/ok')).text()`),
    'ok',
    'there is room for new ones',
  );
  await until('the old ones are closed', async () => (await server.connections()) <= 1);
});

t.test('nobody there is an error with the system’s code', async (t) => {
  const { runtime, session } = await makeWorld(t);
  const s = await session(net('http://127.0.0.1:1'), net('http://nowhere.invalid'));
  t.match(await runtime.value(s, failing(`'http://127.0.0.1:1/'`)), [
    'TypeError',
    'fetch failed',
    'ECONNREFUSED',
    /^http:\/\/127\.0\.0\.1:1: connect ECONNREFUSED/,
  ]);
  t.match(await runtime.value(s, failing(`'http://nowhere.invalid/'`)), [
    'TypeError',
    'fetch failed',
    /^(ENOTFOUND|EAI_)/,
  ]);
});

t.test('hostile arguments and a tampered world do no harm', async (t) => {
  const { runtime, session } = await makeWorld(t);
  const server = await startServer(t, { '/': (_, response) => void response.end('ok') });
  const s = await session(net(server.origin));
  for (const call of [
    `new Proxy({}, { get() { throw 1 } })`,
    `'${server.origin}', { headers: { get x() { throw new TypeError('getter') } } }`,
    `'${server.origin}', { redirect: { toString: () => 'follow' } }`,
    `'${server.origin}', { headers: Object.fromEntries(Array.from({ length: 1000 }, (_, n) => ['x' + n, '1'])) }`,
    `'${server.origin}', { headers: { x: 'x'.repeat(100_000) } }`,
    `Symbol('x')`,
  ])
    t.not(await runtime.value(s, `await fetch(${call}).then((r) => r.status, (e) => String(e))`), 200, call);
  t.same(server.seen, []);
  await runtime.value(
    s,
    `globalThis.setTimeout = () => { throw new Error('mine') }; globalThis.require = () => ({}); 1`,
  );
  t.equal(await runtime.value(s, `await (await fetch('${server.origin}')).text()`), 'ok');
});
