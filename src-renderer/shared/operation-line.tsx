/** One operation in a line or two, wherever it is of interest. */
import type { OperationRow } from '../../src-shared/contract/operations.ts'
import { href } from '../app/routes.ts'
import { HostileText } from '../ui/hostile-text.tsx'
import { ProgressBar, progressWords } from '../ui/progress.tsx'
import { elapsedWords, useNow } from '../ui/time.tsx'
import { Mark, SiteColour } from '../ui/verdict.tsx'
import css from './operation-line.module.css'
import { markOf } from './operation-words.ts'

/** A restore is watched on its own page, everything else on the operation's. */
export function operationHref(row: Pick<OperationRow, 'id' | 'command' | 'site'>): string {
  const restores = row.command === 'restore' || row.command === 'undo'
  return restores
    ? href({ page: 'restoring', site: row.site, operation: row.id })
    : href({ page: 'operation', operation: row.id })
}

export function OperationMark({ row }: { readonly row: Pick<OperationRow, 'state' | 'outcome'> }) {
  const { of, word } = markOf(row)
  return <Mark of={of}>{word}</Mark>
}

/** Running: what it does now and how far it is. */
export function RunningOperation({ row, withSite }: { readonly row: OperationRow; readonly withSite: boolean }) {
  const now = useNow()
  const busy = row.state === 'running' || row.state === 'starting'
  return (
    <a className={css.running} href={operationHref(row)}>
      <span className={css.line}>
        {withSite && <SiteColour colour={row.siteColour} />}
        <span className={css.title}>{row.title}</span>
        <span className={css.time}>{busy && elapsedWords(now - row.startedAt)}</span>
      </span>
      {withSite && (
        <span className={css.detail}>
          <HostileText text={row.siteName} />
        </span>
      )}
      {busy ? (
        <ProgressBar thin label={`${row.title} of ${row.siteName}`} value={row.progress} />
      ) : (
        <OperationMark row={row} />
      )}
      <span className={css.detail}>
        {row.step?.title ?? (row.state === 'queued' ? 'Waits for its turn' : '')}
        {row.progress && ` · ${progressWords(row.progress)}`}
      </span>
    </a>
  )
}
