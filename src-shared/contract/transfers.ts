/** Backups on their way between a site and this computer. The console carries them; a window starts and watches them. */
import { z } from 'zod'
import { kitCommands } from '../domain/kit-commands.ts'
import { command, nothing, subscription } from './define.ts'
import { wireFailure } from './failure.ts'
import { backupPath, count, siteId, siteRef, time } from './words.ts'

const transferId = z.string().min(1).max(64)
const transferRef = z.strictObject({ transfer: transferId })
const started = z.object({ transfer: transferId })

export const transferPhases = ['connecting', 'receiving', 'reading', 'transferring', 'verifying'] as const

const transferRow = z.object({
  id: transferId,
  site: siteId,
  siteName: z.string(),
  siteColour: z.string(),
  direction: z.enum(['download', 'upload']),
  /** The file's name. */
  name: z.string(),
  /** Of the backup on the server, percent-encoded; null for an upload until it has ended. */
  path: backupPath.nullable(),
  /** `ready`: downloaded and verified, and waits for the browser to take it by `transfers.link`. */
  state: z.enum(['running', 'ready', 'ended']),
  /**
   * `receiving`: an upload comes from the browser. `reading`: it is read and hashed on this computer. `verifying`: the
   * whole file is read back, where it arrived.
   */
  phase: z.enum(transferPhases),
  done: count,
  total: count,
  /** Bytes a second, of the last seconds; null if not known yet. */
  speed: count.nullable(),
  /** The link was lost and is being made again; the transfer goes on where it stopped. */
  reconnecting: z.boolean(),
  outcome: z.enum(['succeeded', 'failed', 'cancelled']).nullable(),
  failure: wireFailure.nullable(),
  /** Whether `transfers.again` can go on; false if the file has to be chosen again. */
  repeatable: z.boolean(),
  /** Of the whole file, where it arrived; null until then. */
  sha256: z.string().nullable(),
  /** What the hash was compared with; `none`: only the size was. */
  basis: z.enum(['fingerprint', 'verification', 'none', 'server']).nullable(),
  /** Where a download lies on this computer; empty if a browser took it. */
  file: z.string(),
  startedAt: time,
})

const rows = z.object({ transfers: z.array(transferRow) })

const { role: downloads } = kitCommands.download
const { role: uploads } = kitCommands.upload

export const transfers = {
  /** Transfers of this console since it started, newest first, until they are dismissed. */
  watch: subscription({
    role: 'admin',
    input: nothing,
    snapshot: rows,
    change: rows,
    apply: (_state, change): z.output<typeof rows> => change,
  }),
  /**
   * Downloads a backup. In the desktop window the console asks for a folder; `transfer` is null if nobody chose one. In a
   * browser the console keeps the file until `transfers.link`.
   */
  download: command({
    role: downloads,
    input: z.strictObject({ site: siteId, path: backupPath }),
    output: z.object({ transfer: transferId.nullable() }),
    errors: ['no-such-site', 'busy', 'usage'],
  }),
  /** Browser: the address that gives the file of a `ready` download once, within a minute. */
  link: command({
    role: downloads,
    input: transferRef,
    output: z.object({ url: z.string() }),
    errors: ['not-found', 'unsupported'],
  }),
  /** Desktop window: the console asks for a file and uploads it; `transfer` is null if nobody chose one. */
  upload: command({
    role: uploads,
    input: siteRef,
    output: z.object({ transfer: transferId.nullable() }),
    errors: ['no-such-site', 'busy', 'unsupported'],
  }),
  /** Browser: the address to which the bytes of this file may be sent once (POST), beginning within a minute. */
  receive: command({
    role: uploads,
    input: z.strictObject({
      site: siteId,
      name: z.string().min(1).max(200),
      size: z.number().int().positive(),
      modifiedAt: time,
    }),
    output: started.extend({ url: z.string() }),
    errors: ['no-such-site', 'busy', 'usage', 'no-space', 'unsupported'],
  }),
  /** Stops a transfer; what has arrived is kept. */
  cancel: command({ role: 'admin', input: transferRef, output: z.object({}), errors: ['not-found'] }),
  /** Goes on with a transfer that did not succeed. */
  again: command({ role: 'admin', input: transferRef, output: started, errors: ['not-found', 'busy'] }),
  /** Takes an ended or ready transfer off the list; what the console kept of it for the browser is deleted. */
  dismiss: command({ role: 'admin', input: transferRef, output: z.object({}), errors: ['not-found'] }),
}

export type Transfer = z.infer<typeof transferRow>
