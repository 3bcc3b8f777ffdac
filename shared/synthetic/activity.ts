/** What a synthetic host does: sessions and sales day by day, restated and withdrawn later, some of it late. */
import type { Broadcast, Fact, Participant, Sales } from '../facts/schema.ts';
import { addDays, type BusinessDate, datesBetween, earlier, later } from '../values/calendar.ts';
import type { Random } from './random.ts';

/** A fact and the day on which it becomes known. */
export interface Arrival {
  arrivesOn: BusinessDate;
  fact: Fact;
}

export interface Host {
  participant: Participant;
  firstLive: BusinessDate;
  /** The day after it closes, when it does. */
  lastLive?: BusinessDate;
  /** How many days in a hundred it is live. */
  livePercent: number;
  /** What it sells on a broadcast day, in fen, about. */
  dayFen: number;
}

/** Facts come this many days late, when they do. */
const LATE_DAYS = 12;
const LATE_PERCENT = 6;
const REFUND_PERCENT = 35;

/** All that happens from the host's first day on, with the day each fact arrives. */
export function activityFacts(host: Host, { to }: { to: BusinessDate }, random: Random): Arrival[] {
  return datesBetween(host.firstLive, earlier(host.lastLive ?? to, to)).flatMap((date) => {
    const opening = date === host.firstLive || date === host.lastLive;
    if (!opening && !random.percent(host.livePercent)) return [];
    return [...sessionFacts(host, date, opening, random), ...salesFacts(host, date, random)];
  });
}

function sessionFacts(host: Host, date: BusinessDate, opening: boolean, random: Random): Arrival[] {
  const { id } = host.participant;
  return Array.from({ length: random.percent(25) ? 2 : 1 }, (_, index) => {
    const hour = index === 0 ? random.int(8, 13) : random.int(18, 23);
    const minute = random.int(0, 59);
    const minutes = opening ? random.int(30, 180) : random.int(15, 200);
    const session: Broadcast = {
      type: 'broadcast',
      id: `b-${date.replaceAll('-', '')}-${index + 1}`,
      participantId: id,
      startedAt: at(date, hour * 60 + minute),
      endedAt: at(date, hour * 60 + minute + minutes),
      hasCart: opening || random.percent(92),
      recorded: !opening && random.percent(4),
      views: random.int(20, 4_000) * 10,
      revision: 1,
    };
    // A session that runs past midnight is known when it has ended.
    const arrivesOn = later(arrival(date, random), session.endedAt.slice(0, 10));
    const facts: Arrival[] = [{ arrivesOn, fact: session }];
    if (random.percent(1)) {
      facts.push({
        arrivesOn: addDays(arrivesOn, random.int(1, 15)),
        fact: { ...session, withdrawn: true, revision: 2 },
      });
    }
    return facts;
  }).flat();
}

function salesFacts({ participant, dayFen }: Host, date: BusinessDate, random: Random): Arrival[] {
  const grossFen = Math.floor((dayFen * random.int(20, 220)) / 100);
  const sales: Sales = {
    type: 'sales',
    participantId: participant.id,
    date,
    grossFen,
    refundedFen: 0,
    feesFen: Math.floor((grossFen * random.int(2, 5)) / 100),
    orders: random.int(1, 1 + Math.floor(grossFen / 5_000)),
    revision: 1,
  };
  const arrivesOn = arrival(date, random);
  if (!random.percent(REFUND_PERCENT)) return [{ arrivesOn, fact: sales }];
  const percent = random.int(1, 40);
  const restated: Sales = {
    ...sales,
    refundedFen: Math.floor((grossFen * percent) / 100),
    feesFen: sales.feesFen - Math.floor((sales.feesFen * percent) / 100),
    revision: 2,
  };
  return [
    { arrivesOn, fact: sales },
    { arrivesOn: addDays(arrivesOn, random.int(1, 20)), fact: restated },
  ];
}

/** Mostly the same day. */
function arrival(date: BusinessDate, random: Random): BusinessDate {
  return random.percent(LATE_PERCENT) ? addDays(date, random.int(1, LATE_DAYS)) : date;
}

/** A minute of a business date, past midnight too, with the zone's offset. */
function at(date: BusinessDate, minuteOfDay: number): string {
  const day = addDays(date, Math.floor(minuteOfDay / 1440));
  const hour = String(Math.floor((minuteOfDay % 1440) / 60)).padStart(2, '0');
  const minute = String(minuteOfDay % 60).padStart(2, '0');
  return `${day}T${hour}:${minute}:00+08:00`;
}
