/** A question that has to be answered before anything else. Focus goes in, stays, and comes back. */
import { Dialog as BaseDialog } from '@base-ui/react/dialog'
import type { ReactNode } from 'react'
import css from './dialog.module.css'

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
        <BaseDialog.Popup data-modal className={css.popup} data-wide={props.wide === true || undefined}>
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
        </BaseDialog.Popup>
      </BaseDialog.Portal>
    </BaseDialog.Root>
  )
}
