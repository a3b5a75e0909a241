/** How one file differs between what is live and a backup, and that in a sentence. Rules for all answers: `kit-protocol.ts`. Pure. */
import { z } from 'zod'

const count = z.number().int().nonnegative()
const side = z.looseObject({ kind: z.enum(['file', 'none', 'link', 'folder', 'other', 'unreadable']), size: count })

/** Data of `differences PART FILE PATH`. `none`: at least one side is no plain file, or cannot be read. */
export const fileDifferences = z.looseObject({
  part: z.enum(['application', 'config']),
  /** Below the folder; encoded. */
  path: z.string().max(16_384),
  state: z.enum(['same', 'text', 'binary', 'large', 'none']),
  live: side,
  backup: side,
  /** Secrets are hidden, and how many values were. */
  masked: z.boolean(),
  hidden: count,
  /** Only the beginning of the text is there. */
  cut: z.boolean(),
  /** A unified difference from the live file to the one of the backup. */
  text: z.string().max(200_000),
})

export type FileDifferences = z.infer<typeof fileDifferences>
const kinds = {
  file: 'a file',
  none: 'not there',
  link: 'a symbolic link',
  folder: 'a folder',
  other: 'neither a file, a folder nor a link',
  unreadable: 'not readable for the owner of the data',
} as const

export function differencesWords({ state, live, backup, cut }: FileDifferences): string {
  switch (state) {
    case 'same':
      return 'The file is the same in both.'
    case 'binary':
      return 'The file differs. It is not text, so its differences are not shown.'
    case 'large':
      return 'The file has more than 1 MiB; its differences are not shown.'
    case 'none':
      return `There is no plain file to compare: live ${kinds[live.kind]}, in the backup ${kinds[backup.kind]}.`
    case 'text':
      if (live.kind === 'none') return 'Only the backup has the file.'
      if (backup.kind === 'none') return 'Only the live folder has the file.'
      return cut ? 'The file differs. Only the beginning is shown.' : 'The file differs.'
  }
}

/** What was hidden; empty if nothing. */
export function hiddenWords({ hidden }: FileDifferences): string {
  if (hidden === 0) return ''
  return `${hidden} ${hidden === 1 ? 'value is' : 'values are'} hidden: you only see which are the same in both.`
}
