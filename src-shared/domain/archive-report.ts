/** Data of an `application`, `config`, `systemd` or `system` result of the kit. */
import { z } from 'zod'
import { archiveFingerprint } from './archive-fingerprint.ts'
import { backupEntry } from './kit-backups.ts'

export const archiveReport = z.looseObject({
  backup: backupEntry,
  fingerprint: archiveFingerprint,
  /** One sentence each: what is not in the backup, or may not be whole. */
  warnings: z.array(z.string().max(16_384)).max(1000),
  ms: z.number().int().nonnegative(),
  compressor: z.string().max(256),
})
