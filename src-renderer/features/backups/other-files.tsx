/** Files among the backups that are not backups: named, so that they are not mistaken for one, and deletable here. */
import { Trash2 } from 'lucide-react'
import { useState } from 'react'
import type { SiteOverview } from '../../../src-shared/contract/sites.ts'
import { showPath } from '../../../src-shared/domain/backup-path.ts'
import { type DeletableFile, deletable } from '../../../src-shared/domain/deletable.ts'
import { formatBytes, formatCount } from '../../../src-shared/domain/format.ts'
import type { BackupEntry, OtherFile } from '../../../src-shared/domain/kit-backups.ts'
import { useRefusal } from '../../api/session.tsx'
import { fileClassWords } from '../../shared/backup-words.ts'
import { DeleteFiles } from '../../shared/delete-files.tsx'
import { Button } from '../../ui/button.tsx'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Time } from '../../ui/time.tsx'
import css from './backups.module.css'

export function OtherFiles(props: {
  readonly overview: SiteOverview
  readonly backups: readonly BackupEntry[]
  readonly files: readonly OtherFile[]
}) {
  const { overview, backups, files } = props
  const { zone, clockOffset: offset } = overview
  const refusal = useRefusal()
  const [chosen, setChosen] = useState<readonly DeletableFile[] | null>(null)
  const able = deletable({ backups, otherFiles: files })
  const stay = files.filter(({ class: word }) => word === 'unsupported')
  const rows = [...able, ...stay]
  if (rows.length === 0) return null
  return (
    <details className={css.others}>
      <summary>
        {rows.length === 1 ? '1 file is not a backup' : `${formatCount(rows.length)} files are not backups`}:{' '}
        {countWords(rows)}
      </summary>
      <div className={css.otherList}>
        <ul aria-label="Files that are not backups">
          {rows.map((row) => {
            const file = able.find(({ path }) => path === row.path)
            const name = showPath(row.path)
            return (
              <li key={row.path}>
                <span className={css.otherName}>
                  <HostileText text={name} />
                </span>
                <span className={css.age}>
                  {fileClassWords[row.class]}, {formatBytes(row.size)},{' '}
                  <Time compact at={row.modifiedAt} offset={offset} zone={zone} />
                </span>
                {file && (
                  <Button
                    size="small"
                    look="quiet"
                    label={`Delete ${name}…`}
                    refusal={refusal}
                    onClick={() => setChosen([file])}
                  >
                    Delete…
                  </Button>
                )}
              </li>
            )
          })}
        </ul>
        {stay.length > 0 && (
          <p className={css.age}>
            Encrypted files and files in other formats may contain a backup, so they can only be deleted on the server.
          </p>
        )}
        {able.length > 1 && (
          <Button size="small" icon={Trash2} refusal={refusal} onClick={() => setChosen(able)}>
            {`Delete ${formatCount(able.length)} files…`}
          </Button>
        )}
      </div>
      {chosen && <DeleteFiles overview={overview} files={chosen} onClose={() => setChosen(null)} />}
    </details>
  )
}

function countWords(rows: readonly { readonly class: keyof typeof fileClassWords }[]): string {
  return Object.entries(fileClassWords)
    .flatMap(([word, words]) => {
      const count = rows.filter((row) => row.class === word).length
      return count === 0 ? [] : [`${formatCount(count)} ${words}`]
    })
    .join(', ')
}
