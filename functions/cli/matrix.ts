/** An owner's matrix of shops: their windows, and what is left of the cap that they share. */
import { caseOf } from '../../shared/engine/case.ts';
import type { Evaluation } from '../../shared/engine/decision.ts';
import { idsOf, ruleOn, rulesOf } from '../../shared/engine/rules.ts';
import { openWindows } from '../../shared/engine/windows.ts';
import { readShops } from '../../shared/pipeline/evaluate-entities.ts';
import { lookAtEntity, type View } from '../../shared/pipeline/look.ts';
import type { Program } from '../../shared/policy/schema.ts';
import type { Row } from './output.ts';
import type { Target } from './target.ts';

export interface Matrix {
  rows: Row[];
  /** One line a cap: `new-host: 10 of 10 windows, 0 left`. */
  caps: string[];
}

/** A row a shop and window; a shop without one has a row too. Empty when nobody belongs to the owner. */
export async function matrixOf(
  { services }: Pick<Target, 'services'>,
  program: Program,
  entity: string,
  span: View,
): Promise<Matrix> {
  const evaluations = await lookAtEntity(services, program, entity, span);
  const shops = await readShops(services, entity, { ...span, consistent: true });
  const matrix: Matrix = { rows: [], caps: [] };
  for (const id of idsOf(program, 'window-ladder')) {
    const cap = capOn(program, id, span.asOf);
    if (cap === undefined) continue;
    let used = 0;
    for (const shop of shops) {
      const evaluation = evaluations.get(shop.participantId);
      if (evaluation === undefined) continue;
      const standing = evaluation.opened.get(id) ?? [];
      used += standing.length;
      const { open, sealed } = openWindows(caseOf(program, shop, span), id);
      const windows = [...sealed, ...open].map(({ start, opensOn, closesOn }) => ({
        shop: shop.participantId,
        window: start.slice(0, -1),
        opensOn,
        closesOn,
        stands: standing.includes(opensOn) ? 'yes' : 'refused by the cap',
        exposures: hasOf(evaluation, start),
      }));
      matrix.rows.push(...(windows.length > 0 ? windows : [{ shop: shop.participantId, window: 'none' }]));
    }
    matrix.caps.push(`${id}: ${used} of ${cap} windows, ${Math.max(0, cap - used)} left`);
  }
  return matrix;
}

/** The cap of the rule in force on a date, or of the last there was. */
function capOn(program: Program, id: string, date: string): number | undefined {
  const rule = ruleOn(program, 'window-ladder', id, date) ?? rulesOf(program, 'window-ladder', id).at(-1);
  return rule?.incentive.entityCap;
}

function hasOf({ holdings }: Evaluation, start: string): number {
  return [...holdings.values()]
    .filter(({ occasion, last }) => occasion.startsWith(start) && last.unit === 'exposure')
    .reduce((sum, holding) => sum + holding.sum, 0);
}
