/** Shapes that several calls share. */
import { z } from 'zod'
import { backupEntry as kitBackupEntry, verdicts } from '../domain/kit-backups.ts'
import { outcomes } from '../domain/kit-fields.ts'
import { operationEntry } from '../domain/kit-site.ts'

export const count = z.number().int().nonnegative()
/** Milliseconds since 1970. By the server's clock if it comes from a server, otherwise by this computer's. */
export const time = z.number().int()
export const siteId = z.string().min(1).max(64)
export const siteRef = z.strictObject({ site: siteId })
/** A path as the kit sends it: percent-encoded bytes. `showPath` converts it to text that is safe to show. */
export const backupPath = z.string().min(1).max(16_384)
export const operationId = z.string().min(1).max(128)
/** Typed by the user: the site's name. */
export const confirmation = z.string().max(200)
export const reason = z.string().max(1000)
export const colour = z.enum(['teal', 'amber', 'violet', 'rose', 'sky', 'lime', 'orange', 'indigo'])
export const colours = colour.options
/** Like the kit's, without members that this console does not know. */
export const backupEntry = z.object(kitBackupEntry.shape)
/** An operation as the server lists it, without the token, which windows must not get. */
export const serverOperation = z.object(operationEntry.omit({ token: true }).shape)
export const verdict = z.enum(verdicts)
export const outcome = z.enum(outcomes)
export const startedOperation = z.object({ operation: operationId })

export const progress = z.object({
  step: z.string(),
  done: count,
  total: count,
  unit: z.enum(['bytes', 'files', 'packages', 'seconds']),
  /** When the kit sent it. */
  at: time,
})
export type Progress = z.infer<typeof progress>
