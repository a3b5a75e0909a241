/** How one file differs between what is live and a backup. Rules for all answers: `kit-protocol.ts`. Pure. */
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
