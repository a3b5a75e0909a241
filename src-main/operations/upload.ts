/** Uploads a backup from this computer: resumable, verified on the server, never over another file there. */
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { basename } from 'node:path'
import type { FileEvent, UploadReport } from '../../src-shared/domain/transfer.ts'
import { type Failure, fail, ok, type Result } from '../../src-shared/result.ts'
import type { Site } from '../store/sites.ts'
import { type Attempt, GO_ON, overLinks, type TransferOptions } from './carry.ts'
import { audit, type Context } from './context.ts'
import type { KitLink } from './links.ts'
import { hashFile } from './part-file.ts'

const unchanged = 'Nothing was uploaded.'

interface LocalFile {
  readonly handle: FileHandle
  readonly size: number
  readonly modifiedAt: number
  readonly sha256: string
}

function unreadable(file: string, error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error)
  return { code: 'local-file', message: `${file} cannot be read: ${message}.`, unchanged, next: 'Check the path.' }
}

/** `file` is a path on this computer; the backup gets its name. */
export async function uploadBackup(
  context: Context,
  site: Site,
  file: string,
  options: TransferOptions = {},
): Promise<Result<UploadReport>> {
  let handle: FileHandle
  try {
    // Without waiting for a writer, should it be a named pipe.
    handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  } catch (error) {
    return fail(unreadable(file, error))
  }
  await using opened = handle
  const local = await look(opened, file, options)
  if (!local.ok) return local
  const sent = await overLinks(context, site, options, (kit) => uploadOnce(kit, basename(file), local.value, options))
  audit(context, 'upload', site, {
    outcome: sent.ok ? 'succeeded' : 'failed',
    detail: {
      file,
      sha256: local.value.sha256,
      ...(sent.ok ? { backup: sent.value.backup.path } : { code: sent.error.code }),
    },
  })
  return sent
}

async function look(handle: FileHandle, file: string, options: TransferOptions): Promise<Result<LocalFile>> {
  const { signal, onProgress } = options
  try {
    const found = await handle.stat()
    const { size, mtimeMs } = found
    if (!found.isFile() || size === 0) {
      const message = found.isFile() ? `${file} is empty.` : `${file} is not a regular file.`
      return fail({ code: 'usage', message, unchanged, next: 'Give the file of a backup.' })
    }
    const sha256 = await hashFile(handle, (done) => onProgress?.({ phase: 'checking', done, total: size }), signal)
    return ok({ handle, size, modifiedAt: Math.max(1, Math.floor(mtimeMs)), sha256 })
  } catch (error) {
    return fail(signal?.aborted ? cancelled() : unreadable(file, error))
  }
}

function cancelled(): Failure {
  return { code: 'cancelled', message: 'The upload was cancelled.', unchanged: 'No backup was added.', next: GO_ON }
}

async function uploadOnce(
  kit: KitLink,
  name: string,
  local: LocalFile,
  { signal, onProgress }: TransferOptions,
): Promise<Attempt<UploadReport>> {
  const { size, sha256, modifiedAt } = local
  const words = [name, '--size', String(size), '--sha256', sha256, '--modified', String(modifiedAt), '--resume']
  const stop = new AbortController()
  let sent = 0
  let broken: Failure | null = null
  const feed = async ({ offset }: FileEvent, write: (bytes: Buffer) => Promise<boolean>) => {
    let at = offset
    while (at < size) {
      // A new one each time: ssh2 keeps what it could not send yet.
      const buffer = Buffer.allocUnsafe(256 * 1024)
      const { bytesRead } = await local.handle.read(buffer, 0, Math.min(buffer.length, size - at), at)
      if (bytesRead === 0) throw new Error('it is shorter now')
      if (!(await write(buffer.subarray(0, bytesRead)))) return
      at += bytesRead
      sent += bytesRead
      onProgress?.({ phase: 'transferring', done: at, total: size })
    }
    onProgress?.({ phase: 'checking', done: 0, total: size })
  }
  const answer = await kit.client.upload(
    words,
    {
      onFile: (file, write) => {
        feed(file, write).catch((error: unknown) => {
          broken = unreadable(name, error)
          stop.abort()
        })
      },
    },
    signal ? AbortSignal.any([signal, stop.signal]) : stop.signal,
  )
  const progress = sent > 0
  if (answer.ok) return { answer, progress }
  if (broken) return { answer: fail(broken), progress }
  return { answer: signal?.aborted ? fail(cancelled()) : answer, progress }
}
