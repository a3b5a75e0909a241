/** Runs a rule in SQL as the kit does on the server: in a database in memory. */
import { scratchDatabase } from './open.ts'

export type RuleValue = string | number | null
/** The rows of a table, each with the same columns. */
export type RuleRows = readonly Readonly<Record<string, RuleValue>>[]

/** Fills `tables`, which the rule's own text creates, and returns the rows of `select`. */
export function runRule(
  { tables, select }: { readonly tables: string; readonly select: string },
  data: Readonly<Record<string, RuleRows>>,
): Record<string, RuleValue>[] {
  const db = scratchDatabase()
  try {
    db.exec(tables)
    db.transaction(() => {
      for (const [table, rows] of Object.entries(data)) {
        const columns = Object.keys(rows[0] ?? {})
        if (columns.length === 0) continue
        const insert = db.prepare(`INSERT INTO ${table} (${columns}) VALUES (${columns.map((name) => `@${name}`)})`)
        for (const row of rows) insert.run(row)
      }
    })()
    return db.prepare<[], Record<string, RuleValue>>(select).all()
  } finally {
    db.close()
  }
}
