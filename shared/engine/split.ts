/** Splits a whole amount in proportion to scores, exactly. */
import { compareCodeUnits } from '../values/canonical.ts';

/**
 * Whole units by largest remainder, ties to the smaller id; then nobody gets more than the ceiling, and the excess
 * stays unspent (docs/programs.md, Agencies). Products can pass 2^53, so they are bigint.
 *
 * @param scores by participant, whole numbers; one of 0 gets nothing.
 * @param ceilingBps the ceiling in basis points of the amount, rounded down.
 */
export function split(
  amount: number,
  scores: ReadonlyMap<string, number>,
  ceilingBps: number,
): Map<string, number> {
  const total = [...scores.values()].reduce((sum, score) => sum + BigInt(score), 0n);
  if (total === 0n) return new Map();
  const shares = [...scores].map(([id, score]) => {
    const product = BigInt(amount) * BigInt(score);
    return { id, share: product / total, remainder: product % total };
  });
  let rest = BigInt(amount) - shares.reduce((sum, { share }) => sum + share, 0n);
  for (const winner of shares.toSorted(
    (a, b) => compareBig(b.remainder, a.remainder) || compareCodeUnits(a.id, b.id),
  )) {
    if (rest === 0n) break;
    winner.share += 1n;
    rest -= 1n;
  }
  const ceiling = (BigInt(amount) * BigInt(ceilingBps)) / 10_000n;
  return new Map(
    shares
      .map(({ id, share }) => [id, Number(share < ceiling ? share : ceiling)] as const)
      .filter(([, share]) => share > 0),
  );
}

function compareBig(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
