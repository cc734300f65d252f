import t from 'tap';
import { createRequestMetrics, metricsText } from '#src/host/metrics.js';

const figures = {
  version: '1.2.3',
  startedAt: new Date('2025-01-01T00:00:00.000Z'),
  connections: 2,
  inFlight: 1,
  residentBytes: 1000,
  libraries: {
    count: 2,
    bytes: 345,
    changes: { added: 2, changed: 0, removed: 0, damaged: 1, repaired: 0 },
  },
};
const summary = {
  sessions: { ready: 3, live: 1, hibernated: 2, crashed: 4, closed: 5 },
  liveSessionIds: [],
  executions: { running: 1, total: 9 },
  workers: { busy: 1, idle: 1, max: 32 },
};

t.test('the page says what the summary says', async (t) => {
  const text = metricsText(createRequestMetrics(), summary, figures);
  for (const line of [
    'vmsys_info{version="1.2.3"} 1',
    'vmsys_libraries 2',
    'vmsys_libraries_bytes 345',
    'vmsys_library_changes_total{change="damaged"} 1',
    'vmsys_sessions{status="ready"} 3',
    'vmsys_sessions_residency{residency="hibernated"} 2',
    'vmsys_executions_running 1',
    'vmsys_workers{state="busy"} 1',
    'vmsys_connections 2',
    'process_resident_memory_bytes 1000',
    'process_start_time_seconds 1735689600',
  ]) {
    t.ok(text.split('\n').includes(line), line);
  }
});

t.test('every line is of the format, and each family is declared once', async (t) => {
  const requests = createRequestMetrics();
  requests.observe('exec.repl', 'ok', 1);
  const lines = metricsText(requests, summary, figures).split('\n');
  t.equal(lines.pop(), '', 'the last line ends');
  const sample = /^[a-z_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? -?[0-9.e+-]+$/;
  for (const line of lines) if (!line.startsWith('# ')) t.match(line, sample);
  const types = lines.filter((line) => line.startsWith('# TYPE')).map((line) => line.split(' ')[2]);
  t.equal(new Set(types).size, types.length);
});

t.test('requests are counted by outcome and sorted into cumulative buckets', async (t) => {
  const requests = createRequestMetrics();
  for (const ms of [0.2, 0.5, 3, 60_000]) requests.observe('exec.repl', 'ok', ms);
  requests.observe('exec.repl', 'SESSION_BUSY', 1);
  const lines = requests.lines();
  for (const line of [
    'vmsys_requests_total{method="exec.repl",outcome="ok"} 4',
    'vmsys_requests_total{method="exec.repl",outcome="SESSION_BUSY"} 1',
    'vmsys_request_duration_seconds_bucket{method="exec.repl",le="0.0005"} 2',
    'vmsys_request_duration_seconds_bucket{method="exec.repl",le="0.001"} 3',
    'vmsys_request_duration_seconds_bucket{method="exec.repl",le="30"} 4',
    'vmsys_request_duration_seconds_bucket{method="exec.repl",le="+Inf"} 5',
    'vmsys_request_duration_seconds_count{method="exec.repl"} 5',
  ]) {
    t.ok(lines.includes(line), line);
  }
});
