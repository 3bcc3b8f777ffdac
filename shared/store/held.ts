/** Lowerings that wait for an operator: one item for each place of the ledger, replaced when it is planned anew. */
import type { Change, Held } from '../engine/history.ts';
import { parseInput, reasonSchema } from '../values/validation.ts';
import { getItem, type Item, itemsInIndex, updateIf } from './items.ts';
import { TABLE } from './names.ts';
import { keys, type Table } from './table.ts';

/** One with its holder. */
export interface HeldBy extends Held {
  participantId: string;
}

/** Puts a lowering up for an operator. What was decided on this place before stays on its record. */
export async function putHeld(
  table: Table,
  program: string,
  participantId: string,
  change: Change,
): Promise<void> {
  const { hold: _hold, ...content } = change;
  await updateIf(table, keys.held(participantId, program, change.occasion, change.n), {
    update:
      'SET participantId = :participantId, program = :program, #change = :change, #state = :waiting, #log = if_not_exists(#log, :none), #indexPk = :indexPk, #indexSk = :indexSk',
    condition: 'attribute_not_exists(pk) OR attribute_exists(pk)',
    names: {
      '#change': 'change',
      '#state': 'state',
      '#log': 'log',
      '#indexPk': TABLE.ledgerIndex.partitionKey,
      '#indexSk': TABLE.ledgerIndex.sortKey,
    },
    values: {
      ':participantId': participantId,
      ':program': program,
      ':change': content,
      ':waiting': 'waiting',
      ':none': [],
      ':indexPk': indexKey(program),
      ':indexSk': `${participantId}#${change.occasion}#${change.n}`,
    },
  });
}

/** Withdraws a lowering that is no longer due, unless an operator has decided on it since. */
export async function withdrawHeld(
  table: Table,
  program: string,
  participantId: string,
  change: Change,
): Promise<void> {
  await updateIf(table, keys.held(participantId, program, change.occasion, change.n), {
    update: 'SET #state = :withdrawn',
    condition: '#state = :waiting',
    names: { '#state': 'state' },
    values: { ':waiting': 'waiting', ':withdrawn': 'withdrawn' },
  });
}

/** All lowerings of a program that wait or waited, by participant and occasion. */
export async function readHeld(table: Table, program: string): Promise<HeldBy[]> {
  const held: HeldBy[] = [];
  for await (const item of itemsInIndex(table, TABLE.ledgerIndex, indexKey(program)))
    held.push(decodeHeld(item));
  return held;
}

/**
 * Records an operator's decision on a waiting lowering.
 * @returns false when it does not wait with this amount any more: look again.
 * @throws {@link InputError} when the reason is blank.
 */
export async function decideHeld(
  table: Table,
  { participantId, program, change }: HeldBy,
  { decision, by, reason, at }: { decision: 'approved' | 'rejected'; by: string; reason: string; at: string },
): Promise<boolean> {
  const why = parseInput(reasonSchema, reason, 'reason');
  const key = keys.held(participantId, program, change.occasion, change.n);
  const done = await updateIf(table, key, {
    update: 'SET #state = :decision, #log = list_append(#log, :entry)',
    condition: '#state = :waiting AND #change.amount = :amount',
    names: { '#state': 'state', '#log': 'log', '#change': 'change' },
    values: {
      ':decision': decision,
      ':waiting': 'waiting',
      ':amount': change.amount,
      ':entry': [{ decision, amount: change.amount, by, reason: why, at }],
    },
  });
  if (done) return true;
  const there = await getItem(table, key);
  return there !== undefined && decodeHeld(there).log.at(-1)?.at === at;
}

export function decodeHeld(item: Item): HeldBy {
  const { participantId, program, change, state, log } = item;
  return { participantId, program, change, state, log } as HeldBy;
}

function indexKey(program: string): string {
  return `HELD#${program}`;
}
