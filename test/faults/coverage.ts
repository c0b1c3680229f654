/** A table that counts endings, such as `done`, by row and column. */
export class Coverage {
  /** Number of notes in all cells. */
  total = 0
  readonly #columns: readonly string[]
  readonly #rows = new Map<string, Map<string, Map<string, number>>>()

  constructor(columns: readonly string[]) {
    this.#columns = columns
  }

  note(row: string, column: string, ending: string): void {
    this.total++
    const cells = this.#rows.get(row) ?? new Map<string, Map<string, number>>()
    const cell = cells.get(column) ?? new Map<string, number>()
    this.#rows.set(row, cells.set(column, cell.set(ending, (cell.get(ending) ?? 0) + 1)))
  }

  /** Returns the table as text, a line for each row. */
  toString(): string {
    const names = [...this.#rows.keys()].toSorted()
    const lines = names.map((name) => [
      name,
      ...this.#columns.map((column) =>
        [...(this.#rows.get(name)?.get(column) ?? [])].map(([ending, n]) => `${n} ${ending}`).join(', '),
      ),
    ])
    const table = [['', ...this.#columns], ...lines]
    const widths = ['', ...this.#columns].map((_, index) =>
      Math.max(...table.map((line) => line[index]!.length)),
    )
    const format = (line: string[]): string =>
      line
        .map((text, index) => text.padEnd(widths[index]!))
        .join('  ')
        .trimEnd()
    return [...table.map(format), `${this.total} in all`].join('\n')
  }
}
