import { afterEach, expect, it } from 'vitest'
import { Comparison } from '../support/comparison.ts'

/** Reproducible numbers for a seed (mulberry32). */
function random(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

interface Shape {
  readonly name: string
  readonly create: string
  readonly columns: readonly string[]
  readonly key: readonly string[]
}

const types = ['INTEGER', 'TEXT', 'REAL', 'BLOB', 'NUMERIC', '']
const values = [
  'NULL',
  '0',
  '1',
  '2',
  '1.0',
  '2.5',
  '-1',
  "'1'",
  "'a'",
  "'b'",
  "'A'",
  "'a|b'",
  "''",
  "x''",
  "x'61'",
  "'2026-01-01'",
  '1e300',
  "'ä'",
]

function shapeOf(below: (n: number) => number, n: number): Shape {
  const columns = ['a', 'b', 'c', 'd'].slice(0, 2 + below(3))
  const typed = columns.map((column) => `${column} ${types[below(types.length)]}`)
  const name = `t${n}`
  const list = (key: readonly string[], more = '') => ({
    name,
    create: `CREATE TABLE ${name} (${[...typed, more].filter((one) => one !== '').join(', ')})`,
    columns,
    key,
  })
  switch (below(6)) {
    case 0:
      typed[0] = 'a INTEGER PRIMARY KEY'
      return list(['a'])
    case 1:
      return list(['a'], 'PRIMARY KEY (a)')
    case 2:
      return list(['b', 'a'], 'PRIMARY KEY (b, a)')
    case 3: {
      const table = list(['b', 'a'], 'PRIMARY KEY (b, a)')
      return { ...table, create: `${table.create} WITHOUT ROWID` }
    }
    case 4: {
      typed[1] = 'b TEXT NOT NULL'
      return list(['b'], 'UNIQUE (b)')
    }
    default:
      return list([])
  }
}

let both: Comparison | undefined
afterEach(() => both?.remove())

const seeds = Array.from(
  { length: Number(process.env.PLAN_SEEDS ?? 12) },
  (_, i) => Number(process.env.PLAN_SEED ?? 1) + i,
)

it.each(seeds)('randomly changed random tables give the same counts as a row-by-row comparison (seed %i)', (seed) => {
  const below = random(seed)
  const pick = () => values[below(values.length)] ?? 'NULL'
  const pair = new Comparison()
  both = pair
  const shapes = Array.from({ length: 12 }, (_, n) => shapeOf(below, n))
  const fill = ({ name, columns }: Shape) =>
    Array.from({ length: below(40) }, () => `INSERT OR IGNORE INTO ${name} VALUES (${columns.map(pick).join(', ')})`)
  const change = (shape: Shape) =>
    Array.from({ length: below(12) }, () => {
      const { name, columns } = shape
      const row = `(SELECT ${columns.at(-1)} FROM ${name} ORDER BY ${columns[below(columns.length)]}, ${columns[0]} LIMIT 1 OFFSET ${below(20)})`
      const kinds = [
        `INSERT OR IGNORE INTO ${name} VALUES (${columns.map(pick).join(', ')})`,
        `UPDATE OR IGNORE ${name} SET ${columns[below(columns.length)]} = ${pick()} WHERE ${columns.at(-1)} IS ${row}`,
        `DELETE FROM ${name} WHERE ${columns.at(-1)} IS ${row}`,
        `REPLACE INTO ${name} SELECT * FROM ${name} WHERE ${columns[0]} IS NOT NULL`,
        `CREATE TEMP TABLE again AS SELECT * FROM ${name} ORDER BY ${columns.at(-1)} DESC; DELETE FROM ${name}; INSERT INTO ${name} SELECT * FROM again; DROP TABLE again`,
      ]
      return kinds[below(kinds.length)] ?? ''
    })
  const before = shapes.flatMap((shape) => [shape.create, ...fill(shape)])
  pair.attempt(pair.backup, before)
  pair.attempt(pair.live, before)
  pair.sql(pair.live, 'PRAGMA journal_mode = WAL')
  pair.attempt(pair.live, shapes.flatMap(change))
  // Every other time, batches so small that one pass is not enough.
  const { tables } = pair.found(seed % 2 === 0 ? 'COMPARE_AT_A_TIME=3' : '')
  const found = tables.map(({ table, onlyLive, onlyBackup, changed }) => ({ table, onlyLive, onlyBackup, changed }))
  const expected = shapes.map(({ name, columns, key }) => ({ table: name, ...pair.expected(name, columns, key) }))
  expect(found).toEqual(expected.sort((one, other) => (one.table < other.table ? -1 : 1)))
})
