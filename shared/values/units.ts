/** Units of a reward, and how a person reads them. All amounts are safe integers. */

/** `exposure`: one impression in the feed · `fen`: 1/100 CNY · `bps`: 1/100 of a percent · `count`: perks. */
export const UNITS = ['exposure', 'fen', 'bps', 'count'] as const;
export type Unit = (typeof UNITS)[number];

/** `214050` → `2,140.50`. */
export function formatCny(fen: number): string {
  const sign = fen < 0 ? '-' : '';
  const whole = Math.trunc(Math.abs(fen) / 100);
  const rest = String(Math.abs(fen) % 100).padStart(2, '0');
  return `${sign}${formatCount(whole)}.${rest}`;
}

/** `20000` → `20,000`. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

/** An amount with its unit, for a person: `20,000 exposures`, `74.07 CNY`, `1.00%`, `1 perk`. */
export function formatAmount(amount: number, unit: Unit): string {
  if (unit === 'fen') return `${formatCny(amount)} CNY`;
  if (unit === 'bps') return `${formatCny(amount)}%`;
  if (unit === 'exposure') return `${formatCount(amount)} exposures`;
  return `${formatCount(amount)} ${Math.abs(amount) === 1 ? 'perk' : 'perks'}`;
}

const DAY = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'long',
  year: 'numeric',
  timeZone: 'UTC',
});

/** A business date for a person: `31 August 2024`. */
export function formatDay(date: string): string {
  return DAY.format(new Date(`${date}T00:00:00Z`));
}
