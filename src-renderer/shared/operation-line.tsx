/** One operation in a line or two, wherever it is of interest. */
import type { OperationRow } from '../../src-shared/contract/operations.ts'
import { href } from '../app/routes.ts'
import { HostileText } from '../ui/hostile-text.tsx'
import { ProgressBar } from '../ui/progress.tsx'
import { elapsedWords, useNow } from '../ui/time.tsx'
import { Mark, SiteColour } from '../ui/verdict.tsx'
import { connectionLost } from './connection-lost.ts'
import css from './operation-line.module.css'
import { standingWords } from './operation-standing.ts'
import { lostMark, markOf } from './operation-words.ts'
import { useStanding } from './use-standing.ts'

/** A restore is watched on its own page, everything else on the operation's. */
export function operationHref(row: Pick<OperationRow, 'id' | 'command' | 'site'>): string {
  const restores = row.command === 'restore' || row.command === 'undo'
  return restores
    ? href({ page: 'restoring', site: row.site, operation: row.id })
    : href({ page: 'operation', operation: row.id })
}

export function OperationMark(props: {
  readonly row: Pick<OperationRow, 'state' | 'outcome' | 'link'>
  /** Where the window knows more than the row: it cannot reach the console itself. */
  readonly lost?: boolean
}) {
  const { row, lost = connectionLost(row) } = props
  const { of, word } = lost ? lostMark : markOf(row)
  return <Mark of={of}>{word}</Mark>
}

/** One that has not ended: what it does now and how far it is, as far as that is known. */
export function RunningOperation({ row, withSite }: { readonly row: OperationRow; readonly withSite: boolean }) {
  const standing = useStanding(row)
  const now = useNow()
  const { state, since } = standing
  const busy = state === 'running' || state === 'starting'
  return (
    <a className={css.running} href={operationHref(row)}>
      <span className={css.line}>
        {withSite && <SiteColour colour={row.siteColour} />}
        <span className={css.title}>{row.title}</span>
        <span className={css.time}>{since !== null && elapsedWords(now - since)}</span>
      </span>
      {withSite && (
        <span className={css.detail}>
          <HostileText text={row.siteName} />
        </span>
      )}
      {busy ? (
        <ProgressBar thin label={`${row.title} of ${row.siteName}`} value={standing.progress} />
      ) : (
        <OperationMark row={row} lost={state === 'lost'} />
      )}
      <span className={css.detail}>
        <HostileText text={standingWords(standing)} />
      </span>
    </a>
  )
}
