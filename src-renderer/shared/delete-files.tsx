/** Asks before files that are not backups are deleted: which ones, where, and why. */
import type { SiteOverview } from '../../src-shared/contract/sites.ts'
import { showPath } from '../../src-shared/domain/backup-path.ts'
import type { DeletableFile } from '../../src-shared/domain/deletable.ts'
import { formatBytes } from '../../src-shared/domain/format.ts'
import { HostileText } from '../ui/hostile-text.tsx'
import { fileClassWords } from './backup-words.ts'
import { ConfirmDialog } from './confirm-dialog.tsx'
import css from './delete-files.module.css'
import { useStart } from './use-start.ts'

/** Mount it to ask, unmount it when it is answered. */
export function DeleteFiles(props: {
  readonly overview: Pick<SiteOverview, 'id' | 'name'>
  readonly files: readonly DeletableFile[]
  readonly onClose: () => void
}) {
  const { overview, files, onClose } = props
  const start = useStart()
  const what = files.length === 1 ? '1 file' : `${files.length} files`
  async function erase(reason: string): Promise<void> {
    const paths = files.map(({ path }) => path)
    if (await start.begin('backups.deleteFiles', { site: overview.id, paths, reason })) onClose()
  }
  return (
    <ConfirmDialog
      title={`Delete ${what} from ${overview.name}?`}
      lead={
        <>
          <p className={css.lead}>
            This cannot be undone. Backups are not affected: the server checks each file again, and keeps whatever is or
            may be a backup.
          </p>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
          <ul className={css.files} aria-label="Files to delete" tabIndex={0}>
            {files.map(({ path, size, class: word }) => (
              <li key={path}>
                <HostileText text={showPath(path)} />{' '}
                <span className={css.more}>{`${fileClassWords[word]}, ${formatBytes(size)}`}</span>
              </li>
            ))}
          </ul>
        </>
      }
      type={null}
      reason
      action={`Delete ${what}`}
      meanwhile="Checking the server…"
      busy={start.busy}
      failure={start.failure}
      onClose={onClose}
      onConfirm={(_, reason) => void erase(reason)}
    />
  )
}
