/** What the kit records of a backup that is an archive: application, config, systemd, system. */
import { z } from 'zod'
import { count, text, word } from './kit-fields.ts'

export const archiveFingerprint = z.looseObject({
  /** Percent-encoded. */
  path: text,
  kind: z.enum(['application', 'config', 'systemd', 'system']),
  /** Of the file as stored (compressed). */
  sha256: word,
  size: count,
  /** Files, folders and links in it; the kit keeps a list of them, with a hash for each file. */
  members: count,
  /** Of all files in it, together. */
  bytes: count,
  /** Of that list. */
  membersSha256: word,
  /** The application's commit; null if it is not known. */
  commit: word.nullable(),
  takenAt: count,
  zone: word,
})
