/** What is measured, against what was expected of it. */

/** How many, of what, and the bound that was expected. */
export interface Figure {
  what: string;
  value: number;
  unit: string;
  /** At most, or at least, this much was expected. */
  expected?: { atMost: number } | { atLeast: number };
  /** Units of capacity and bytes are the same on every machine; times are not, and never fail a measurement. */
  exact: boolean;
  /** Worse than expected, and docs/design.md says why: as long as it is this. */
  known?: number;
}

export function isWorse({ value, expected }: Figure): boolean {
  if (expected === undefined) return false;
  return 'atMost' in expected ? value > expected.atMost : value < expected.atLeast;
}

/** Whether a figure that is the same on every machine got worse, and no one has said why. */
export function isRegression(figure: Figure): boolean {
  return figure.exact && isWorse(figure) && figure.value !== figure.known;
}

/** A line a figure, in columns. */
export function formatFigures(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [
    figure.what,
    format(figure.value),
    figure.unit,
    expectation(figure),
    figure.expected === undefined ? '' : isWorse(figure) ? 'worse' : 'as expected',
  ]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 1 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function expectation({ expected }: Figure): string {
  if (expected === undefined) return '';
  return 'atMost' in expected ? `≤ ${format(expected.atMost)}` : `≥ ${format(expected.atLeast)}`;
}

function format(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: value < 10 ? 2 : 0 });
}
