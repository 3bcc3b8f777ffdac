/** The figures of a function, written to its log and read from there by CloudWatch. */
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';

export const metrics = new Metrics();

/** Adds counts under the names they have in summaries. */
export function count(figures: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(figures)) metrics.addMetric(name, MetricUnit.Count, value);
}
