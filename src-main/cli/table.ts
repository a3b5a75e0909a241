/** Prints tables on terminals, and removes control characters from foreign text. */

/** Removes characters that could move the cursor, change colours or reverse the text. */
export function clean(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?')
}

function width(text: string): number {
  return Array.from(text).length
}

export interface Column {
  readonly title: string
  /** Aligns the column to the right, for numbers. */
  readonly right?: boolean
}

/** Lines with aligned columns, two spaces apart, header first. Cleans every cell. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const cells = [columns.map(({ title }) => title), ...rows].map((row) => row.map(clean))
  const widths = columns.map((_, index) => Math.max(...cells.map((row) => width(row[index] ?? ''))))
  const line = (row: readonly string[]) =>
    row
      .map((text, index) => {
        const padding = ' '.repeat(Math.max(0, (widths[index] ?? 0) - width(text)))
        return columns[index]?.right ? padding + text : text + padding
      })
      .join('  ')
      .trimEnd()
  return cells.map(line)
}

/** Lines of `label  value`. */
export function facts(pairs: readonly (readonly [string, string])[]): string[] {
  const longest = Math.max(...pairs.map(([label]) => width(label)))
  return pairs.map(([label, value]) => `${label.padEnd(longest)}  ${clean(value)}`.trimEnd())
}
