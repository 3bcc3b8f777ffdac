/**
 * `channels-618`: WeChat Channels' plan for the 618 event. Data only: an event program, where `treasure-host` is
 * one that goes on.
 */
export const channels618 = {
  program: 'channels-618',
  title: 'WeChat Channels 618',
  platform: 'channels',
  zone: 'Asia/Shanghai',
  pools: {
    card: { unit: 'fen', limit: 2_000_000_000 },
  },
  versions: [
    {
      version: '2024-618',
      from: '2024-05-20',
      to: '2024-06-20',
      validSession: { minMinutes: 30 },
      corrections: { card: 'automatic' },
      incentives: [
        {
          id: 'growth-card',
          kind: 'event-ladder',
          who: { kinds: ['merchant'] },
          from: '2024-05-20',
          to: '2024-06-20',
          reward: { unit: 'fen', pool: 'card' },
          rungs: [
            { name: 'growth-card-1', atFen: 1_000_000, amount: 10_000 },
            { name: 'growth-card-2', atFen: 10_000_000, amount: 90_000 },
            { name: 'growth-card-3', atFen: 50_000_000, amount: 400_000 },
            { name: 'growth-card-4', atFen: 100_000_000, amount: 500_000 },
          ],
        },
        {
          id: 'fee-rate',
          kind: 'fee-rate',
          who: { kinds: ['merchant'] },
          from: '2024-05-20',
          to: '2024-06-20',
          reward: { unit: 'bps' },
          broadcastDay: 5,
          rateBps: 100,
        },
      ],
    },
  ],
  provenance: {
    'pools.card.limit': 'assumed',
    'validSession.minMinutes': 'assumed',
    'growth-card.rungs.growth-card-1.atFen': 'assumed',
    'growth-card.rungs.growth-card-1.amount': 'assumed',
    'growth-card.rungs.growth-card-2.atFen': 'assumed',
    'growth-card.rungs.growth-card-2.amount': 'assumed',
    'growth-card.rungs.growth-card-3.atFen': 'assumed',
    'growth-card.rungs.growth-card-3.amount': 'assumed',
    'growth-card.rungs.growth-card-4.atFen': 'assumed',
    'growth-card.rungs.growth-card-4.amount': 'assumed',
    'fee-rate.broadcastDay': 'assumed',
    'fee-rate.rateBps': 'published',
  },
} as const;
