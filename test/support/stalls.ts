/** Processes that stall: at one call to the table, until something else has been done, and then wake. */
import type { Services } from '../../shared/pipeline/services.ts';
import type { Call } from '../../shared/store/table.ts';
import type { World } from './world.ts';

/** A call by its verb and the end of its first key: `update CONTROL`, `put-if-absent GRANT#…`. */
export type At = (call: Call) => boolean;

/** A call of this verb whose first key, as `pk sk`, has this in it. */
export function at(verb: Call['verb'], key: string): At {
  return (call) => call.verb === verb && (call.keys[0] ?? '').includes(key);
}

/** The n-th of such calls, from 1. */
export function nth(n: number, matches: At): At {
  let seen = 0;
  return (call) => matches(call) && ++seen === n;
}

/**
 * The services of a process that stalls once, before the first call that matches, while something else is done to its
 * end; then it wakes, and goes on as if nothing had happened.
 */
export function stalledBefore(world: World, matches: At, meanwhile: () => Promise<unknown>): Services {
  let stalled = false;
  return world.around(async (call, send) => {
    if (!stalled && matches(call)) {
      stalled = true;
      await meanwhile();
    }
    return send();
  });
}

/** As {@link stalledBefore}, after the call has been done and before its answer is heard. */
export function stalledAfter(world: World, matches: At, meanwhile: () => Promise<unknown>): Services {
  let stalled = false;
  return world.around(async (call, send) => {
    const answer = await send();
    if (!stalled && matches(call)) {
      stalled = true;
      await meanwhile();
    }
    return answer;
  });
}

/** The services of a process that dies after the first call that matches: its answer is never heard. */
export function diesAfter(world: World, matches: At): Services {
  let dead = false;
  return world.around(async (call, send) => {
    if (dead) throw new Error('the process died');
    const answer = await send();
    if (matches(call)) {
      dead = true;
      throw new Error('the process died');
    }
    return answer;
  });
}
