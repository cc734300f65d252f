// kill -9 at any moment, under load: after each start the database is whole, and every session is in a state that it
// had, the last stored one or later; what is lost is named. VMSYS_KILLS sets how many times (default 24, in about a
// minute; try 300 now and then).
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { CrashClient } from '../fixtures/crash-client.js';
import { CrashSession, look, stateIn } from '../fixtures/crash-session.js';
import { spawnDaemon, startDaemon, type RunningDaemon } from '../fixtures/daemon.js';
import { checkDatabase, lostAccordingTo, lostExecutions, summaryOf } from '../fixtures/crash-database.js';
import { ReplyError } from '../fixtures/line-client.js';
import { tempFolder, type Teardown } from '../fixtures/temp.js';
import { until } from '../fixtures/until.js';

const kills = Number(process.env['VMSYS_KILLS'] ?? 24);
/** A busy machine takes some seconds for a kill, a start and a look at everything. */
const timeoutMs = 60_000 + kills * 10_000;
const clientCount = 4;
const sessionsEach = 2;
/** The longest load before a kill; long enough for some dozens of calls. */
const maxLoadMs = 250;
/** One daemon in so many is killed while it starts. */
const killsAtStart = 6;

interface SessionRecord {
  id: string;
  name?: string;
  status: string;
  lastError?: string;
}

interface Look {
  status: string;
  error?: unknown;
  result?: { json?: unknown };
}

t.setTimeout(timeoutMs);

/** Random numbers that can be had again: a failure names its seed. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A daemon that is killed again and again, and those who use it. */
class Ordeal {
  readonly #t: Teardown;
  readonly #home: string;
  readonly #random: () => number;
  readonly #database: string;
  readonly clients: CrashClient[];
  #number = 0;

