/** `download`, `upload`. */
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { showPath } from '../../src-shared/domain/backup-path.ts'
import { formatBytes } from '../../src-shared/domain/format.ts'
import type { Failure, Result } from '../../src-shared/result.ts'
import type { TransferOptions, TransferProgress } from '../operations/carry.ts'
import { type Downloaded, downloadBackup } from '../operations/download.ts'
import { uploadBackup } from '../operations/upload.ts'
import type { Site } from '../store/sites.ts'
import type { Output } from './output.ts'
import type { Session } from './session.ts'
import { onSite } from './site-commands.ts'
import { clean } from './table.ts'

const INTERRUPTED = 130
/** Milliseconds between two reports of progress. */
const EVERY = 200

/** Shows progress, as often as people and programs need it. */
function reporter(out: Output, titles: Readonly<Record<TransferProgress['phase'], string>>) {
  let at = 0
  let phase = ''
  return (progress: TransferProgress) => {
    const { done, total } = progress
    const now = Date.now()
    if (now - at < EVERY && progress.phase === phase && done < total) return
    at = now
    phase = progress.phase
    out.event({ kind: 'progress', ...progress })
    const percent = total > 0 ? Math.floor((100 * done) / total) : 0
    out.live(`  …  ${titles[progress.phase]} ${percent} %  ${formatBytes(done)} of ${formatBytes(total)}`)
  }
}

/** Runs a transfer that Ctrl-C stops; a second one exits at once. */
async function transfer<T>(
  session: Session,
  titles: Readonly<Record<TransferProgress['phase'], string>>,
  work: (options: TransferOptions) => Promise<Result<T>>,
  report: (done: T) => number,
): Promise<number> {
  const stop = new AbortController()
  const interrupted = () => {
    process.once('SIGINT', () => process.exit(INTERRUPTED))
    stop.abort()
  }
  process.once('SIGINT', interrupted)
  const lost = (failure: Failure) => {
    session.out.event({ kind: 'link', code: failure.code, message: failure.message })
    session.out.note(`link: ${clean(failure.message)} Reconnecting.`)
  }
  const onProgress = reporter(session.out, titles)
  const done = await work({ signal: stop.signal, onProgress, onLinkLost: lost })
  process.off('SIGINT', interrupted)
  if (done.ok) return report(done.value)
  if (!stop.signal.aborted) return session.refuse(done.error)
  session.out.result({ outcome: 'cancelled', ...done.error })
  return INTERRUPTED
}

function basisWords({ basis }: Downloaded): string {
  if (basis === 'fingerprint') return 'equal to the fingerprint of the backup'
  if (basis === 'verification') return 'equal to what its last verification read'
  return 'no fingerprint: size only'
}

interface DownloadArguments {
  readonly to: string
  readonly force?: boolean
}

function download(session: Session, site: Site, backup: string, given: DownloadArguments): Promise<number> {
  const { out, context } = session
  const titles = { transferring: 'Download', checking: 'Read back' }
  return transfer(
    session,
    titles,
    (options) =>
      downloadBackup(context, site, backup, { ...options, folder: resolve(given.to), force: given.force ?? false }),
    (done) => {
      out.text(
        `file    ${clean(done.file)}`,
        `sha256  ${done.sha256} (${basisWords(done)})`,
        `size    ${formatBytes(done.size)}`,
        '',
      )
      return session.end({ outcome: 'succeeded', code: 'ok', message: 'Downloaded.', data: done })
    },
  )
}

function upload(session: Session, site: Site, file: string): Promise<number> {
  const { out, context } = session
  const titles = { transferring: 'Upload', checking: 'Check' }
  return transfer(
    session,
    titles,
    (options) => uploadBackup(context, site, resolve(file), options),
    (done) => {
      out.text(
        `backup  ${showPath(done.backup.path)}`,
        `sha256  ${done.sha256} (read back on the server)`,
        `size    ${formatBytes(done.backup.size)}`,
        '',
      )
      return session.end({ outcome: 'succeeded', code: 'ok', message: 'Uploaded.', data: done })
    },
  )
}

export function addTransferCommands(program: Command): void {
  program
    .command('download <name> <backup>')
    .description('copy a backup to this computer: verified, and resumed if it was interrupted')
    .option('--to <folder>', 'folder of this computer', '.')
    .option('--force', 'replace a file of that name')
    .action((name: string, backup: string, given: DownloadArguments, command: Command) =>
      onSite(command, name, (session, site) => download(session, site, backup, given)),
    )
  program
    .command('upload <name> <file>')
    .description('add a backup from this computer: verified, resumed if it was interrupted, never over another')
    .action((name: string, file: string, _: unknown, command: Command) =>
      onSite(command, name, (session, site) => upload(session, site, file)),
    )
}
