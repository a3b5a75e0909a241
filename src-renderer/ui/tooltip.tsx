/** A short text beside what the pointer or the focus is on. Never the only place of something that matters. */
import { Tooltip as BaseTooltip } from '@base-ui/react/tooltip'
import type { ReactElement, ReactNode } from 'react'
import css from './tooltip.module.css'

interface Said {
  readonly text: ReactNode
  readonly keys?: string | undefined
}

// One for the whole window: a list has hundreds of places that could show one, and only one ever does.
const shared = BaseTooltip.createHandle<Said>()

export function TooltipProvider({ children }: { readonly children: ReactNode }) {
  return (
    <BaseTooltip.Provider delay={350}>
      {children}
      <BaseTooltip.Root handle={shared}>
        {({ payload }) => (
          <BaseTooltip.Portal>
            <BaseTooltip.Positioner sideOffset={6} className={css.positioner}>
              <BaseTooltip.Popup className={css.popup}>
                {payload?.text}
                {payload?.keys !== undefined && <kbd className={css.keys}>{payload.keys}</kbd>}
              </BaseTooltip.Popup>
            </BaseTooltip.Positioner>
          </BaseTooltip.Portal>
        )}
      </BaseTooltip.Root>
    </BaseTooltip.Provider>
  )
}

export function Tooltip(props: Said & { readonly children: ReactElement }) {
  const { text, keys, children } = props
  return <BaseTooltip.Trigger handle={shared} payload={{ text, keys }} render={children} />
}
