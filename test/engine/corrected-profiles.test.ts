/** A corrected platform or kind: what the former one granted is no longer earned, except what is sealed. */
import { describe, expect, it } from 'vitest';
import type { Participant } from '../../shared/facts/schema.ts';
import { addDays } from '../../shared/values/calendar.ts';
import { Desk, decided, TREASURE_HOST } from '../support/engine.ts';
import { Hall } from '../support/everyone.ts';
import { CNY, merchant, sales, session } from '../support/facts.ts';
import { agency, agencyWith, creator } from '../support/programs.ts';

const ON = '2024-08-10';
const corrected = (more: Partial<Participant>) => merchant('m-1', { ...more, revision: 2 });

/** A merchant with a window and a first jump. */
const paid = () => decided('2024-09-01', merchant(), session(ON), sales(ON, 10_000 * CNY));

describe('5. a participant whose platform was corrected', () => {
  it('loses what the former one granted, each occasion with that reason, and a clean run pays nothing', () => {
    const desk = paid();
    const had = Object.keys(desk.sums);
    expect(had).toEqual([
      'first-jump/10000',
      'w1/cold-1',
      'w1/growth-1',
      'w1/growth-2',
      'w1/perk-commercial',
      'w1/perk-matchmaking',
    ]);
    desk.learn(corrected({ platform: 'channels' }));
    const taken = desk.run('2024-09-02');
    expect(taken.map(({ occasion }) => occasion).sort()).toEqual(had);
    for (const entry of taken)
      expect(entry).toMatchObject({
        kind: 'adjustment',
        reason: 'platform-corrected',
        evidence: { platform: 'channels' },
      });
    expect(desk.sums).toEqual({});
    expect(desk.plan('2024-09-03')).toEqual([]);
    const clean = decided(
      '2024-09-02',
      corrected({ platform: 'channels' }),
      session(ON),
      sales(ON, 10_000 * CNY),
    );
    expect(clean.entries).toEqual([]);
  });

  it('gets it again, on the same occasions, when the platform is corrected back', () => {
    const desk = paid();
    const { sums } = desk;
    desk.learn(corrected({ platform: 'channels' }));
    desk.run('2024-09-02');
    desk.learn(merchant('m-1', { revision: 3 }));
    desk.run('2024-09-03');
    expect(desk.sums).toEqual(sums);
    expect(desk.last('first-jump/10000')).toMatchObject({ n: 3, amount: 10_000, reason: 'earned' });
  });

  it('keeps what is sealed', () => {
    const desk = paid();
    const { sums } = desk;
    desk.learn(corrected({ platform: 'channels' }));
    // The window rests on facts from 11 July on, the first jump on those from 1 August on.
    desk.run(addDays('2024-07-11', 121));
    expect(Object.keys(desk.sums)).toEqual(
      Object.keys(sums).filter((occasion) => occasion !== 'first-jump/10000'),
    );
    expect(desk.sums).toMatchObject({ 'w1/cold-1': '20000 exposure' });
  });

  it('and that had only been refused is no longer remembered as refused', () => {
    const pause = { type: 'sanction', id: 'x-1', participantId: 'm-1', from: ON, to: ON } as const;
    const desk = new Desk().learn(merchant(), session(ON), {
      ...pause,
      reason: 'fake',
      scope: 'pause',
      revision: 1,
    });
    desk.run('2024-08-11');
    expect(desk.last('w1/cold-1')).toMatchObject({ kind: 'refusal', reason: 'sanctioned' });
    desk.learn(corrected({ platform: 'channels' }));
    desk.run('2024-08-12');
    expect(desk.last('w1/cold-1')).toMatchObject({ amount: 0, reason: 'platform-corrected' });
  });
});

describe('5. a participant whose kind was corrected', () => {
  it('loses what is not for the new one, with that reason', () => {
    const desk = paid();
    desk.learn(corrected({ kind: 'creator' }));
    const taken = desk.run('2024-09-02');
    expect(desk.sums).toEqual({});
    for (const entry of taken)
      expect(entry).toMatchObject({ reason: 'kind-corrected', evidence: { kind: 'creator' } });
    expect(desk.plan('2024-09-03')).toEqual([]);
  });

  it('is judged by who an incentive was for on the deciding day, not by who it is for now', () => {
    const [v1] = TREASURE_HOST.versions;
    const next = {
      ...v1!,
      version: 'next',
      from: '2024-09-01',
      incentives: v1!.incentives.map((one) => ({ ...one, who: { kinds: ['creator' as const] } })),
    };
    const program = { ...TREASURE_HOST, versions: [v1!, next] };
    const facts = [session(ON), sales(ON, 10_000 * CNY)];
    const asMerchant = new Desk('m-1', program).learn(merchant(), ...facts);
    asMerchant.run('2024-09-01');
    expect(asMerchant.sums).toEqual(paid().sums);
    const asCreator = new Desk('m-1', program).learn(corrected({ kind: 'creator' }), ...facts);
    asCreator.run('2024-09-01');
    expect(asCreator.sums).toEqual({});
  });

  it('keeps what it has while it is not known at all', () => {
    const unknown = new Desk().learn(session(ON));
    unknown.entries.push(...paid().entries);
    expect(unknown.plan('2024-09-02')).toEqual([]);
  });
});