  constructor(t: Teardown, when: 'always' | 'idle' | 'exit', seed: number) {
    this.#t = t;
    this.#home = tempFolder(t);
    this.#random = randomFrom(seed);
    this.#database = join(this.#home, 'state', 'vmsys', 'vmsys.db');
    const config = join(this.#home, 'config', 'vmsys', 'config.json');
    mkdirSync(dirname(config), { recursive: true });
    writeFileSync(config, JSON.stringify({ saving: { when, afterIdleMs: 20 }, maxLiveSessions: 6 }));
    this.clients = Array.from(
      { length: clientCount },
      () =>
        new CrashClient({
          socketPath: join(this.#home, 'run', 'vmsys', 'vmsysd.sock'),
          savesAlways: when === 'always',
          random: this.#random,
          nextNumber: () => ++this.#number,
        }),
    );
  }

  start(): Promise<RunningDaemon> {
    return startDaemon(this.#t, { home: this.#home });
  }

  async killWhileStarting(): Promise<void> {
    const { child, exited } = spawnDaemon(this.#t, { home: this.#home });
    await new Promise((resolve) => setTimeout(resolve, this.#random() * 200));
    child.kill('SIGKILL');
    await exited;
  }

  async killUnderLoad(daemon: RunningDaemon): Promise<void> {
    const working = Promise.all(this.clients.map((client) => client.work()));
    await new Promise((resolve) => setTimeout(resolve, this.#random() * maxLoadMs));
    await daemon.kill();
    await working;
  }

  /** Makes the sessions that are missing: at the first start, and where a deletion was not answered. */
  async fill(daemon: RunningDaemon): Promise<void> {
    for (const client of this.clients) {
      while (client.sessions.length < sessionsEach) {
        const { id } = await daemon.call<{ id: string }>('session.create', {});
        client.sessions.push(new CrashSession(id, undefined));
      }
    }
  }

  /** After a start: everything is whole and known. */
  async check(daemon: RunningDaemon): Promise<void> {
    checkDatabase(this.#database);
    const { items } = await daemon.call<{ items: SessionRecord[] }>('session.list', { limit: 500 });
    const records = new Map(items.map((record) => [record.id, record]));
    const eachClient = (check: (client: CrashClient) => Promise<void>) =>
      Promise.all(this.clients.map(check));
    await eachClient(async ({ sessions }) => {
      for (const session of sessions) {
        await this.#checkSession(daemon, session, records.get(session.id));
        records.delete(session.id);
      }
    });
    for (const record of records.values()) await this.#checkStranger(daemon, record);
    await eachClient((client) => this.#checkCheckpoints(daemon, client));
    for (const client of this.clients) client.unanswered = {};
  }

  async #checkSession(daemon: RunningDaemon, session: CrashSession, record?: SessionRecord): Promise<void> {
    assert.ok(record, `session ${session.id} is gone`);
    assert.equal(record.status, 'ready', record.lastError);
    const lost = lostExecutions(this.#database, session.id);
    if (lost.length > 0) assert.deepStrictEqual(lostAccordingTo(record.lastError), summaryOf(lost));
    else assert.equal(record.lastError, session.lastError, 'nothing new was lost');
    session.lastError = record.lastError;
    const found = await this.#lookAt(daemon, session.id);
    session.recovered(found);
    for (const execution of lost) {
      const number = session.added.get(execution);
      assert.ok(number === undefined || found?.includes(number) !== true, `${execution} is not lost`);
    }
  }

  /** One on no client's list: a copy whose reply did not come, or one whose deletion was not answered. */
  async #checkStranger(daemon: RunningDaemon, { id, name, status }: SessionRecord): Promise<void> {
    assert.ok(['ready', 'closed'].includes(status), `session ${id} is ${status}`);
    if (status === 'ready') {
      const state = await this.#lookAt(daemon, id);
      const isKnown = this.clients.some((client) => client.accountsFor(id, name, state));
      assert.ok(isKnown, `session ${id} is nobody's`);
    }
    await daemon.call('session.delete', { session: id });
  }

  async #lookAt(daemon: RunningDaemon, session: string) {
    const ask = () => daemon.call<Look>('exec.repl', { session, code: look });
    // Fewer may be live than there are, and some are being stored.
    const reply = await until('room for the session', () =>
      ask().catch((error: unknown) => {
        if (error instanceof ReplyError && error.code === 'OVERLOADED') return undefined;
        throw error;
      }),
    );
    assert.equal(reply.status, 'ok', JSON.stringify(reply.error));
    return stateIn(reply.result?.json);
  }

  async #checkCheckpoints(daemon: RunningDaemon, { sessions, unanswered }: CrashClient): Promise<void> {
    for (const session of sessions) {
      const { items } = await daemon.call<{ items: { checkpoint: string; label?: string }[] }>(
        'session.checkpoints',
        { session: session.id, limit: 500 },
      );
      const labels = new Map(items.map(({ checkpoint, label }) => [checkpoint, label]));
      for (const checkpoint of session.checkpoints.keys()) {
        assert.ok(labels.delete(checkpoint), `checkpoint ${checkpoint} is gone`);
      }
      for (const [checkpoint, label] of labels) {
        const asked = unanswered.checkpoint;
        assert.deepStrictEqual([label, session.id], [asked?.label, asked?.of.id], 'a checkpoint of nobody');
        session.checkpoints.set(checkpoint, session.state);
      }
    }
  }
}

for (const when of ['always', 'idle', 'exit'] as const) {
  t.test(
    `after kill -9 every session is in a state it had; saving ${when}`,
    { timeout: timeoutMs },
    async (t) => {
      const seed = Number(process.env['VMSYS_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
      t.comment(`VMSYS_SEED=${seed}`);
      const random = randomFrom(seed);
      const ordeal = new Ordeal(t, when, seed);
      let daemon = await ordeal.start();
      await ordeal.fill(daemon);
      const rounds = Math.ceil(kills / 3);
      for (let round = 0; round < rounds; round++) {
        await ordeal.killUnderLoad(daemon);
        if (random() < 1 / killsAtStart) await ordeal.killWhileStarting();
        daemon = await ordeal.start();
        await ordeal.check(daemon);
        await ordeal.fill(daemon);
      }
      t.same(await daemon.stop(), { code: 0, signal: null }, `${rounds} kills survived`);
    },
  );
}
