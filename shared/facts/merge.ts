/** Which of two versions of one fact stands: the same answer in whatever order they come. */
import { contentHash } from '../values/canonical.ts';
import type { Fact } from './schema.ts';

/** A fact with the hash of its canonical JSON. */
export interface HashedFact {
  fact: Fact;
  hash: string;
}

/** `accepted` is new or newer, `superseded` older, `conflict` an equal revision with other content. */
type MergeOutcome = 'accepted' | 'unchanged' | 'superseded' | 'conflict';

export interface Merge {
  outcome: MergeOutcome;
  stands: HashedFact;
  /** The version that lost a conflict, to be quarantined, whichever came first. */
  loser?: HashedFact;
}

export function hashFact(fact: Fact): HashedFact {
  return { fact, hash: contentHash(fact) };
}

/**
 * The highest revision wins, whole. Of two with an equal revision and other content, the one whose canonical
 * JSON hashes smaller stands and the other is quarantined (docs/programs.md, Facts).
 */
export function mergeFact(standing: HashedFact | undefined, incoming: HashedFact): Merge {
  if (standing === undefined) return { outcome: 'accepted', stands: incoming };
  if (standing.hash === incoming.hash) return { outcome: 'unchanged', stands: standing };
  if (incoming.fact.revision > standing.fact.revision) return { outcome: 'accepted', stands: incoming };
  if (incoming.fact.revision < standing.fact.revision) return { outcome: 'superseded', stands: standing };
  return incoming.hash < standing.hash
    ? { outcome: 'conflict', stands: incoming, loser: standing }
    : { outcome: 'conflict', stands: standing, loser: incoming };
}
