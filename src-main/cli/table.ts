/** Tables for terminals, and the cleaning of text that others wrote. */

/** Takes out what could move the cursor, colour the screen or turn the text around. */
export function clean(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?')
}

function width(text: string): number {
  return Array.from(text).length
}

export interface Column {
  readonly title: string
  /** Numbers stand under each other at their ends. */
  readonly right?: boolean
}

/** Lines of equal columns, two blanks apart, the titles first. Everything is cleaned. */
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