describe('5. a frozen award', () => {
  const AUGUST = '2024-08';
  const members = ['a-1', 'a-2'].flatMap((id) => [1, 2, 3, 4, 5].map((n) => `${id}.m-${n}`));
  const facts = [
    ...agencyWith('a-1', { fen: 100 * CNY }),
    ...agencyWith('a-2', { fen: 300 * CNY }),
    ...['c-1', 'c-2'].flatMap((id) => [creator(id), sales(ON, 1_000_000 * CNY, { by: id })]),
  ];

  /** August decided for all: both agencies and both creators have something frozen. */
  function frozen(): Hall {
    const hall = new Hall(TREASURE_HOST, ['a-1', 'a-2', 'c-1', 'c-2', ...members]).learn(...facts);
    hall.run('2024-09-15');
    expect(pools(hall)).toEqual({ 'a-1': 100_000_000, 'a-2': 100_000_000 });
    expect(cards(hall)).toEqual({ 'c-1': 10_000_000, 'c-2': 10_000_000 });
    return hall;
  }

  const amounts = (hall: Hall, occasion: string) =>
    Object.fromEntries(
      [...hall.desks].flatMap(([id, desk]) => (desk.sum(occasion) === 0 ? [] : [[id, desk.sum(occasion)]])),
    );
  const pools = (hall: Hall) => amounts(hall, `agency-pool/${AUGUST}`);
  const cards = (hall: Hall) => amounts(hall, `top-creator/${AUGUST}`);

  it('is lost with the platform that it was for; nobody moves up or gets the rest', () => {
    const hall = frozen();
    hall.learn(creator('c-1', { platform: 'channels', revision: 2 }));
    hall.run('2024-09-20');
    expect(cards(hall)).toEqual({ 'c-2': 10_000_000 });
    expect(hall.desks.get('c-1')?.last(`top-creator/${AUGUST}`)).toMatchObject({
      reason: 'platform-corrected',
    });
    expect(hall.frozen.get(`top-creator/${AUGUST}`)?.shares).toEqual(
      new Map([
        ['c-1', 10_000_000],
        ['c-2', 10_000_000],
      ]),
    );
  });

  it('is lost with the kind that it was for, and comes back with it', () => {
    const hall = frozen();
    hall.learn(merchant('c-1', { revision: 2 }));
    hall.run('2024-09-20');
    expect(cards(hall)).toEqual({ 'c-2': 10_000_000 });
    expect(hall.desks.get('c-1')?.last(`top-creator/${AUGUST}`)).toMatchObject({ reason: 'kind-corrected' });
    hall.learn(creator('c-1', { revision: 3 }));
    hall.run('2024-09-21');
    expect(cards(hall)).toEqual({ 'c-1': 10_000_000, 'c-2': 10_000_000 });
  });

  it('stays with an agency whose cluster or sort changed, while what is not frozen is lost', () => {
    const hall = frozen();
    expect(amounts(hall, `agency-growth/${AUGUST}`)).toEqual({ 'a-1': 25_000, 'a-2': 25_000 });
    hall.learn(agency('a-1', { agencyKind: 'mcn', revision: 2 }));
    hall.run('2024-09-20');
    expect(pools(hall)).toEqual({ 'a-1': 100_000_000, 'a-2': 100_000_000 });
    expect(amounts(hall, `agency-growth/${AUGUST}`)).toEqual({ 'a-2': 25_000 });
  });

  it('is lost by a daily run too, as with a sanction', () => {
    const hall = frozen();
    const desk = hall.desks.get('c-1')!;
    desk.learn(merchant('c-1', { revision: 2 }));
    desk.run('2024-09-20', undefined, { full: false, frozen: hall.frozen });
    expect(cards(hall)).toEqual({ 'c-2': 10_000_000 });
  });
});
