/**
 * Lowerings that wait for an operator: one item an occasion. Every write names the version that was read, so that an old
 * plan, however late it is applied, turns back nothing that a person has decided since (laws 9 and 17).
 */
import type { Change, Held } from '../engine/history.ts';
import { canonicalJson } from '../values/canonical.ts';
import { parseInput, reasonSchema } from '../values/validation.ts';
import { getItem, type Item, itemsInIndex, updateIf } from './items.ts';
import { TABLE } from './names.ts';
import { keys, type Table } from './table.ts';

/** One with its holder. */
export interface HeldBy extends Held {
  participantId: string;
}

/**
 * Puts a lowering up for an operator, over the version that was read when it was planned. Waivers and what was decided
 * before stay on its record.
 * @returns false when something else stands there: somebody went on since it was planned.
 */
export async function putHeld(
  table: Table,
  program: string,
  participantId: string,
  { hold: _hold, correction, ...change }: Change,
): Promise<boolean> {
  const { causes, to, seen } = ofHeld(correction);
  const key = keys.held(participantId, program, change.occasion);
  const done = await updateIf(table, key, {
    update: `SET participantId = :participantId, program = :program, #change = :change, causes = :causes, #to = :to, #state = :waiting, version = :next, #log = if_not_exists(#log, :none), waivers = if_not_exists(waivers, :none), #indexPk = :indexPk, #indexSk = :indexSk`,
    condition: seen === 0 ? 'attribute_not_exists(pk)' : 'version = :seen',
    names: {
      '#change': 'change',
      '#to': 'to',
      '#state': 'state',
      '#log': 'log',
      '#indexPk': TABLE.ledgerIndex.partitionKey,
      '#indexSk': TABLE.ledgerIndex.sortKey,
    },
    values: {
      ':participantId': participantId,
      ':program': program,
      ':change': change,
      ':causes': causes,
      ':to': to,
      ':waiting': 'waiting',
      ':next': seen + 1,
      ':none': [],
      ':indexPk': indexKey(program),
      ':indexSk': `${participantId}#${change.occasion}`,
      ...(seen === 0 ? {} : { ':seen': seen }),
    },
  });
  if (done) return true;
  const there = await getItem(table, key);
  return there?.version === seen + 1 && canonicalJson(there.change) === canonicalJson(change);
}

/** Withdraws a lowering that is no longer due, unless anybody has changed it since it was planned. */
export async function withdrawHeld(
  table: Table,
  program: string,
  participantId: string,
  { occasion, correction }: Change,
): Promise<void> {
  const { seen } = ofHeld(correction);
  await updateIf(table, keys.held(participantId, program, occasion), {
    update: 'SET #state = :withdrawn, version = :next',
    condition: '#state = :waiting AND version = :seen',
    names: { '#state': 'state' },
    values: { ':waiting': 'waiting', ':withdrawn': 'withdrawn', ':seen': seen, ':next': seen + 1 },
  });
}

function ofHeld(correction: Change['correction']): NonNullable<Change['correction']> {
  if (correction === undefined) throw new Error('a lowering that is held says what it is judged by');
  return correction;
}

/** All lowerings of a program that wait or waited, by participant and occasion. */
export async function readHeld(table: Table, program: string): Promise<HeldBy[]> {
  const held: HeldBy[] = [];
  for await (const item of itemsInIndex(table, TABLE.ledgerIndex, indexKey(program)))
    held.push(decodeHeld(item));
  return held;
}

/** What an operator decided, and who, why and when. */
export interface HeldDecision {
  decision: 'approved' | 'rejected';
  by: string;
  reason: string;
  at: string;
}

/**
 * Records an operator's decision on a waiting lowering, as it was read. One that is rejected is waived, with all that then
 * caused it and the sum that it would have been lowered to.
 * @returns false when it has changed since: look again.
 * @throws {@link InputError} when the reason is blank.
 */
export async function decideHeld(
  table: Table,
  { participantId, program, change, causes, to, version }: HeldBy,
  { decision, by, reason: given, at }: HeldDecision,
): Promise<boolean> {
  const reason = parseInput(reasonSchema, given, 'reason');
  const key = keys.held(participantId, program, change.occasion);
  const done = await updateIf(table, key, {
    update:
      'SET #state = :decision, version = :next, #log = list_append(#log, :entry), waivers = list_append(waivers, :waivers)',
    condition: '#state = :waiting AND version = :version',
    names: { '#state': 'state', '#log': 'log' },
    values: {
      ':decision': decision,
      ':waiting': 'waiting',
      ':version': version,
      ':next': version + 1,
      ':entry': [{ decision, amount: change.amount, by, reason, at }],
      ':waivers': decision === 'rejected' ? [{ causes, to }] : [],
    },
  });
  if (done) return true;
  const there = await getItem(table, key);
  return there !== undefined && decodeHeld(there).log.at(-1)?.at === at;
}

export function decodeHeld(item: Item): HeldBy {
  const { participantId, program, change, causes, to, state, version, waivers, log } = item;
  return { participantId, program, change, causes, to, state, version, waivers, log } as HeldBy;
}

function indexKey(program: string): string {
  return `HELD#${program}`;
}
