/** Everyone before one program, in memory: what a run that looks at everyone decides, without a table. */
import type { Frozen } from '../../shared/engine/decision.ts';
import { freezeDue } from '../../shared/engine/freeze.ts';
import { mergeTallies, tallyOf } from '../../shared/engine/tally.ts';
import type { Fact } from '../../shared/facts/schema.ts';
import type { Program } from '../../shared/policy/schema.ts';
import { addDays } from '../../shared/values/calendar.ts';
import { Desk } from './engine.ts';

/** A desk for each participant, and what was frozen for all. */
export class Hall {
  readonly program: Program;
  readonly desks = new Map<string, Desk>();
  frozen: Frozen = new Map();

  constructor(program: Program, ids: readonly string[]) {
    this.program = program;
    for (const id of ids) this.desks.set(id, new Desk(id, program));
  }

  /** Takes facts in, each by whom it is about. */
  learn(...facts: readonly Fact[]): this {
    for (const fact of facts) {
      const id = fact.type === 'participant' ? fact.id : fact.participantId;
      this.desks.get(id)?.learn(fact);
    }
    return this;
  }

  /** A run that looks at everyone: sums first, then what is frozen, then all of them. */
  run(asOf: string): void {
    const span = { asOf, horizon: addDays(asOf, -120) };
    const desks = [...this.desks.values()];
    const tally = mergeTallies(
      this.program,
      desks.map((desk) => {
        const { opened } = desk.evaluate(asOf, span.horizon, { full: true, frozen: this.frozen });
        return tallyOf(this.program, desk.history(span.horizon), span, this.frozen, opened);
      }),
    );
    const histories = desks.map((desk) => desk.history(span.horizon));
    const agencies = histories.filter(({ participant }) => participant?.kind === 'agency');
    this.frozen = new Map([...this.frozen, ...freezeDue(this.program, span, this.frozen, tally, agencies)]);
    for (const desk of desks) {
      const agency = tally.agencies.get(desk.participantId);
      desk.run(asOf, span.horizon, {
        full: true,
        frozen: this.frozen,
        ...(agencies.some(({ participantId }) => participantId === desk.participantId)
          ? { agency: agency ?? new Map() }
          : {}),
      });
    }
  }

  /** Every entry, by participant. */
  get entries() {
    return Object.fromEntries([...this.desks].map(([id, { entries }]) => [id, entries]));
  }
}
