/**
 * A download in progress, on this computer: `NAME.part` beside the target, and `NAME.part.json`, which says of which backup
 * it is a part. A later download of the same backup goes on from there; one of another begins anew.
 */
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, link, lstat, open, readFile, rename, rm, statfs, utimes, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { type Failure, fail, ok, type Result } from '../../src-shared/result.ts'

/** Which backup: the same in all of this is the same file. */
const source = z.object({
  machineId: z.string(),
  path: z.string(),
  size: z.number().int().nonnegative(),
  modifiedAt: z.number().int(),
})
export type Source = z.infer<typeof source>

/** Our open file and where the download goes on. */
export interface Part extends AsyncDisposable {
  readonly handle: FileHandle
  readonly from: number
}

const paths = (target: string) => ({ part: `${target}.part`, note: `${target}.part.json` })

export function diskFailure(error: unknown, where: string): Failure {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    const next = 'Make room, or choose another folder with --to; the download goes on where it stopped.'
    return { code: 'no-space', message: `There is no more space in ${where}.`, next }
  }
  const message = error instanceof Error ? error.message : String(error)
  return {
    code: 'local-file',
    message: `${where} cannot be used: ${message}.`,
    next: 'Check the path and its permissions.',
  }
}

/** Whether something has the name already. */
export async function taken(target: string): Promise<Failure | null> {
  const found = await lstat(target).catch(() => null)
  if (!found) return null
  const next = 'Choose another folder with --to, or replace the file with --force.'
  return { code: 'name-taken', message: `${target} exists already.`, unchanged: 'Nothing was downloaded.', next }
}

/** Opens the part, at its end if it is one of this backup, else empty. Fails if there is no room for the rest. */
export async function openPart(target: string, wanted: Source): Promise<Result<Part>> {
  const { part, note } = paths(target)
  const folder = dirname(target)
  try {
    let from = await partOf(target, wanted)
    // Never through a link that somebody put there.
    const flags = constants.O_RDWR | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0)
    const handle = await open(part, flags, 0o600)
    try {
      const { size } = await handle.stat()
      if (size < from) from = 0
      await handle.truncate(from)
      await writeFile(note, JSON.stringify(wanted), { mode: 0o600 })
      const { bavail, bsize } = await statfs(folder)
      if (bavail * bsize < wanted.size - from) {
        await handle.close()
        return fail(diskFailure(Object.assign(new Error('full'), { code: 'ENOSPC' }), folder))
      }
      return ok({ handle, from, [Symbol.asyncDispose]: () => handle.close() })
    } catch (error) {
      await handle.close()
      throw error
    }
  } catch (error) {
    return fail(diskFailure(error, folder))
  }
}

/** Bytes in memory until whoever sends them must wait. */
const QUEUE = 4 * 1024 * 1024

/** Writes to a part in order, several pieces at a time. */
export class PartWriter {
  readonly #handle: FileHandle
  readonly #onWritten: (length: number) => void
  #position: number
  #queue: Buffer[] = []
  #queued = 0
  #work: Promise<void> | null = null
  #error: unknown

  /** @param onWritten called with the length of the file that is written so far. */
  constructor({ handle, from }: Part, onWritten: (length: number) => void) {
    this.#handle = handle
    this.#onWritten = onWritten
    this.#position = from
  }

  /** Returns a promise if the disk is behind: for when it has caught up. Errors are reported by `end`. */
  write(bytes: Buffer): Promise<void> | undefined {
    if (this.#error !== undefined) return undefined
    this.#queue.push(bytes)
    this.#queued += bytes.length
    this.#work ??= this.#drain()
    return this.#queued < QUEUE ? undefined : this.#work
  }

  get failed(): boolean {
    return this.#error !== undefined
  }

  /** Resolves when everything is written; rejects if something could not be. */
  async end(): Promise<void> {
    await this.#work
    if (this.#error !== undefined) throw this.#error
  }

  async #drain(): Promise<void> {
    try {
      while (this.#queue.length > 0) {
        const pieces = this.#queue
        const length = this.#queued
        this.#queue = []
        this.#queued = 0
        await this.#writeAll(pieces, length)
        this.#onWritten(this.#position)
      }
    } catch (error) {
      this.#error = error
      this.#queue = []
    } finally {
      this.#work = null
    }
  }

  async #writeAll(pieces: readonly Buffer[], length: number): Promise<void> {
    const { bytesWritten } = await this.#handle.writev(pieces, this.#position)
    this.#position += bytesWritten
    if (bytesWritten === length) return
    // A short write: what is left says why.
    const rest = Buffer.concat(pieces).subarray(bytesWritten)
    const more = await this.#handle.write(rest, 0, rest.length, this.#position)
    this.#position += more.bytesWritten
    if (more.bytesWritten < rest.length) throw Object.assign(new Error('short write'), { code: 'ENOSPC' })
  }
}

/** How many bytes of this backup are here. */
async function partOf(target: string, wanted: Source): Promise<number> {
  const { part, note } = paths(target)
  try {
    const known = source.parse(JSON.parse(await readFile(note, 'utf8')))
    const same =
      known.machineId === wanted.machineId &&
      known.path === wanted.path &&
      known.size === wanted.size &&
      known.modifiedAt === wanted.modifiedAt
    const found = await lstat(part)
    return same && found.isFile() && found.size <= wanted.size ? found.size : 0
  } catch {
    return 0
  }
}

/** Hashes a file from its beginning, as it is on disk. */
export async function hashFile(
  handle: FileHandle,
  onProgress: (done: number) => void,
  signal?: AbortSignal,
): Promise<string> {
  const hash = createHash('sha256')
  const buffer = Buffer.allocUnsafe(1024 * 1024)
  for (let at = 0; ; ) {
    signal?.throwIfAborted()
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, at)
    if (bytesRead === 0) return hash.digest('hex')
    hash.update(buffer.subarray(0, bytesRead))
    at += bytesRead
    onProgress(at)
  }
}

/** Gives the complete part its name. Without `force` it replaces nothing, even what appeared meanwhile. */
export async function finishPart(target: string, { modifiedAt }: Source, force: boolean): Promise<Failure | null> {
  const { part, note } = paths(target)
  try {
    await utimes(part, modifiedAt / 1000, modifiedAt / 1000)
    if (force) await rename(part, target)
    else {
      const failed = await linkOrRename(part, target)
      if (failed) return failed
    }
    await rm(note, { force: true })
    await syncFolder(dirname(target))
    return null
  } catch (error) {
    return diskFailure(error, target)
  }
}

async function linkOrRename(part: string, target: string): Promise<Failure | null> {
  try {
    await link(part, target)
    await rm(part)
    return null
  } catch {
    // The name was taken meanwhile, or the file system has no hard links.
    const failure = await taken(target)
    if (!failure) await rename(part, target)
    return failure
  }
}

/** Windows cannot sync a folder. */
async function syncFolder(folder: string): Promise<void> {
  try {
    await using handle = await open(folder)
    await handle.sync()
  } catch {
    // The file itself is on disk.
  }
}

export async function discardPart(target: string): Promise<void> {
  const { part, note } = paths(target)
  await rm(part, { force: true })
  await rm(note, { force: true })
}
