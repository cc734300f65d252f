// Requests as they are answered, and the runtime's figures, to the Prometheus text format, version 0.0.4.
// https://prometheus.io/docs/instrumenting/exposition_formats/
import type { LibraryFigures } from './libraries.js';
import type { Summary } from '../runtime/types.js';

/** `ok`, or the name of the error that was answered. */
export type Outcome = string;

export interface RequestMetrics {
  /** Counts one answered request. Only methods that exist may be named: the table's size is the bound. */
  observe(method: string, outcome: Outcome, ms: number): void;
  lines(): string[];
}

/** Upper ends in seconds: a round trip takes some 0.15 ms, a call may take minutes. */
const bucketSeconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

interface Histogram {
  /** One count a bucket, not cumulative, and one for what is over the last. */
  counts: number[];
  sumSeconds: number;
}

export function createRequestMetrics(): RequestMetrics {
  const totals = new Map<string, Map<Outcome, number>>();
  const durations = new Map<string, Histogram>();
  return {
    observe: (method, outcome, ms) => {
      const outcomes = getOrMake(totals, method, () => new Map<Outcome, number>());
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      const seconds = ms / 1000;
      const histogram = getOrMake(durations, method, () => ({
        counts: Array.from({ length: bucketSeconds.length + 1 }, () => 0),
        sumSeconds: 0,
      }));
      const found = bucketSeconds.findIndex((end) => seconds <= end);
      const index = found === -1 ? bucketSeconds.length : found;
      histogram.counts[index] = (histogram.counts[index] ?? 0) + 1;
      histogram.sumSeconds += seconds;
    },
    lines: () => [
      ...head('vmsys_requests_total', 'counter', 'Requests answered, by method and outcome.'),
      ...[...totals].flatMap(([method, outcomes]) =>
        [...outcomes].map(([outcome, count]) => sample('vmsys_requests_total', count, { method, outcome })),
      ),
      ...head('vmsys_request_duration_seconds', 'histogram', 'Time from reading a request to its reply.'),
      ...[...durations].flatMap(([method, histogram]) => histogramLines(method, histogram)),
    ],
  };
}

export interface ProcessFigures {
  version: string;
  startedAt: Date;
  connections: number;
  inFlight: number;
  residentBytes: number;
  libraries: LibraryFigures;
}

/** The whole page. */
export function metricsText(requests: RequestMetrics, summary: Summary, figures: ProcessFigures): string {
  const { ready, live, hibernated, crashed, closed } = summary.sessions;
  const { busy, idle, max } = summary.workers;
  const gauge = (name: string, help: string, value: number): string[] => [
    ...head(name, 'gauge', help),
    sample(name, value),
  ];
  const gauges = (name: string, help: string, label: string, values: Record<string, number>): string[] => [
    ...head(name, 'gauge', help),
    ...Object.entries(values).map(([key, value]) => sample(name, value, { [label]: key })),
  ];
  return [
    ...head('vmsys_info', 'gauge', 'The version that runs.'),
    sample('vmsys_info', 1, { version: figures.version }),
    ...gauges('vmsys_sessions', 'Sessions by status.', 'status', { ready, crashed, closed }),
    ...gauges('vmsys_sessions_residency', 'Ready sessions by where their state is.', 'residency', {
      live,
      hibernated,
    }),
    ...gauge('vmsys_executions_running', 'Executions that run now.', summary.executions.running),
    ...gauge('vmsys_executions', 'Executions in the database.', summary.executions.total),
    ...gauges('vmsys_workers', 'Worker threads by what they do.', 'state', { busy, idle }),
    ...gauge('vmsys_workers_max', 'The most worker threads there may be.', max),
    ...gauge('vmsys_connections', 'Open connections.', figures.connections),
    ...gauge('vmsys_requests_in_flight', 'Requests not answered yet.', figures.inFlight),
    ...gauge('vmsys_libraries', 'Libraries in the cache.', figures.libraries.count),
    ...gauge('vmsys_libraries_bytes', 'Size of their code.', figures.libraries.bytes),
    ...head('vmsys_library_changes_total', 'counter', 'What happened to libraries since the start.'),
    ...Object.entries(figures.libraries.changes).map(([change, count]) =>
      sample('vmsys_library_changes_total', count, { change }),
    ),
    ...requests.lines(),
    ...gauge('process_resident_memory_bytes', 'Resident memory.', figures.residentBytes),
    ...gauge('process_start_time_seconds', 'Start, as a Unix time.', figures.startedAt.getTime() / 1000),
    '',
  ].join('\n');
}

function histogramLines(method: string, { counts, sumSeconds }: Histogram): string[] {
  const name = 'vmsys_request_duration_seconds';
  let total = 0;
  const buckets = counts.map((count, index) => {
    total += count;
    return sample(`${name}_bucket`, total, { method, le: String(bucketSeconds[index] ?? '+Inf') });
  });
  return [
    ...buckets,
    sample(`${name}_sum`, sumSeconds, { method }),
    sample(`${name}_count`, total, { method }),
  ];
}

const head = (name: string, type: string, help: string): string[] => [
  `# HELP ${name} ${help}`,
  `# TYPE ${name} ${type}`,
];

function sample(name: string, value: number, labels: Readonly<Record<string, string>> = {}): string {
  const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escapeLabel(text)}"`);
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`;
}

const escapeLabel = (text: string): string =>
  text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

function getOrMake<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
