/** Rotates now: the server says first what would go, and only then it can be confirmed. */
import { useState } from 'react'
import type { SiteOverview } from '../../../src-shared/contract/sites.ts'
import { showName } from '../../../src-shared/domain/backup-path.ts'
import { formatBytes, formatCount } from '../../../src-shared/domain/format.ts'
import type { RotationReport } from '../../../src-shared/domain/retention.ts'
import { retentionSentence } from '../../../src-shared/domain/retention-words.ts'
import { type OutputOf, useQuery } from '../../api/hooks.ts'
import type { FollowedOperation } from '../../shared/use-operation.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Checkbox, TextField } from '../../ui/field.tsx'
import { HostileText } from '../../ui/hostile-text.tsx'
import { ErrorState, Loading, Notice } from '../../ui/states.tsx'
import css from './retention.module.css'

/** So many are listed; the page has the rest. */
const LISTED = 6

export function RotateDialog(props: {
  readonly overview: SiteOverview
  readonly rotation: FollowedOperation
  /** Whether rules were changed here and not saved. */
  readonly unsaved: boolean
  readonly onClose: () => void
}) {
  const { overview, rotation, unsaved, onClose } = props
  const { id: site, name } = overview
  const asked = useQuery('retention.plan', { site })
  const [typed, setTyped] = useState('')
  const [clockIsRight, setClockIsRight] = useState(false)
  const plan = asked.data
  const doubted = plan ? clockDoubt(plan) : null
  const due = plan?.decisions.filter(({ decision }) => decision === 'delete') ?? []
  const possible = plan !== undefined && (due.length > 0 || (doubted !== null && clockIsRight))
  const ready = possible && typed === name
  const rotate = () =>
    void rotation
      .begin('retention.rotate', { site, confirm: typed, acceptClock: doubted !== null && clockIsRight })
      .then((done) => done && onClose())
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title={`Rotate the backups of ${name} now?`}
      lead={plan ? <Lead plan={plan} due={due.length} /> : 'The server is asked what its policy does not keep.'}
      onSubmit={() => ready && !rotation.busy && rotate()}
      actions={
        <>
          <Button onClick={onClose} autoFocus>
            {plan && !possible ? 'Close' : 'Cancel'}
          </Button>
          <Button look="danger" type="submit" disabled={!ready} busy={rotation.busy}>
            {due.length > 0
              ? `Delete ${due.length === 1 ? '1 backup' : `${formatCount(due.length)} backups`}`
              : 'Rotate'}
          </Button>
        </>
      }
    >
      {unsaved && <Notice title="By the saved rules; your unsaved changes do not count." />}
      {asked.failure && <ErrorState failure={asked.failure} />}
      {!plan && !asked.failure && <Loading what="what would be deleted" rows={5} />}
      {doubted !== null && (
        <Notice tone="warn" title={doubted}>
          <Checkbox label="The clock of the server is right" checked={clockIsRight} onChange={setClockIsRight} />
        </Notice>
      )}
      {due.length > 0 && (
        <ul className={css.due}>
          {due.slice(0, LISTED).map((one) => (
            <li key={one.path}>
              <HostileText text={showName(one.path)} /> <span className={css.size}>{formatBytes(one.size)}</span>
              <span className={css.under}>
                <HostileText text={retentionSentence(one)} />
              </span>
            </li>
          ))}
          {due.length > LISTED && <li className={css.under}>and {formatCount(due.length - LISTED)} more</li>}
        </ul>
      )}
      {possible && (
        <TextField
          label={`Type the name of the site to confirm: ${name}`}
          value={typed}
          onChange={setTyped}
          error={typed !== '' && !name.startsWith(typed) ? 'Name must match, including capitals.' : undefined}
        />
      )}
      {rotation.failure && <ErrorState failure={rotation.failure} />}
    </Dialog>
  )
}

function Lead({ plan, due }: { readonly plan: OutputOf<'retention.plan'>; readonly due: number }) {
  if (due === 0) return <>Nothing would be deleted: all {formatCount(plan.kept)} backups are kept.</>
  return (
    <>
      {due === 1 ? '1 backup' : `${formatCount(due)} backups`} ({formatBytes(plan.bytes)}) will be deleted for good, and{' '}
      {formatCount(plan.kept)} kept. The server decides again when it begins.
    </>
  )
}

/** Why the clock is not trusted; null if it is. All backups are kept for the same reason then. */
function clockDoubt({ decisions }: Pick<RotationReport, 'decisions'>): string | null {
  const found = decisions.find(({ reason }) => /^clock-/.test(reason))
  return found ? retentionSentence(found) : null
}
