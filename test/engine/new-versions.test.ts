/** A new version changes nothing whose deciding day lies before it, whatever it says (docs/programs.md, For both programs). */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fact } from '../../shared/facts/schema.ts';
import { checkProgram } from '../../shared/policy/checks.ts';
import type { Program } from '../../shared/policy/schema.ts';
import { datesBetween, lastDay } from '../../shared/values/calendar.ts';
import { nextVersions } from '../support/changes.ts';
import { Desk, TREASURE_HOST } from '../support/engine.ts';
import { Hall } from '../support/everyone.ts';
import { CNY, merchant, sales } from '../support/facts.ts';
import { agency, creator } from '../support/programs.ts';
import { type Arrival, arrivals } from '../support/worlds.ts';

/** The first day of the next version: a Monday and the first of a month, so that no month or week lies across it. */
const D = '2025-09-01';
const BEFORE = { from: '2025-06-25', to: '2025-08-31', late: 20 };

/** The program with its sprint in the summer of these tests. */
const program: Program = checkProgram({
  ...TREASURE_HOST,
  versions: TREASURE_HOST.versions.map((version) => ({
    ...version,
    incentives: version.incentives.map((one) =>
      one.kind === 'campaign-day' ? { ...one, from: '2025-08-01', to: '2025-08-07' } : one,
    ),
  })),
});

const changed = nextVersions(program, D);

/** Learns what arrives day by day, and runs every day. */
function lived(under: Program, facts: readonly Arrival[], last: string): Desk {
  const desk = new Desk('m-1', under);
  for (const date of datesBetween(BEFORE.from, last)) {
    desk.learn(...facts.filter(({ on }) => on === date).map(({ fact }) => fact));
    desk.run(date);
  }
  return desk;
}

describe('1. a new version, from D on', () => {
  it('that differs in anything at all changes no entry about days before D, however late their facts come', () => {
    let entries = 0;
    fc.assert(
      fc.property(changed, arrivals(BEFORE), (other, facts) => {
        const last = '2025-10-02';
        const as = lived(program, facts, last);
        expect(lived(other, facts, last).entries).toEqual(as.entries);
        entries += as.entries.length;
      }),
      { numRuns: 60 },
    );
    expect(entries).toBeGreaterThan(100);
  });

  it('changes nothing that was earned before D by the facts of all days, before and after', () => {
    const ALL = { ...BEFORE, to: '2025-09-30' };
    const earnedBefore = (under: Program, facts: readonly Arrival[]) =>
      new Desk('m-1', under)
        .learn(...facts.map(({ fact }) => fact))
        .evaluate('2025-10-10')
        .decisions.filter(
          ({ outcome, earnedOn = D }) => (outcome === 'earned' || outcome === 'refused') && earnedOn < D,
        )
        .sort((a, b) => (a.occasion < b.occasion ? -1 : 1));
    let earned = 0;
    fc.assert(
      fc.property(changed, arrivals(ALL), (other, facts) => {
        const as = earnedBefore(program, facts);
        expect(earnedBefore(other, facts)).toEqual(as);
        earned += as.length;
      }),
      { numRuns: 300 },
    );
    expect(earned).toBeGreaterThan(100);
  });

  it('changes no sum, no pool and no rank of a month before D, of agencies and creators', () => {
    const members = ['m-1', 'm-2', 'm-3', 'm-4', 'm-5', 'm-6'];
    const ids = [...members, 'a-1', 'a-2', 'c-1', 'c-2', 'c-3'];
    const told = fc
      .tuple(...members.map((by) => arrivals({ ...BEFORE, by, maxFacts: 16 })))
      .map((all) => all.flat().map(({ on, fact }) => ({ on, fact: tied(fact) })));
    const fixed: Fact[] = [
      agency('a-1'),
      agency('a-2', { agencyKind: 'mcn' }),
      ...['a-1', 'a-2'].map((by) => sales('2025-08-10', 1, { by, feesFen: 10_001 })),
      ...['c-1', 'c-2', 'c-3'].flatMap((id, index) => [
        creator(id),
        sales('2025-08-10', (900_000 + index * 200_000) * CNY, { by: id }),
      ]),
    ];
    let rows = 0;
    const season = (under: Program, facts: readonly Arrival[]) => {
      const hall = new Hall(under, ids).learn(...fixed);
      for (const asOf of [
        lastDay('2025-07'),
        '2025-08-15',
        lastDay('2025-08'),
        '2025-09-03',
        '2025-09-15',
        '2025-09-25',
      ]) {
        hall.learn(...facts.filter(({ on }) => on <= asOf).map(({ fact }) => fact));
        hall.run(asOf);
      }
      return hall;
    };
    fc.assert(
      fc.property(changed, told, (other, facts) => {
        const as = season(program, facts);
        const now = season(other, facts);
        expect(now.frozen).toEqual(as.frozen);
        expect(now.entries).toEqual(as.entries);
        rows += Object.values(as.entries)
          .flat()
          .filter(({ incentive }) => !incentive.startsWith('new-host')).length;
      }),
      { numRuns: 30 },
    );
    expect(rows).toBeGreaterThan(100);
  });
});

/** Members of one agency or the other, and a fee on what they sold. */
function tied(fact: Fact): Fact {
  if (fact.type === 'sales') return { ...fact, feesFen: Math.floor((fact.grossFen - fact.refundedFen) / 20) };
  if (fact.type !== 'participant') return fact;
  const agencyId = fact.id === 'm-6' ? 'a-2' : 'a-1';
  return merchant(fact.id, { ...fact, memberships: [{ agencyId, from: '2025-01-01' }] });
}
