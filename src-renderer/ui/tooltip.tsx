/** A short text beside what the pointer or the focus is on. Never the only place of something that matters. */
import { Tooltip as BaseTooltip } from '@base-ui/react/tooltip'
import type { ReactElement, ReactNode } from 'react'
import css from './tooltip.module.css'

export function TooltipProvider({ children }: { readonly children: ReactNode }) {
  return <BaseTooltip.Provider delay={350}>{children}</BaseTooltip.Provider>
}

export function Tooltip(props: { readonly text: ReactNode; readonly keys?: string; readonly children: ReactElement }) {
  return (
    <BaseTooltip.Root>
      <BaseTooltip.Trigger render={props.children} />
      <BaseTooltip.Portal>
        <BaseTooltip.Positioner sideOffset={6} className={css.positioner}>
          <BaseTooltip.Popup className={css.popup}>
            {props.text}
            {props.keys !== undefined && <kbd className={css.keys}>{props.keys}</kbd>}
          </BaseTooltip.Popup>
        </BaseTooltip.Positioner>
      </BaseTooltip.Portal>
    </BaseTooltip.Root>
  )
}
