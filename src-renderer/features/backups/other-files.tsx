/** What lies among the backups and is none: named, so that nobody takes it for one, or looks for it in vain. */
import { showPath } from '../../../src-shared/domain/backup-path.ts'
import { formatBytes, formatCount } from '../../../src-shared/domain/format.ts'
import type { OtherFile } from '../../../src-shared/domain/kit-protocol.ts'
import { otherFileWords } from '../../shared/backup-words.ts'
import { HostileText } from '../../ui/hostile-text.tsx'
import css from './backups.module.css'

export function OtherFiles({ files }: { readonly files: readonly OtherFile[] }) {
  if (files.length === 0) return null
  const counts = Object.entries(otherFileWords).flatMap(([word, words]) => {
    const count = files.filter((file) => file.class === word).length
    return count === 0 ? [] : [`${formatCount(count)} ${words}`]
  })
  return (
    <details className={css.others}>
      <summary>
        {files.length === 1 ? '1 other file' : `${formatCount(files.length)} other files`} among the backups:{' '}
        {counts.join(', ')}
      </summary>
      <ul>
        {files.map(({ path, class: word, size }) => (
          <li key={path}>
            <HostileText text={showPath(path)} />{' '}
            <span className={css.age}>{`${otherFileWords[word]}, ${formatBytes(size)}`}</span>
          </li>
        ))}
      </ul>
    </details>
  )
}
