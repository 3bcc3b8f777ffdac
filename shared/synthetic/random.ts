/** A seeded source of chance: the same seed gives the same world. */
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

export interface Random {
  /** A whole number from `min` to `max`, both included. */
  int(min: number, max: number): number;
  /** True this many times in a hundred. */
  percent(chance: number): boolean;
  /** One of several. */
  pick<T>(items: readonly T[]): T;
}

export function seeded(seed: number): Random {
  const generator = xoroshiro128plus(seed);
  const int = (min: number, max: number) => uniformInt(generator, min, max);
  return {
    int,
    percent: (chance) => int(1, 100) <= chance,
    pick: (items) => items[int(0, items.length - 1)]!,
  };
}
