// The metrics port, and prom-client behind it. Names and labels come from the catalogue; nothing else may be counted.
// prom-client is loaded when a daemon opens its metrics, never by one-shot commands.

import type { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { unreachable } from '../base/assert.ts';
import { metricRows, type MetricName } from './catalogue.ts';

type NamesOf<Kind extends string> = { [Name in MetricName]: (typeof metricRows)[Name]['kind'] extends Kind ? Name : never }[MetricName];
type Labels<Name extends MetricName> = { readonly [Label in (typeof metricRows)[Name]['labels'][number]]: string | number };

export interface Metrics {
  /** Adds `by` (default 1) to a counter. */
  count<Name extends NamesOf<'counter'>>(name: Name, labels: Labels<Name>, by?: number): void;
  set<Name extends NamesOf<'gauge'>>(name: Name, labels: Labels<Name>, value: number): void;
  observe<Name extends NamesOf<'histogram'>>(name: Name, labels: Labels<Name>, value: number): void;
}

export interface OpenMetrics extends Metrics {
  /** Prometheus text format, the process's own metrics included. */
  text(): Promise<string>;
  readonly contentType: string;
}

export const noMetrics: Metrics = { count: () => {}, set: () => {}, observe: () => {} };

export async function openMetrics(): Promise<OpenMetrics> {
  const prom = await import('prom-client');
  const registry = new prom.Registry();
  prom.collectDefaultMetrics({ register: registry });
  const counters = new Map<string, Counter>();
  const gauges = new Map<string, Gauge>();
  const histograms = new Map<string, Histogram>();
  for (const name of Object.keys(metricRows) as MetricName[]) makeMetric(prom, registry, name, { counters, gauges, histograms });
  return {
    count: (name, labels, by = 1) => counters.get(name)?.inc(labels, by),
    set: (name, labels, value) => gauges.get(name)?.set(labels, value),
    observe: (name, labels, value) => histograms.get(name)?.observe(labels, value),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

interface Made {
  readonly counters: Map<string, Counter>;
  readonly gauges: Map<string, Gauge>;
  readonly histograms: Map<string, Histogram>;
}

function makeMetric(prom: typeof import('prom-client'), registry: Registry, name: MetricName, made: Made): void {
  const row = metricRows[name];
  const common = { name, help: row.help, labelNames: [...row.labels], registers: [registry] };
  switch (row.kind) {
    case 'counter': made.counters.set(name, new prom.Counter(common)); return;
    case 'gauge': made.gauges.set(name, new prom.Gauge(common)); return;
    case 'histogram': made.histograms.set(name, new prom.Histogram({ ...common, buckets: [...row.buckets] })); return;
    default: return unreachable(row);
  }
}
