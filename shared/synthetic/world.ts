/** Synthetic facts that look like a season of live commerce: hosts, shops, agencies, creators, and late data. */
import type { Participant } from '../facts/schema.ts';
import { addDays, type BusinessDate, dayNumber } from '../values/calendar.ts';
import { compareCodeUnits } from '../values/canonical.ts';
import { type Arrival, activityFacts, type Host } from './activity.ts';
import { type Random, seeded } from './random.ts';

export interface WorldOptions {
  seed: number;
  merchants: number;
  from: BusinessDate;
  to: BusinessDate;
}

/** One owner has this many shops, when there are enough merchants: more than an entity may open windows for. */
const MATRIX_SHOPS = 12;
/** What a host sells on a broadcast day, in fen, from a corner shop to a brand. */
const DAY_SALES_FEN = [15_000, 60_000, 250_000, 900_000, 3_000_000];
const CREATOR_DAY_SALES_FEN = [400_000, 4_000_000, 12_000_000];
const CLUSTERS = ['yiwu', 'keqiao', 'shiling'];

/** The facts of a world in the order in which they arrive; the same options give the same facts. */
export function generateWorld(options: WorldOptions): Arrival[] {
  const random = seeded(options.seed);
  const agencies = Array.from({ length: Math.max(3, Math.round(options.merchants / 40)) }, (_, index) =>
    agency(index + 1, random),
  );
  const merchants = Array.from({ length: options.merchants }, (_, index) =>
    merchant(index + 1, options, agencies, random),
  );
  const creators = Array.from({ length: Math.max(4, Math.round(options.merchants / 12)) }, (_, index) =>
    creator(index + 1, options, random),
  );
  const arrivals = [
    ...agencies.map((fact) => ({ arrivesOn: options.from, fact })),
    ...[...merchants, ...creators].flatMap((host) => [
      ...hostFacts(host, options, random),
      ...activityFacts(host, options, random),
    ]),
  ];
  return arrivals
    .filter(({ arrivesOn }) => arrivesOn <= options.to)
    .map((arrival, index) => ({ arrival, index }))
    .sort((a, b) => compareCodeUnits(a.arrival.arrivesOn, b.arrival.arrivesOn) || a.index - b.index)
    .map(({ arrival }) => arrival);
}

function agency(number: number, random: Random): Participant {
  const serviceProvider = number % 3 !== 0;
  return {
    type: 'participant',
    id: `a-${number}`,
    platform: 'xiaohongshu',
    kind: 'agency',
    agencyKind: serviceProvider ? 'service-provider' : 'mcn',
    ...(serviceProvider ? { industryCluster: random.pick(CLUSTERS) } : {}),
    revision: 1,
  };
}

function merchant(
  number: number,
  options: WorldOptions,
  agencies: readonly Participant[],
  random: Random,
): Host {
  const channels = number > MATRIX_SHOPS && random.percent(15);
  const matrix = number <= MATRIX_SHOPS && options.merchants >= 100;
  const firstLive = matrix ? matrixOpening(options) : firstLiveDay(options, random);
  return {
    participant: {
      type: 'participant',
      id: `m-${number}`,
      platform: channels ? 'channels' : 'xiaohongshu',
      kind: 'merchant',
      ...(matrix
        ? { entityId: 'e-matrix' }
        : random.percent(6)
          ? { entityId: `e-${random.int(1, 20)}` }
          : {}),
      ...(!channels && random.percent(60) ? { memberships: membershipsOf(options, agencies, random) } : {}),
      ...(random.percent(10) ? { bestMonthFen: random.int(1, 80) * 100_000 } : {}),
      revision: 1,
    },
    firstLive,
    ...(random.percent(2) ? { lastLive: addDays(firstLive, random.int(5, 40)) } : {}),
    livePercent: matrix ? 40 : random.pick([8, 20, 35, 50, 65]),
    dayFen: matrix ? 250_000 : random.pick(DAY_SALES_FEN),
  };
}

function creator(number: number, options: WorldOptions, random: Random): Host {
  return {
    participant: {
      type: 'participant',
      id: `c-${number}`,
      platform: 'xiaohongshu',
      kind: 'creator',
      revision: 1,
    },
    firstLive: firstLiveDay(options, random),
    livePercent: random.pick([25, 45, 65]),
    dayFen: random.pick(CREATOR_DAY_SALES_FEN),
  };
}

/** The matrix goes live on one day in the middle of the range. */
function matrixOpening({ from, to }: WorldOptions): BusinessDate {
  return addDays(from, Math.floor((dayNumber(to) - dayNumber(from)) / 2));
}

/** A third was live before the range starts; the others start somewhere in its first two thirds. */
function firstLiveDay({ from, to }: WorldOptions, random: Random): BusinessDate {
  const days = dayNumber(to) - dayNumber(from);
  return random.percent(33) ? from : addDays(from, random.int(0, Math.floor((days * 2) / 3)));
}

/** One agency from before the range, or a change of agency in the middle of it. */
function membershipsOf({ from, to }: WorldOptions, agencies: readonly Participant[], random: Random) {
  const first = random.pick(agencies).id;
  if (!random.percent(15)) return [{ agencyId: first, from: addDays(from, -60) }];
  const change = addDays(from, random.int(10, Math.max(11, dayNumber(to) - dayNumber(from) - 10)));
  return [
    { agencyId: first, from: addDays(from, -60), to: addDays(change, -1) },
    { agencyId: random.pick(agencies).id, from: change },
  ];
}

/** The host itself, now and then known late or closed, and what is attested of it or held against it. */
function hostFacts(
  { participant, firstLive, lastLive }: Host,
  { from, to }: WorldOptions,
  random: Random,
): Arrival[] {
  const known = random.percent(3) ? addDays(firstLive, random.int(1, 9)) : from;
  const facts: Arrival[] = [{ arrivesOn: known, fact: participant }];
  const dayAfter = (days: number) => addDays(firstLive, random.int(1, days));
  if (lastLive !== undefined) {
    // Its last session falls on the day it closes, or just after: that is refused.
    facts.push({
      arrivesOn: lastLive,
      fact: { ...participant, closedOn: addDays(lastLive, -1), revision: 2 },
    });
  }
  if (random.percent(8)) {
    const verifiedOn = addDays(firstLive, -random.int(1, 20));
    facts.push({
      arrivesOn: verifiedOn < from ? from : verifiedOn,
      fact: {
        type: 'attestation',
        id: `t-${participant.id}`,
        participantId: participant.id,
        platform: random.pick(['douyin', 'taobao', 'tmall'] as const),
        month: addDays(verifiedOn, -31).slice(0, 7),
        gmvFen: random.int(50, 250) * 1_000_000,
        verifiedBy: 'partner-desk',
        verifiedOn,
        expiresOn: addDays(verifiedOn, 180),
        revision: 1,
      },
    });
  }
  if (random.percent(4)) {
    const start = dayAfter(30);
    facts.push({
      arrivesOn: addDays(start, random.int(0, 6)),
      fact: {
        type: 'sanction',
        id: `x-${participant.id}`,
        participantId: participant.id,
        from: start,
        to: addDays(start, random.int(0, 6)),
        reason: random.pick(['counterfeit goods', 'misleading claims', 'order brushing']),
        scope: random.percent(30) ? 'void' : 'pause',
        revision: 1,
      },
    });
  }
  return facts.filter(({ arrivesOn }) => arrivesOn <= to);
}
