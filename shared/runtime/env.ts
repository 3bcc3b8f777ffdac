/**
 * The environment of each function: what it must find when it starts, and the type that whoever deploys it must
 * give. A variable that is missing or misspelt stops the synthesis, not the month end.
 */
import * as z from 'zod';

/** Environments hold text only; the schema's input type says so to whoever deploys. */
const count = z
  .string()
  .regex(/^[1-9]\d{0,5}$/, 'a whole number from 1')
  .transform(Number);

const everyFunction = {
  TABLE_NAME: z.string().min(1),
  POWERTOOLS_SERVICE_NAME: z.string().min(1),
  POWERTOOLS_METRICS_NAMESPACE: z.string().min(1),
};

const plansBucket = { PLANS_BUCKET: z.string().min(1) };

/** What the stages of a run share. */
const stageEnvironment = z.object({
  ...everyFunction,
  ...plansBucket,
  /** How long a writer is taken to be alive: the time that the state machine gives itself. */
  LEASE_SECONDS: count,
  /** How many parts a run's participants are split into. */
  SHARDS: count,
});

/** The schema of each function's environment, by the name of its file. */
export const ENVIRONMENTS = {
  'ingest-facts': z.object(everyFunction),
  'open-run': stageEnvironment,
  'evaluate-shard': stageEnvironment,
  'evaluate-entities': stageEnvironment,
  decide: stageEnvironment,
  'evaluate-last': stageEnvironment,
  allocate: stageEnvironment,
  'apply-part': stageEnvironment,
  'close-run': stageEnvironment,
  'abandon-run': stageEnvironment,
  verify: z.object({ ...everyFunction, ...plansBucket }),
} as const;

export type FunctionName = keyof typeof ENVIRONMENTS;

/** The functions that are stages of a run. */
export type StageName = Exclude<FunctionName, 'ingest-facts' | 'verify'>;

/** What a function of that name must be given. */
export type EnvironmentOf<N extends FunctionName> = z.input<(typeof ENVIRONMENTS)[N]>;

/** The environment of the stages, parsed. */
export type StageEnvironment = z.output<typeof stageEnvironment>;

/**
 * Reads the environment of a function.
 * @throws Error naming every variable that is missing or wrong.
 */
export function readEnvironment<N extends FunctionName>(
  name: N,
  variables: Readonly<Record<string, string | undefined>> = process.env,
): z.output<(typeof ENVIRONMENTS)[N]> {
  const result = ENVIRONMENTS[name].safeParse(variables);
  if (result.success) return result.data as z.output<(typeof ENVIRONMENTS)[N]>;
  const faults = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new Error(`environment of ${name}: ${faults.join(' · ')}`);
}
