/** A row of a table. It is drawn again only when it changes, not whenever the table moves: scrolling is quick by that. */
import { type KeyboardEvent, memo, type PointerEvent, type RefObject } from 'react'
import { classes } from './classes.ts'
import { Checkbox } from './field.tsx'
import css from './table.module.css'
import type { Column } from './table.tsx'
import type { Place } from './table-fold.ts'

/** The table's current handlers. */
export interface RowHands<Row> {
  readonly onKeyDown: (event: KeyboardEvent, row: Row, index: number) => void
  readonly onFocus: (index: number) => void
  readonly onSelect: (row: Row, on: boolean) => void
  readonly onOpen?: (row: Row) => void
}

interface RowProps<Row> {
  readonly row: Row
  readonly index: number
  /** Where it stands in a table that scrolls. */
  readonly top: number | undefined
  readonly columns: readonly Column<Row>[]
  readonly places: ReadonlyMap<string, Place>
  /** The one that the Tab key reaches. */
  readonly current: boolean
  /** Undefined where rows cannot be selected; otherwise `name` says which one it is. */
  readonly chosen: boolean | undefined
  readonly name: string | undefined
  readonly tone: 'bad' | 'warn' | undefined
  readonly opens: boolean
  readonly hands: RefObject<RowHands<Row>>
}

/** Shows the full text of a cell that is cut off beside the pointer. */
function showWhole({ target, currentTarget }: PointerEvent): void {
  for (let part = target as HTMLElement | null; part && part !== currentTarget; part = part.parentElement) {
    const cut = part.scrollWidth > part.clientWidth + 1 || part.scrollHeight > part.clientHeight + 1
    if (cut && getComputedStyle(part).overflowX === 'hidden') {
      part.title = part.textContent ?? ''
      return
    }
    part.removeAttribute('title')
  }
}

function Drawn<Row>(props: RowProps<Row>) {
  const { row, index, top, columns, places, current, chosen, name, tone, opens, hands } = props
  return (
    <div
      role="row"
      data-row={index}
      data-tone={tone}
      className={classes(css.row, opens && css.opens)}
      style={top === undefined ? undefined : { position: 'absolute', insetInline: 0, top }}
      tabIndex={current ? 0 : -1}
      aria-rowindex={index + 2}
      aria-selected={chosen}
      onPointerOver={showWhole}
      onFocus={() => hands.current.onFocus(index)}
      onKeyDown={(event) => {
        if (event.target === event.currentTarget) hands.current.onKeyDown(event, row, index)
      }}
      onClick={(event) => {
        const target = event.target as HTMLElement
        if (target.closest('a, button, input, label, [role="checkbox"]') || window.getSelection()?.toString()) return
        hands.current.onOpen?.(row)
      }}
    >
      {chosen !== undefined && (
        <div role="gridcell" className={css.cell}>
          <Checkbox
            bare
            tabIndex={-1}
            label={`Select ${name}`}
            checked={chosen}
            onChange={(on) => hands.current.onSelect(row, on)}
          />
        </div>
      )}
      {columns.map((column) => (
        <div
          key={column.id}
          role="gridcell"
          className={classes(css.cell, column.align === 'end' && css.end)}
          style={places.get(column.id)}
        >
          {column.cell(row, current)}
        </div>
      ))}
    </div>
  )
}

// The type of `memo` forgets that the component is generic.
export const TableRow = memo(Drawn) as typeof Drawn
