/** The budget item: what is in it, and how one conditional update of it is written. */
import { compareCodeUnits } from '../values/canonical.ts';
import type { Unit } from '../values/units.ts';
import { getItem, type Item, updateIf } from './items.ts';
import { keys, type Table } from './table.ts';

/** Amounts by the name of a pool, or of an incentive with a limit of its own. */
export type Amounts = ReadonlyMap<string, number>;

/** One limit as it stands: `limit = granted + reserved + left`. */
export interface Pool {
  pool: string;
  unit: Unit;
  limit: number;
  left: number;
  reserved: number;
  /** Changes on the record, the first first. */
  changes: readonly BudgetChange[];
}

/** The whole budget of a program. */
export interface Budget {
  /** The epoch that may reserve: whatever is older, and has not begun to apply, is dead. */
  fence: number;
  /** The greatest epoch whose reservation was settled. */
  settledEpoch: number;
  /** Counts what makes the next run look at everyone: limits raised, and money that came back to one that had run short. */
  raises: number;
  /** The pools and limits that could not pay all that was claimed, when they were last claimed. */
  short: readonly string[];
  pools: ReadonlyMap<string, Pool>;
  /** What is reserved by pool, by the epoch that planned it: also of nothing, for its settlement is known by it. */
  reservations: ReadonlyMap<number, Amounts>;
}

/** A change of a limit, or a recount of what is left, on the record. */
export interface BudgetChange {
  from: number;
  to: number;
  by: string;
  reason: string;
  at: string;
  /** Of a recount: `from` and `to` are then what was left, not the limit. */
  recount?: true;
}

/** That of a program which nobody has used yet. */
export const NO_BUDGET: Budget = {
  fence: 0,
  settledEpoch: 0,
  raises: 0,
  short: [],
  pools: new Map(),
  reservations: new Map(),
};
/** The names of its attributes. */
export const of = {
  limit: (name: string) => `limit#${name}`,
  left: (name: string) => `left#${name}`,
  unit: (name: string) => `unit#${name}`,
  changes: (name: string) => `changes#${name}`,
  reservation: (epoch: number | '') => `reserved#${epoch}`,
};

/** The budget of a program, read strongly; without pools before any run or operator has used it. */
export async function readBudget(table: Table, program: string): Promise<Budget> {
  const item = await getItem(table, keys.budget(program));
  return item === undefined ? NO_BUDGET : decode(item);
}

/** Its pools and limits, by name. */
export async function readPools(table: Table, program: string): Promise<Pool[]> {
  return [...(await readBudget(table, program)).pools.values()];
}

/** One conditional update of the item. What is added to one attribute several times is added up. */
export class BudgetUpdate {
  readonly #sets: [string, unknown][] = [];
  readonly #adds = new Map<string, number>();
  readonly #removes: string[] = [];
  readonly #appends: [string, unknown][] = [];
  readonly #expects: [string, '=' | '>=', unknown][] = [];

  get isEmpty(): boolean {
    return this.#sets.length + this.#adds.size + this.#removes.length + this.#appends.length === 0;
  }

  set(attribute: string, value: unknown): void {
    this.#sets.push([attribute, value]);
  }

  add(attribute: string, by: number): void {
    this.#adds.set(attribute, (this.#adds.get(attribute) ?? 0) + by);
  }

  append(attribute: string, value: unknown): void {
    this.#appends.push([attribute, value]);
  }

  remove(attribute: string): void {
    this.#removes.push(attribute);
  }

  /** The attribute has to have this value still; undefined: it has to be missing. */
  expect(attribute: string, value: unknown): void {
    this.#expects.push([attribute, '=', value]);
  }

  expectAtLeast(attribute: string, value: number): void {
    this.#expects.push([attribute, '>=', value]);
  }

  expectReservation({ reservations }: Budget, epoch: number): void {
    const reserved = reservations.get(epoch);
    this.expect(of.reservation(epoch), reserved && encodeAmounts(reserved));
  }

  /** @returns false when something is not as it was expected. */
  async write(table: Table, program: string): Promise<boolean> {
    const names: Record<string, string> = {};
    const values: Item = {};
    const numbers = new Map<string, string>();
    const name = (attribute: string) => {
      const known = numbers.get(attribute) ?? `#n${numbers.size}`;
      numbers.set(attribute, known);
      names[known] = attribute;
      return known;
    };
    const value = (given: unknown) => {
      const placeholder = `:v${Object.keys(values).length}`;
      values[placeholder] = given as Item[string];
      return placeholder;
    };
    const sets = [
      ...this.#sets.map(([attribute, given]) => `${name(attribute)} = ${value(given)}`),
      ...[...this.#adds].map(([attribute, by]) => `${name(attribute)} = ${name(attribute)} + ${value(by)}`),
      ...this.#appends.map(([attribute, given]) => {
        const list = name(attribute);
        return `${list} = list_append(if_not_exists(${list}, ${value([])}), ${value([given])})`;
      }),
    ];
    const removes = this.#removes.length === 0 ? '' : ` REMOVE ${this.#removes.map(name).join(', ')}`;
    const conditions = this.#expects.map(([attribute, comparison, given]) =>
      given === undefined
        ? `attribute_not_exists(${name(attribute)})`
        : `${name(attribute)} ${comparison} ${value(given)}`,
    );
    return updateIf(table, keys.budget(program), {
      update: `${sets.length === 0 ? '' : `SET ${sets.join(', ')}`}${removes}`,
      condition: conditions.join(' AND '),
      names,
      ...(Object.keys(values).length === 0 ? {} : { values }),
    });
  }
}

/** A reservation in one text, so that a condition can name it whole. */
export function encodeAmounts(amounts: Amounts): string {
  return JSON.stringify([...amounts].sort(([a], [b]) => compareCodeUnits(a, b)));
}

function decode(item: Item): Budget {
  const attributes = Object.entries(item);
  const named = (start: string) =>
    attributes.flatMap(([attribute, value]) =>
      attribute.startsWith(start) ? [[attribute.slice(start.length), value] as const] : [],
    );
  const reservations = new Map(
    named(of.reservation('')).map(([epoch, text]) => [
      Number(epoch),
      new Map(JSON.parse(String(text)) as [string, number][]),
    ]),
  );
  const reservedOf = (pool: string) =>
    [...reservations.values()].reduce((sum, amounts) => sum + (amounts.get(pool) ?? 0), 0);
  const pools = named(of.limit('')).map(([pool, limit]): [string, Pool] => [
    pool,
    {
      pool,
      unit: item[of.unit(pool)],
      limit: Number(limit),
      left: Number(item[of.left(pool)]),
      reserved: reservedOf(pool),
      changes: (item[of.changes(pool)] ?? []) as BudgetChange[],
    },
  ]);
  return {
    fence: Number(item.fence),
    settledEpoch: Number(item.settledEpoch),
    raises: Number(item.raises),
    short: item.short as string[],
    pools: new Map(pools.sort(([a], [b]) => compareCodeUnits(a, b))),
    reservations,
  };
}
