/** Amounts as people type them: `500000 exposures`, `30,000,000 CNY`, `3000万元`; and what a change of one comes to. */
import { formatAmount, type Unit } from './units.ts';
import { InputError } from './validation.ts';

interface Writing {
  /** Of the number that is typed: two for fen, because it is typed in CNY. */
  decimals: number;
  /** How the unit is called before or after the number. */
  names: readonly string[];
  /** Whether a number alone could be read in two ways. */
  needsName: boolean;
  example: string;
}

const WRITINGS: Readonly<Record<Unit, Writing>> = {
  exposure: {
    decimals: 0,
    names: ['exposures', 'exposure'],
    needsName: false,
    example: '500000 exposures or 50万',
  },
  fen: {
    decimals: 2,
    names: ['cny', 'rmb', '元', '¥'],
    needsName: true,
    example: '30,000,000 CNY or 3000万元',
  },
  bps: { decimals: 2, names: ['%'], needsName: true, example: '1.00%' },
  count: { decimals: 0, names: ['perks', 'perk'], needsName: false, example: '500 perks' },
};

/** 万 and 亿 as powers of ten. */
const MULTIPLES: Readonly<Record<string, number>> = { 万: 4, 亿: 8 };

const NUMBER =
  /^(?<before>[^\d.,]*?) ?(?<whole>\d{1,3}(?:,\d{3})+|\d+)(?:\.(?<part>\d+))? ?(?<multiple>[万亿]?) ?(?<after>\D*)$/;

/**
 * Reads an amount of a unit, to its smallest part: fen, or hundredths of a percent. Digits may be full-width, and in groups
 * of three; 万 and 亿 multiply. Where a number alone could mean CNY or fen, it is refused.
 *
 * @param what names the amount in the message, as in `limit`.
 * @throws {@link InputError}
 */
export function parseAmount(text: string, unit: Unit, what: string): number {
  const { decimals, names, needsName, example } = WRITINGS[unit];
  const refuse = (why: string, allowed = `as ${example}`): never => {
    throw new InputError(`${what}: got ${JSON.stringify(text)}${why}; allowed: ${allowed}`);
  };
  const typed = text
    .normalize('NFKC')
    .trim()
    .replaceAll(/\s+/g, ' ')
    .replaceAll('萬', '万')
    .replaceAll('億', '亿');
  const { before = '', whole, part = '', multiple = '', after = '' } = NUMBER.exec(typed)?.groups ?? {};
  if (whole === undefined) return refuse('');
  const named = [before, after].filter((name) => name !== '').map((name) => name.toLowerCase());
  if (named.some((name) => !names.includes(name))) return refuse('');
  const amount = scaled({ whole, part, exponent: (MULTIPLES[multiple] ?? 0) + decimals });
  if (amount === undefined) {
    return refuse('', `whole ${unit === 'fen' ? 'fen: at most two decimals of a CNY' : unit}`);
  }
  if (amount > Number.MAX_SAFE_INTEGER) {
    return refuse('', `at most ${formatAmount(Number.MAX_SAFE_INTEGER, unit)}`);
  }
  if (needsName && named.length === 0) {
    const readings = [amount, amount / 10 ** decimals].filter(Number.isInteger);
    const meant = readings.map((reading) => formatAmount(reading, unit)).join(', or ');
    return refuse(`, a number alone: it may mean ${meant}`, `with its unit, as ${example}`);
  }
  return amount;
}

/** Shifts a decimal number by a power of ten, exactly; undefined where a fraction would be left. */
function scaled({
  whole,
  part,
  exponent,
}: {
  whole: string;
  part: string;
  exponent: number;
}): number | undefined {
  const digits = BigInt(`${whole.replaceAll(',', '')}${part}`) * 10n ** BigInt(exponent);
  const divisor = 10n ** BigInt(part.length);
  return digits % divisor === 0n ? Number(digits / divisor) : undefined;
}

/** A change in percent of what was: `+33.33%`, `-0.50%`; empty where nothing was. */
export function formatChange(from: number, to: number): string {
  if (from === 0) return '';
  const doubled = ((BigInt(to) - BigInt(from)) * 20_000n) / BigInt(from);
  const hundredths = ((doubled < 0n ? -doubled : doubled) + 1n) / 2n;
  const rest = String(hundredths % 100n).padStart(2, '0');
  return `${to < from ? '-' : '+'}${(hundredths / 100n).toLocaleString('en-US')}.${rest}%`;
}
