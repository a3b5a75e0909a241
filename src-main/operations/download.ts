/** Downloads a backup to a folder of this computer: resumable, verified, never over another file. */
import { join } from 'node:path'
import { decodePath } from '../../src-shared/domain/backup-path.ts'
import type { BackupEntry } from '../../src-shared/domain/kit-backups.ts'
import type { DownloadReport } from '../../src-shared/domain/transfer.ts'
import { type Failure, fail, ok, type Result } from '../../src-shared/result.ts'
import type { Site } from '../store/sites.ts'
import { type Attempt, GO_ON, overLinks, Patience, stalled, type TransferOptions } from './carry.ts'
import { audit, type Context } from './context.ts'
import { findBackup } from './find-backup.ts'
import type { KitLink } from './links.ts'
import {
  discardPart,
  diskFailure,
  finishPart,
  openPart,
  type Part,
  PartWriter,
  type Source,
  taken,
} from './part-file.ts'
import { ReadBack } from './read-back.ts'

export interface Downloaded {
  /** On this computer. */
  readonly file: string
  /** On the server, percent-encoded. */
  readonly path: string
  readonly size: number
  /** Of the file as it is on this computer's disk. */
  readonly sha256: string
  /** What it was compared with; `none`: only the size was. */
  readonly basis: DownloadReport['basis']
}

export interface DownloadOptions extends TransferOptions {
  readonly folder: string
  /** Replaces a file of that name. */
  readonly force?: boolean
}

/** The name on this computer: as the server has it, with escapes for what not every file system takes. */
export function localName(path: string): Result<string> {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const reserved = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(name)
  if (name.length <= 200) return ok(reserved ? `_${name}` : name)
  return fail({ code: 'usage', message: 'The name of this backup is too long for a file of this computer.' })
}

/** `backup` is a path or a name. */
export async function downloadBackup(
  context: Context,
  site: Site,
  backup: string,
  options: DownloadOptions,
): Promise<Result<Downloaded>> {
  let path = ''
  const got = await overLinks(context, site, options, async (kit, inspection): Promise<Attempt<Downloaded>> => {
    const found = findBackup(inspection, backup)
    if (!found.ok) return { answer: found, progress: false }
    path = found.value.path
    return await downloadOnce(site, kit, found.value, inspection.host.machineId, options)
  })
  audit(context, 'download', site, {
    outcome: got.ok ? 'succeeded' : 'failed',
    detail: {
      backup: path === '' ? backup : path,
      ...(got.ok ? { file: got.value.file, sha256: got.value.sha256 } : { code: got.error.code }),
    },
  })
  return got
}

async function downloadOnce(
  site: Site,
  kit: KitLink,
  entry: BackupEntry,
  machineId: string,
  options: DownloadOptions,
): Promise<Attempt<Downloaded>> {
  const ended = (failure: Failure, progress = false) => ({ answer: fail(failure), progress })
  const name = localName(entry.path)
  if (!name.ok) return { answer: name, progress: false }
  const target = join(options.folder, name.value)
  const { path, size, modifiedAt } = entry
  const source: Source = { machineId, path, size, modifiedAt }
  const inTheWay = options.force ? null : await taken(target)
  if (inTheWay) return ended(inTheWay)
  const opened = await openPart(target, source)
  if (!opened.ok) return { answer: opened, progress: false }
  await using part = opened.value
  await using back = new ReadBack(part.handle.fd)
  const received = await receive(site, kit, part, back, source, options)
  if (!received.answer.ok) {
    if (['changed', 'not-found'].includes(received.answer.error.code)) await discardPart(target)
    return { answer: received.answer, progress: received.progress }
  }
  const answer = await verify(part, back, target, source, received.answer.value, options)
  if (!answer.ok) return { answer, progress: true }
  const failed = await finishPart(target, source, options.force ?? false)
  return failed ? ended(failed, true) : { answer, progress: true }
}

/** Writes what the kit sends behind what is here already. */
async function receive(
  site: Site,
  kit: KitLink,
  part: Part,
  back: ReadBack,
  source: Source,
  { signal, onProgress, folder }: DownloadOptions,
): Promise<Attempt<DownloadReport>> {
  const { handle, from } = part
  using patience = new Patience(signal)
  let broken: Failure | null = null
  let at = from
  // A piece may end in zeros that are no part of the file, until the next one or the result shows that it does not.
  let proven = from
  const writer = new PartWriter(part, (upTo) => back.written(upTo))
  const stop = (failure: Failure) => {
    broken ??= failure
    patience.stop()
  }
  const report = await kit.client.download(
    Buffer.from(decodePath(source.path)),
    from,
    {
      onFile: (found) => {
        if (found.size !== source.size || found.modifiedAt !== source.modifiedAt || found.offset !== from) {
          stop(changedSince(source))
        }
      },
      onPiece: () => {
        proven = at
      },
      onBytes: (bytes) => {
        patience.moved()
        if (broken || patience.over) return undefined
        at += bytes.length
        onProgress?.({ phase: 'transferring', done: at, total: source.size })
        const busy = writer.write(bytes)
        if (writer.failed) patience.stop()
        return busy
      },
    },
    patience.signal,
  )
  await writer.end().catch((error: unknown) => {
    broken = diskFailure(error, folder)
  })
  const end = (failure: Failure): Attempt<DownloadReport> => ({ answer: fail(failure), progress: proven > from })
  if (report.ok && !broken) return at === source.size ? { answer: report, progress: true } : end(changedSince(source))
  await handle.truncate(Math.min(proven, (await handle.stat()).size))
  if (broken) return end(broken)
  if (signal?.aborted) return end(cancelled(proven, source.size))
  if (patience.over || report.ok) return end(stalled(site))
  return end(report.error)
}

function cancelled(done: number, total: number): Failure {
  const message = `The download was cancelled after ${done} of ${total} bytes.`
  return { code: 'cancelled', message, unchanged: 'What has arrived is kept.', next: GO_ON }
}

function changedSince({ path }: Source): Failure {
  return {
    code: 'changed',
    message: `${path} is not the file any more that was listed.`,
    unchanged: 'What had arrived was removed.',
    next: 'List the backups, then download it again.',
  }
}

/** Reads the file back from this computer's disk. */
async function verify(
  { handle }: Part,
  back: ReadBack,
  target: string,
  source: Source,
  report: DownloadReport,
  { signal, onProgress, folder }: DownloadOptions,
): Promise<Result<Downloaded>> {
  try {
    const { size } = await handle.stat()
    const checking = (done: number) => onProgress?.({ phase: 'checking', done, total: source.size })
    const [sha256] = await Promise.all([back.sha256(size, checking, signal), handle.sync()])
    const { path } = source
    if (size !== source.size || (report.sha256 !== null && report.sha256 !== sha256)) {
      await discardPart(target)
      return fail(notTheSame(report, sha256))
    }
    return ok({ file: target, path, size, sha256, basis: report.sha256 === null ? 'none' : report.basis })
  } catch (error) {
    if (signal?.aborted) return fail(cancelled(source.size, source.size))
    return fail(diskFailure(error, folder))
  }
}

function notTheSame({ sha256, basis }: DownloadReport, found: string): Failure {
  const then = basis === 'fingerprint' ? 'when the backup was made' : 'when it was last verified'
  return {
    code: 'fingerprint-mismatch',
    message: `What arrived is not what was recorded ${then}: its SHA-256 is ${found.slice(0, 12)}…, not ${(sha256 ?? '').slice(0, 12)}….`,
    unchanged: 'What had arrived was removed; the backup on the server is as it was.',
    next: 'Verify the backup on the server.',
  }
}
