/**
 * A table of any length. Rows are reached by the arrow keys, opened by Enter, selected by Space; only the rows that can
 * be seen exist.
 */
import { useVirtualizer } from '@tanstack/react-virtual'
import { ArrowDown, ArrowUp } from 'lucide-react'
import {
  type CSSProperties,
  type KeyboardEvent,
  type ReactNode,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'react'
import { classes } from './classes.ts'
import { Checkbox } from './field.tsx'
import css from './table.module.css'
import { type Foldable, oneLine, type Place, twoLines } from './table-fold.ts'
import { movedIndex, nextSort, type SortKey, type SortState, sortRows, toggled } from './table-model.ts'
import { type RowHands, TableRow } from './table-row.tsx'
import { useWidth } from './use-width.ts'

export interface Column<Row> extends Foldable {
  readonly header: string
  /** `current`: the Tab key reaches this row, and so may what is in the cell. */
  readonly cell: (row: Row, current: boolean) => ReactNode
  readonly sort?: (row: Row) => SortKey
  /** Direction of the first press. */
  readonly descendingFirst?: boolean
  readonly align?: 'end'
  /** The header is read out but not shown. */
  readonly hiddenHeader?: boolean
}

interface TableProps<Row> {
  readonly label: string
  readonly rows: readonly Row[]
  readonly columns: readonly Column<Row>[]
  readonly rowKey: (row: Row) => string
  readonly initialSort?: SortState
  readonly onOpen?: ((row: Row) => void) | undefined
  readonly selection?: {
    readonly selected: ReadonlySet<string>
    readonly onChange: (selected: ReadonlySet<string>) => void
    readonly nameOf: (row: Row) => string
  }
  readonly empty?: ReactNode
  /** Fills its place and scrolls in it; otherwise it is as high as its rows. */
  readonly fill?: boolean
  readonly rowHeight?: number
  /** Of a row whose columns are folded into two lines. */
  readonly foldedHeight?: number
  /** Text that does not fit wraps, and the row grows. Not with `fill`. */
  readonly wrap?: boolean
  readonly tone?: (row: Row) => 'bad' | 'warn' | undefined
}

const PAGE = 12

/** Pixels of a rem: larger where a person has asked for larger text. */
function rem(): number {
  return Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16
}

export function Table<Row>(props: TableProps<Row>) {
  const { rows, columns, rowKey, onOpen, selection, fill = false } = props
  const [sort, setSort] = useState<SortState | null>(props.initialSort ?? null)
  const [active, setActive] = useState(0)
  const scroller = useRef<HTMLDivElement>(null)
  const width = useWidth(scroller)
  const selects = selection !== undefined
  const wide = useMemo(() => oneLine(columns, selects), [columns, selects])
  const narrow = useMemo(() => twoLines(columns, selects), [columns, selects])
  // Half a rem on each side belongs to the shade of a row.
  const folded = narrow !== null && width > 0 && width / rem() - 1 < wide.least
  const layout = folded ? narrow : wide
  const rowHeight = (folded ? props.foldedHeight : undefined) ?? props.rowHeight ?? 36
  const sorted = useMemo(() => {
    const column = columns.find(({ id }) => id === sort?.column)
    return sortRows(rows, column?.sort, sort?.descending ?? false)
  }, [rows, columns, sort])
  const virtual = useVirtualizer({
    count: sorted.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
    enabled: fill,
  })
  // It keeps what it once assumed of each row.
  const { measure } = virtual
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked again whenever the height is another
  useLayoutEffect(measure, [rowHeight])
  const current = Math.min(active, Math.max(0, sorted.length - 1))

  function focusRow(index: number): void {
    setActive(index)
    if (fill) virtual.scrollToIndex(index)
    // The row may exist only after the next paint.
    requestAnimationFrame(() => {
      scroller.current?.querySelector<HTMLElement>(`[data-row="${index}"]`)?.focus()
    })
  }

  function onKeyDown(event: KeyboardEvent, row: Row, index: number): void {
    if (event.key === 'Enter' && onOpen) onOpen(row)
    else if (event.key === ' ' && selection) select(row, !selection.selected.has(rowKey(row)))
    else {
      const next = movedIndex(event.key, index, sorted.length, PAGE)
      if (next === null) return
      focusRow(next)
    }
    event.preventDefault()
  }

  function select(row: Row, on: boolean): void {
    selection?.onChange(toggled(selection.selected, rowKey(row), on))
  }

  // Rows render only when they change, so they must not hold anything that every render of the table creates.
  const now: RowHands<Row> = { onKeyDown, onFocus: setActive, onSelect: select, ...(onOpen && { onOpen }) }
  const latest = useRef(now)
  useLayoutEffect(() => {
    latest.current = now
  })

  function renderRow(row: Row, index: number, top?: number): ReactNode {
    const key = rowKey(row)
    return (
      <TableRow
        key={key}
        row={row}
        index={index}
        top={top}
        columns={layout.columns}
        places={layout.places}
        current={index === current}
        chosen={selection?.selected.has(key)}
        name={selection?.nameOf(row)}
        tone={props.tone?.(row)}
        opens={onOpen !== undefined}
        hands={latest}
      />
    )
  }

  const chosenHere = selection ? sorted.filter((row) => selection.selected.has(rowKey(row))).length : 0
  return (
    <div
      ref={scroller}
      className={classes(css.scroller, fill && css.fill, props.wrap && css.wrap, folded && css.folded)}
      style={
        {
          '--tracks': layout.tracks,
          '--least': `${layout.least}rem`,
          '--row-height': `${rowHeight / 16}rem`,
        } as CSSProperties
      }
    >
      <div
        role="grid"
        aria-label={props.label}
        aria-rowcount={sorted.length + 1}
        aria-multiselectable={selection ? true : undefined}
        className={css.table}
      >
        <div role="row" className={css.head} aria-rowindex={1}>
          {selection && (
            <div role="columnheader" className={css.cell}>
              <Checkbox
                bare
                label="Select all"
                checked={chosenHere > 0 && chosenHere === sorted.length}
                mixed={chosenHere > 0 && chosenHere < sorted.length}
                onChange={(on) => selection.onChange(new Set(on ? sorted.map(rowKey) : []))}
              />
            </div>
          )}
          {layout.columns.map((column) => (
            <Header key={column.id} column={column} place={layout.places.get(column.id)} sort={sort} onSort={setSort} />
          ))}
        </div>
        {fill && sorted.length > 0 ? (
          <div role="rowgroup" className={css.body} style={{ height: virtual.getTotalSize() }}>
            {virtual.getVirtualItems().map((item) => {
              const row = sorted[item.index]
              if (row === undefined) return null
              return renderRow(row, item.index, item.start)
            })}
          </div>
        ) : (
          <div role="rowgroup">{sorted.map((row, index) => renderRow(row, index))}</div>
        )}
      </div>
      {sorted.length === 0 && props.empty}
    </div>
  )
}

function Header<Row>(props: {
  readonly column: Column<Row>
  readonly place: Place | undefined
  readonly sort: SortState | null
  readonly onSort: (sort: SortState) => void
}) {
  const { column, sort, onSort } = props
  const mine = sort?.column === column.id
  const Arrow = sort?.descending ? ArrowDown : ArrowUp
  const direction = sort?.descending ? 'descending' : 'ascending'
  return (
    <div
      role="columnheader"
      className={classes(css.cell, column.align === 'end' && css.end)}
      style={props.place}
      aria-sort={column.sort ? (mine ? direction : 'none') : undefined}
    >
      {column.sort ? (
        <button
          type="button"
          className={css.sort}
          onClick={() => onSort(nextSort(sort, column.id, column.descendingFirst ?? false))}
        >
          {column.header}
          <Arrow aria-hidden className={css.arrow} data-mine={mine || undefined} />
        </button>
      ) : (
        <span className={column.hiddenHeader ? 'visually-hidden' : undefined}>{column.header}</span>
      )}
    </div>
  )
}
