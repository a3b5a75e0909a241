/** What the kit says while the bytes of a backup travel beside its events: see "Bytes of a file" in docs/kit.md. Pure. */
import { z } from 'zod'
import { backupEntry } from './kit-backups.ts'

const count = z.number().int().nonnegative()
const path = z.string().max(16_384)
const sha256 = z.string().regex(/^[0-9a-f]{64}$/)

/** The most bytes that one `bytes` event may announce. */
export const PIECE_LIMIT = 64 * 1024 * 1024

/** A download: these bytes follow. An upload: the kit waits for the bytes from `offset` on. */
export const fileEvent = z.looseObject({
  kind: z.literal('file'),
  at: count,
  path,
  size: count,
  offset: count,
  modifiedAt: count.nullable(),
  /** What is known of the whole file: from its fingerprint or its last verification. */
  sha256: sha256.nullable(),
})

/** So many raw bytes follow this line. */
export const bytesEvent = z.looseObject({ kind: z.literal('bytes'), at: count, count: count.max(PIECE_LIMIT) })

export const transferEvent = z.discriminatedUnion('kind', [fileEvent, bytesEvent])
export type FileEvent = z.infer<typeof fileEvent>

export const downloadReport = z.looseObject({
  path,
  size: count,
  offset: count,
  modifiedAt: count,
  sha256: sha256.nullable(),
  /** Where `sha256` comes from. */
  basis: z.enum(['fingerprint', 'verification', 'none']),
})
export type DownloadReport = z.infer<typeof downloadReport>

export const uploadReport = z.looseObject({ backup: backupEntry, sha256 })
export type UploadReport = z.infer<typeof uploadReport>
