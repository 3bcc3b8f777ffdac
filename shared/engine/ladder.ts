/** Ladders: which rungs net sales reach, summed day by day, and when. */
import { plusToTell } from '../values/sums.ts';
import type { ActiveDay } from './activity.ts';

export interface Climbed<R> {
  rung: R;
  /** The day that reached it; undefined while none has. */
  reachedOn: string | undefined;
  /** Net sales by then; when not reached, net sales in all. */
  netFen: number;
  /** The same before refunds. */
  grossFen: number;
}

/** Climbs rungs in ascending order with the days in order. */
export function climb<R extends { atFen: number }>(
  days: readonly ActiveDay[],
  rungs: readonly R[],
): Climbed<R>[] {
  let netFen = 0;
  let grossFen = 0;
  let next = 0;
  const reached: Climbed<R>[] = [];
  for (const day of days) {
    netFen = plusToTell(netFen, day.netFen);
    grossFen = plusToTell(grossFen, day.grossFen);
    for (let rung = rungs[next]; rung !== undefined && netFen >= rung.atFen; rung = rungs[++next]) {
      reached.push({ rung, reachedOn: day.date, netFen, grossFen });
    }
  }
  return [...reached, ...rungs.slice(next).map((rung) => ({ rung, reachedOn: undefined, netFen, grossFen }))];
}
