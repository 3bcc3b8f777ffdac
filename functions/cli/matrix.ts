/** An owner's matrix of shops: their windows, and what is left of the cap that they share. */
import { caseOf } from '../../shared/engine/case.ts';
import type { Evaluation } from '../../shared/engine/decision.ts';
import { incentivesOf } from '../../shared/engine/rules.ts';
import { openWindows } from '../../shared/engine/windows.ts';
import { readShops } from '../../shared/pipeline/evaluate-entities.ts';
import { lookAtEntity } from '../../shared/pipeline/look.ts';
import type { Program } from '../../shared/policy/schema.ts';
import type { Row } from './output.ts';
import type { Target } from './target.ts';

interface Span {
  horizon: string;
  asOf: string;
}

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
  span: Span,
): Promise<Matrix> {
  const evaluations = await lookAtEntity(services, program, entity, span);
  const shops = await readShops(services, entity, { ...span, consistent: true });
  const matrix: Matrix = { rows: [], caps: [] };
  for (const [id, incentive] of incentivesOf(program)) {
    if (incentive.kind !== 'window-ladder' || incentive.entityCap === undefined) continue;
    let used = 0;
    for (const shop of shops) {
      const evaluation = evaluations.get(shop.participantId);
      if (evaluation === undefined) continue;
      const standing = evaluation.opened[id] ?? [];
      used += standing.length;
      const { open, sealed } = openWindows(caseOf(program, shop, span), id);
      const windows = [...sealed, ...open].map(({ n, opensOn, closesOn }) => ({
        shop: shop.participantId,
        window: `${incentive.prefix}${n}`,
        opensOn,
        closesOn,
        stands: standing.includes(opensOn) ? 'yes' : 'refused by the cap',
        exposures: hasOf(evaluation, `${incentive.prefix}${n}/`),
      }));
      matrix.rows.push(...(windows.length > 0 ? windows : [{ shop: shop.participantId, window: 'none' }]));
    }
    const left = Math.max(0, incentive.entityCap - used);
    matrix.caps.push(`${id}: ${used} of ${incentive.entityCap} windows, ${left} left`);
  }
  return matrix;
}

function hasOf({ holdings }: Evaluation, start: string): number {
  return [...holdings.values()]
    .filter(({ occasion, last }) => occasion.startsWith(start) && last.unit === 'exposure')
    .reduce((sum, holding) => sum + holding.sum, 0);
}
