/** How the columns of a table stand: in one line, or folded into two where there is no room for one. Pure. */

/** Where a cell goes in a folded table: into the second line, below the first one's columns `from` to `to`, or nowhere. */
export type Fold = { readonly from: number; readonly to: number } | 'hidden'

export interface Foldable {
  readonly id: string
  /** A track of CSS grid. */
  readonly width: string
  /** Without it, the column stays in the first line. */
  readonly folded?: Fold
}

export interface Layout<Column> {
  readonly columns: readonly Column[]
  /** Of CSS grid. */
  readonly tracks: string
  /** In rem; with less room the table scrolls sideways. */
  readonly least: number
  /** Empty in a table of one line. */
  readonly places: ReadonlyMap<string, Place>
}

export interface Place {
  readonly gridRow: number
  readonly gridColumn: string
}

/** The track of what selects a row. */
const SELECT = '2rem'

/** What the tracks need at least, with the gaps between them. */
function leastOf(tracks: readonly string[]): number {
  const sum = tracks.reduce((total, track) => total + Number(/(?:^|minmax\()([\d.]+)rem/.exec(track)?.[1] ?? 0), 0)
  return sum + Math.max(0, tracks.length - 1)
}

/** One line a row. */
export function oneLine<Column extends Foldable>(columns: readonly Column[], selects: boolean): Layout<Column> {
  const tracks = [...(selects ? [SELECT] : []), ...columns.map(({ width }) => width)]
  return { columns, tracks: tracks.join(' '), least: leastOf(tracks), places: new Map() }
}

/** Two lines a row; null if no column folds. */
export function twoLines<Column extends Foldable>(columns: readonly Column[], selects: boolean): Layout<Column> | null {
  const first = columns.filter(({ folded }) => folded === undefined)
  if (first.length === columns.length) return null
  const before = selects ? 1 : 0
  const places = new Map(
    columns.flatMap(({ id, folded }): [string, Place][] => {
      if (folded === 'hidden') return []
      if (folded) return [[id, { gridRow: 2, gridColumn: `${folded.from + before} / ${folded.to + before + 1}` }]]
      return [[id, { gridRow: 1, gridColumn: String(first.findIndex((one) => one.id === id) + 1 + before) }]]
    }),
  )
  return { ...oneLine(first, selects), columns: columns.filter(({ folded }) => folded !== 'hidden'), places }
}
