/** The pure engine with a ledger in memory: facts are learned in any order, runs plan and write at once. */
import { ALONE } from '../../shared/engine/case.ts';
import { evaluate } from '../../shared/engine/evaluate.ts';
import type { Change, Day, Entry, History } from '../../shared/engine/history.ts';
import { reconcile } from '../../shared/engine/reconcile.ts';
import { identityOf } from '../../shared/facts/identity.ts';
import { type HashedFact, hashFact, mergeFact } from '../../shared/facts/merge.ts';
import type { Fact } from '../../shared/facts/schema.ts';
import { entryFor } from '../../shared/pipeline/entries.ts';
import { findProgram } from '../../shared/policy/catalogue.ts';
import type { Program } from '../../shared/policy/schema.ts';
import { addDays } from '../../shared/values/calendar.ts';
import { compareCodeUnits } from '../../shared/values/canonical.ts';
import { MERCHANT } from './facts.ts';

export const TREASURE_HOST = findProgram('treasure-host');

/** Entries by occasion and unit: `20000 exposure`. Occasions that came to nothing are left out. */
export type Sums = Record<string, string>;

function sumsOf(entries: readonly Pick<Entry, 'occasion' | 'unit' | 'amount'>[]): Sums {
  const sums = new Map<string, { amount: number; unit: string }>();
  for (const { occasion, unit, amount } of entries) {
    sums.set(occasion, { amount: (sums.get(occasion)?.amount ?? 0) + amount, unit });
  }
  return Object.fromEntries(
    [...sums]
      .filter(([, { amount }]) => amount !== 0)
      .sort(([a], [b]) => compareCodeUnits(a, b))
      .map(([occasion, { amount, unit }]) => [occasion, `${amount} ${unit}`]),
  );
}

/** One merchant before one program. */
export class Desk {
  readonly program: Program;
  readonly participantId: string;
  readonly entries: Entry[] = [];
  readonly #facts = new Map<string, HashedFact>();
  #runs = 0;

  constructor(participantId = MERCHANT, program = TREASURE_HOST) {
    this.participantId = participantId;
    this.program = program;
  }

  /** Takes facts in, by revision. */
  learn(...facts: readonly Fact[]): this {
    for (const fact of facts) {
      const { day = '', slot } = identityOf(fact);
      const key = `${day} ${slot}`;
      this.#facts.set(key, mergeFact(this.#facts.get(key), hashFact(fact)).stands);
    }
    return this;
  }

  /** What a reader of the table sees from the horizon on. */
  history(horizon: string): History {
    const facts = [...this.#facts.values()].map(({ fact }) => fact);
    const of = <T extends Fact['type']>(type: T) =>
      facts.filter((fact): fact is Extract<Fact, { type: T }> => fact.type === type);
    const days = new Map<string, Day>();
    const put = (date: string, change: (day: Day) => Day) => {
      if (date >= horizon) days.set(date, change(days.get(date) ?? { date, sessions: [], sales: undefined }));
    };
    for (const fact of of('broadcast')) {
      const { id, hasCart, recorded, withdrawn = false, views } = fact;
      const [startMs, endMs] = [Date.parse(fact.startedAt), Date.parse(fact.endedAt)];
      const seen = { id, hasCart, recorded, withdrawn, views, startMs, endMs };
      put(identityOf(fact).day ?? '', (day) => ({ ...day, sessions: [...day.sessions, seen] }));
    }
    for (const fact of of('sales')) put(fact.date, (day) => ({ ...day, sales: fact }));
    return {
      participantId: this.participantId,
      participant: of('participant')[0],
      attestations: of('attestation'),
      sanctions: of('sanction').sort((a, b) => compareCodeUnits(a.id, b.id)),
      members: [],
      shops: [],
      entities: [],
      agencies: [],
      held: [],
      late: [],
      days: [...days.values()].sort((a, b) => compareCodeUnits(a.date, b.date)),
      entries: this.entries.toSorted((a, b) => compareCodeUnits(a.occasion, b.occasion) || a.n - b.n),
    };
  }

  evaluate(asOf: string, horizon = addDays(asOf, -120), around = ALONE) {
    return evaluate(this.program, this.history(horizon), { asOf, horizon }, around);
  }

  plan(asOf: string, horizon = addDays(asOf, -120), around = ALONE): Change[] {
    return reconcile(this.program, this.evaluate(asOf, horizon, around), horizon);
  }

  /** Plans and writes. Gives the entries it wrote. */
  run(asOf: string, horizon?: string, around = ALONE): Entry[] {
    const run = {
      program: this.program.program,
      runId: `run-${++this.#runs}`,
      openedAt: new Date(Date.UTC(2024, 0, 1) + this.#runs * 60_000).toISOString(),
    };
    const written = this.plan(asOf, horizon, around).flatMap(
      (change) => entryFor(change, this.participantId, run, { part: 'part', cuts: {} }) ?? [],
    );
    this.entries.push(...written);
    return written;
  }

  /** What the ledger comes to. */
  get sums(): Sums {
    return sumsOf(this.entries);
  }

  /** The sums of one kind of occasion. */
  sumsOf(prefix: string): Sums {
    return Object.fromEntries(Object.entries(this.sums).filter(([occasion]) => occasion.startsWith(prefix)));
  }

  /** The amount of an occasion; zero when there is none. */
  sum(occasion: string): number {
    return Number.parseInt(this.sums[occasion] ?? '0', 10);
  }

  /** The last entry of an occasion. */
  last(occasion: string): Entry | undefined {
    return this.entries.findLast((entry) => entry.occasion === occasion);
  }

  /** What is concluded for an occasion. */
  decision(occasion: string, asOf: string) {
    return this.evaluate(asOf).decisions.find((decision) => decision.occasion === occasion);
  }
}

/** A desk that knows these facts and has run once. */
export function decided(asOf: string, ...facts: readonly Fact[]): Desk {
  const desk = new Desk().learn(...facts);
  desk.run(asOf);
  return desk;
}
