/** Requires the exact name of what is about to change, and a reason where one is stored. */
import { type ReactNode, useState } from 'react'
import type { WireFailure } from '../../src-shared/contract/failure.ts'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { TextField } from '../ui/field.tsx'
import { ErrorState } from '../ui/states.tsx'

interface ConfirmDialogProps {
  readonly title: string
  readonly lead: ReactNode
  /** What has to be typed; null where pressing is enough. */
  readonly type: { readonly what: string; readonly name: string } | null
  readonly reason?: boolean
  readonly action: string
  /** The safe answer. */
  readonly decline?: string
  /** Said while it is being done, where that can take a while. */
  readonly meanwhile?: string
  /** What else is asked. */
  readonly children?: ReactNode
  readonly busy: boolean
  readonly failure: WireFailure | null
  readonly onConfirm: (typed: string, reason: string) => void
  readonly onClose: () => void
}

/** Mount it to ask, unmount it when it is answered: nothing typed is kept. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { type, reason = false } = props
  const [typed, setTyped] = useState('')
  const [why, setWhy] = useState('')
  const ready = (type === null || typed === type.name) && (!reason || why.trim() !== '')
  return (
    <Dialog
      open
      onClose={props.onClose}
      title={props.title}
      lead={props.lead}
      onSubmit={() => ready && !props.busy && props.onConfirm(typed, why.trim())}
      actions={
        <>
          <Button onClick={props.onClose} autoFocus={type === null}>
            {props.decline ?? 'Cancel'}
          </Button>
          <Button look="danger" type="submit" disabled={!ready} busy={props.busy}>
            {props.action}
          </Button>
        </>
      }
    >
      {type !== null && (
        <TextField
          label={`Type the ${type.what} to confirm: ${type.name}`}
          value={typed}
          onChange={setTyped}
          autoFocus
          error={typed !== '' && !type.name.startsWith(typed) ? 'Name must match, including capitals.' : undefined}
        />
      )}
      {reason && (
        <TextField
          label="Reason"
          value={why}
          onChange={setWhy}
          maxLength={500}
          hint="Kept with the operation, here and on the server."
        />
      )}
      {props.children}
      {props.busy && props.meanwhile !== undefined && <p role="status">{props.meanwhile}</p>}
      {props.failure && <ErrorState failure={props.failure} />}
    </Dialog>
  )
}
