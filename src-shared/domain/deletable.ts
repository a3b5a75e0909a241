/** Which files among the backups are no backups, and may be deleted. The kit has the same rule, and looks again. Pure. */
import type { BackupEntry, OtherFile } from './kit-backups.ts'

export interface DeletableFile {
  readonly path: string
  readonly size: number
  readonly modifiedAt: number
  /** `empty`: it has the name of a backup, and no content. */
  readonly class: 'unfinished' | 'unknown' | 'empty'
}

/** Unfinished and unknown files, and empty ones with the name of a backup. What may be encrypted or packed otherwise stays. */
export function deletable(found: {
  readonly backups: readonly BackupEntry[]
  readonly otherFiles: readonly OtherFile[]
}): DeletableFile[] {
  const others = found.otherFiles.flatMap(({ path, size, modifiedAt, class: word }) =>
    word === 'unsupported' ? [] : [{ path, size, modifiedAt, class: word }],
  )
  const empty = found.backups
    .filter(({ size, hold, origin }) => size === 0 && !hold && origin !== 'safety')
    .map(({ path, size, modifiedAt }) => ({ path, size, modifiedAt, class: 'empty' as const }))
  return [...empty, ...others]
}
