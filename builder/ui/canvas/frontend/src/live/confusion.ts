import { count, percent } from "./format.ts";

type Matrix = readonly (readonly number[])[];

/** One number of the confusion matrix with its share of its row (0 to 1; 0 in an empty row). */
export interface Cell {
  readonly truth: number;
  readonly called: number;
  readonly count: number;
  readonly of: number;
  readonly share: number;
  readonly right: boolean;
}

/** The matrix row by row; a row's total is the number of samples of its class. */
export function cells(matrix: Matrix): Cell[][] {
  return matrix.map((row, truth) => {
    const of = row.reduce((a, b) => a + b, 0);
    return row.map((n, called) => ({ truth, called, count: n, of, share: of ? n / of : 0, right: truth === called }));
  });
}

/** Share of each class's samples that were recognised; null for a class without samples. */
export function recall(matrix: Matrix): (number | null)[] {
  return cells(matrix).map((row, i) => {
    const cell = row[i];
    return cell && cell.of ? cell.share : null;
  });
}

/** "3 called 8: 4 of 140 (2.9 %)", "3 recognised: 131 of 140 (93.6 %)". */
export function describe(cell: Cell, classes: readonly string[]): string {
  const name = (i: number) => classes[i] ?? String(i);
  const what = cell.right ? `${name(cell.truth)} recognised` : `${name(cell.truth)} called ${name(cell.called)}`;
  return `${what}: ${count(cell.count)} of ${count(cell.of)} (${percent(cell.share)})`;
}

/** The biggest mistake, by share of its class; undefined when there is none. */
export function worst(matrix: Matrix): Cell | undefined {
  const wrong = cells(matrix).flat().filter((cell) => !cell.right && cell.count > 0);
  return wrong.reduce<Cell | undefined>((best, cell) => (!best || cell.share > best.share ? cell : best), undefined);
}

/** How strongly a cell is coloured, 0 to 1: right ones by their share, wrong ones by its root so that a few per cent can be seen. */
export function strength(cell: Cell): number {
  if (!cell.count) return 0;
  return cell.right ? 0.12 + 0.88 * cell.share : 0.1 + 0.9 * Math.sqrt(cell.share);
}
