/** Shapes that several calls share. */
import { z } from 'zod'
import { backupEntry as kitBackupEntry, operationEntry, outcomes, verdicts } from '../domain/kit-protocol.ts'

export const count = z.number().int().nonnegative()
/** Milliseconds since 1970. By the server's clock where a server said it, else by this computer's. */
export const time = z.number().int()
export const siteId = z.string().min(1).max(64)
export const siteRef = z.strictObject({ site: siteId })
/** As the kit tells paths: percent-encoded bytes. `showPath` makes text of it, safe to show. */
export const backupPath = z.string().min(1).max(16_384)
export const operationId = z.string().min(1).max(128)
/** Typed by a person: the site's name, letter for letter. */
export const confirmation = z.string().max(200)
export const reason = z.string().max(1000)
export const colour = z.enum(['teal', 'amber', 'violet', 'rose', 'sky', 'lime', 'orange', 'indigo'])
export const colours = colour.options
/** Same as the kit's, without members that this console does not know. */
export const backupEntry = z.object(kitBackupEntry.shape)
/** An operation as the server lists it; the token by which a console finds its own again is no window's business. */
export const serverOperation = z.object(operationEntry.omit({ token: true }).shape)
export const verdict = z.enum(verdicts)
export const outcome = z.enum(outcomes)
export const startedOperation = z.object({ operation: operationId })

export const progress = z.object({
  step: z.string(),
  done: count,
  total: count,
  unit: z.enum(['bytes', 'files', 'seconds']),
  /** When it was said. */
  at: time,
})
export type Progress = z.infer<typeof progress>
