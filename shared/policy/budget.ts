/** The budget of a program: its pools, and below them the incentives with a limit of their own. */
import type { Unit } from '../values/units.ts';
import type { Program } from './schema.ts';

export interface BudgetNode {
  /** The name of the pool, or of the incentive. */
  node: string;
  unit: Unit;
  limit: number;
}

/** Every node of a program's budget with the limit that its policy starts it at. */
export function budgetNodes({ pools, versions }: Program): BudgetNode[] {
  const limited = versions.flatMap(({ incentives }) =>
    incentives.flatMap(({ id, reward: { unit, limit } }) =>
      limit === undefined ? [] : [{ node: id, unit, limit }],
    ),
  );
  return [
    ...Object.entries(pools).map(([node, { unit, limit }]) => ({ node, unit, limit })),
    ...new Map(limited.map((one) => [one.node, one])).values(),
  ];
}
