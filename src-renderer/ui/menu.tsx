import { Menu as BaseMenu } from '@base-ui/react/menu'
import type { LucideIcon } from 'lucide-react'
import type { ReactElement } from 'react'
import css from './menu.module.css'

export interface MenuItem {
  readonly label: string
  readonly icon?: LucideIcon
  readonly keys?: string
  readonly disabled?: boolean
  readonly danger?: boolean
  readonly onSelect: () => void
}

function Items({ items }: { readonly items: readonly MenuItem[] }) {
  return items.map(({ label, icon: Icon, keys, disabled, danger, onSelect }) => (
    <BaseMenu.Item
      key={label}
      className={css.item}
      disabled={disabled ?? false}
      data-danger={danger === true || undefined}
      onClick={onSelect}
    >
      {Icon ? <Icon aria-hidden className={css.icon} strokeWidth={1.75} /> : <span />}
      <span>{label}</span>
      {keys !== undefined && <kbd className={css.keys}>{keys}</kbd>}
    </BaseMenu.Item>
  ))
}

/** What else can be done, behind one button. */
export function Menu(props: { readonly trigger: ReactElement; readonly items: readonly MenuItem[] }) {
  return (
    <BaseMenu.Root>
      <BaseMenu.Trigger render={props.trigger} />
      <BaseMenu.Portal>
        <BaseMenu.Positioner className={css.positioner} sideOffset={4} align="end">
          <BaseMenu.Popup className={css.popup}>
            <Items items={props.items} />
          </BaseMenu.Popup>
        </BaseMenu.Positioner>
      </BaseMenu.Portal>
    </BaseMenu.Root>
  )
}

/** The same beside something that many of exist, such as a row of a table: there is one menu for all of them. */
export function MenuAt(props: {
  readonly anchor: HTMLElement
  readonly label: string
  readonly items: readonly MenuItem[]
  readonly onClose: () => void
}) {
  const { anchor, label, items, onClose } = props
  return (
    <BaseMenu.Root open onOpenChange={(open) => !open && onClose()}>
      <BaseMenu.Portal>
        <BaseMenu.Positioner className={css.positioner} anchor={anchor} sideOffset={4} align="end">
          <BaseMenu.Popup className={css.popup} aria-label={label} finalFocus={() => anchor}>
            <Items items={items} />
          </BaseMenu.Popup>
        </BaseMenu.Positioner>
      </BaseMenu.Portal>
    </BaseMenu.Root>
  )
}
