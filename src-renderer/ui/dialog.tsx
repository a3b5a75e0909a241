/** A question that has to be answered before anything else. Focus goes in, stays, and comes back. */
import { Dialog as BaseDialog } from '@base-ui/react/dialog'
import { type ComponentProps, type ReactNode, useState } from 'react'
import css from './dialog.module.css'

/**
 * What the focus goes into, and comes back from: to where it was before, or to the title of the page where that is gone.
 * The library looks only when a field of the dialog has taken the focus already, and finds nowhere to go back to.
 */
export function ModalPopup(props: Omit<ComponentProps<typeof BaseDialog.Popup>, 'finalFocus'>) {
  const [before] = useState(() => document.activeElement)
  const back = () => {
    const now = document.activeElement
    // Another page has the focus by now.
    if (now && now !== document.body && !now.closest('[data-modal]')) return false
    const there = before instanceof HTMLElement && before !== document.body && before.isConnected
    return there ? before : document.querySelector<HTMLElement>('main h1')
  }
  return <BaseDialog.Popup data-modal {...props} finalFocus={back} />
}

export function Dialog(props: {
  readonly open: boolean
  readonly onClose: () => void
  readonly title: string
  readonly lead?: ReactNode
  readonly children?: ReactNode
  /** Buttons, the safe one first. */
  readonly actions?: ReactNode
  readonly onSubmit?: () => void
  readonly wide?: boolean
}) {
  const body = (
    <>
      <BaseDialog.Title className={css.title}>{props.title}</BaseDialog.Title>
      {props.lead !== undefined && (
        <BaseDialog.Description className={css.lead} render={<div />}>
          {props.lead}
        </BaseDialog.Description>
      )}
      {props.children !== undefined && <div className={css.body}>{props.children}</div>}
      {props.actions !== undefined && <div className={css.actions}>{props.actions}</div>}
    </>
  )
  const { onSubmit } = props
  return (
    <BaseDialog.Root open={props.open} onOpenChange={(open) => !open && props.onClose()}>
      <BaseDialog.Portal>
        <BaseDialog.Backdrop className={css.scrim} />
        <ModalPopup className={css.popup} data-wide={props.wide === true || undefined}>
          {onSubmit ? (
            <form
              className={css.form}
              onSubmit={(event) => {
                event.preventDefault()
                onSubmit()
              }}
            >
              {body}
            </form>
          ) : (
            <div className={css.form}>{body}</div>
          )}
        </ModalPopup>
      </BaseDialog.Portal>
    </BaseDialog.Root>
  )
}
