/** `inspect`, `backups`, `backup`, `verify`, `hold`, `release`, `delete`. */
import type { Command } from 'commander'
import { z } from 'zod'
import { showPath } from '../../src-shared/domain/backup-path.ts'
import { formatBytes, formatDuration } from '../../src-shared/domain/format.ts'
import { archiveReport, backupKinds, backupReport, verification } from '../../src-shared/domain/kit-backups.ts'
import { confirmationProblem } from '../operations/confirm.ts'
import { deleteFiles } from '../operations/delete-files.ts'
import { inspectSite } from '../operations/inspect.ts'
import { makeBackup } from '../operations/make-backup.ts'
import { markBackup } from '../operations/mark-backup.ts'
import { type VerifyChoice, verifyBackups } from '../operations/verify.ts'
import type { JournalEntry } from '../store/operations.ts'
import type { Site } from '../store/sites.ts'
import { backupTable, inspectionFacts, otherFileLines, problemLines } from './inspection-text.ts'
import type { Output } from './output.ts'
import type { Session } from './session.ts'
import { onSite } from './site-commands.ts'
import { clean, table } from './table.ts'
import { usage } from './target-options.ts'
import { watchOperation } from './watch.ts'

const verifyData = z.looseObject({ backups: z.array(verification) })

async function inspect(session: Session, site: Site): Promise<number> {
  const inspected = await inspectSite(session.context, site)
  if (!inspected.ok) return session.refuse(inspected.error)
  session.out.text(...inspectionFacts(inspected.value), '', ...problemLines(inspected.value))
  return session.end({ outcome: 'succeeded', code: 'ok', message: '', data: inspected.value })
}

async function backups(session: Session, site: Site): Promise<number> {
  const inspected = await inspectSite(session.context, site)
  if (!inspected.ok) return session.refuse(inspected.error)
  const found = inspected.value.backups
  if (found.length > 0) session.out.text(...backupTable(inspected.value), '')
  session.out.text(...otherFileLines(inspected.value))
  const message = found.length === 1 ? '1 backup.' : `${found.length} backups.`
  return session.end({
    outcome: 'succeeded',
    code: 'ok',
    message,
    data: { backups: found, otherFiles: inspected.value.otherFiles, time: inspected.value.time },
  })
}

function sayArchive(out: Output, entry: JournalEntry): void {
  const report = archiveReport.safeParse(entry.data)
  if (!report.success) return
  const { backup, fingerprint, warnings, ms, compressor } = report.data
  out.text(
    '',
    `backup  ${showPath(backup.path)}`,
    `sha256  ${clean(fingerprint.sha256)}`,
    `size    ${formatBytes(fingerprint.bytes)} in ${formatBytes(backup.size)} (${clean(compressor)}), ${fingerprint.members} files, folders and links`,
    `time    ${formatDuration(ms)}`,
    ...warnings.map((warning) => `warning ${clean(warning)}`),
    '',
  )
}

function sayBackup(out: Output, entry: JournalEntry): void {
  const report = backupReport.safeParse(entry.data)
  if (!report.success) {
    sayArchive(out, entry)
    return
  }
  const { backup, fingerprint, writersBlockedMs, ms, compressor } = report.data
  const blocked =
    writersBlockedMs === 0 ? 'no writer waited' : `a writer waited at most ${formatDuration(writersBlockedMs)}`
  out.text(
    '',
    `backup  ${showPath(backup.path)}`,
    `sha256  ${clean(fingerprint.sha256)}`,
    `size    ${formatBytes(fingerprint.databaseSize)} in ${formatBytes(backup.size)} (${clean(compressor)}), ${fingerprint.tables.length} tables`,
    `time    ${formatDuration(ms)}, ${blocked}`,
    '',
  )
}

function sayVerified(out: Output, entry: JournalEntry): void {
  const data = verifyData.safeParse(entry.data)
  if (!data.success || data.data.backups.length === 0) return
  const rows = data.data.backups.map((one) => [
    showPath(one.path),
    one.verdict,
    one.basis,
    formatDuration(one.ms),
    one.reason,
  ])
  const titles = ['BACKUP', 'VERDICT', 'BASIS', 'TIME', 'REASON']
  out.text(
    '',
    ...table(
      titles.map((title) => ({ title, right: title === 'TIME' })),
      rows,
    ),
    '',
  )
}

async function backup(session: Session, site: Site, what: string): Promise<number> {
  const kind = backupKinds.find((one) => one === what)
  if (!kind) return session.refuse(usage(`Cannot back up ${what}; what can be backed up: ${backupKinds.join(', ')}.`))
  const started = await makeBackup(session.context, session.runner, site, kind)
  if (!started.ok) return session.refuse(started.error)
  return watchOperation(session, site, started.value, (entry) => sayBackup(session.out, entry))
}

interface VerifyOptions {
  readonly last?: string
  readonly all?: boolean
}

function choiceOf(named: readonly string[], { last, all }: VerifyOptions): VerifyChoice | null {
  const given = [named.length > 0, last !== undefined, all === true].filter(Boolean).length
  if (given !== 1) return null
  if (all) return { which: 'all' }
  if (last === undefined) return { which: 'named', backups: named }
  return /^[1-9]\d{0,5}$/.test(last) ? { which: 'last', count: Number(last) } : null
}

async function verify(session: Session, site: Site, named: readonly string[], options: VerifyOptions): Promise<number> {
  const choice = choiceOf(named, options)
  if (!choice) return session.refuse(usage('Name the backups to verify, or give --last N or --all.'))
  const started = await verifyBackups(session.context, session.runner, site, choice)
  if (!started.ok) return session.refuse(started.error)
  return watchOperation(session, site, started.value, (entry) => sayVerified(session.out, entry))
}

async function mark(session: Session, site: Site, which: 'hold' | 'release', words: string, reason: string) {
  const marked = await markBackup(session.context, site, which, words, reason)
  if (!marked.ok) return session.refuse(marked.error)
  const path = showPath(marked.value)
  const message = which === 'hold' ? `${path} is held: rotation will not delete it.` : `${path} is released.`
  return session.end({ outcome: 'succeeded', code: 'ok', message, data: { path: marked.value } })
}

interface DeleteOptions {
  readonly confirm: string
  readonly reason: string
}

async function erase(session: Session, site: Site, files: readonly string[], given: DeleteOptions): Promise<number> {
  const refused = confirmationProblem(site, given)
  if (refused) return session.refuse(refused)
  const started = await deleteFiles(session.context, session.runner, site, files, given.reason)
  if (!started.ok) return session.refuse(started.error)
  return watchOperation(session, site, started.value)
}

export function addBackupCommands(program: Command): void {
  program
    .command('inspect <name>')
    .description('show everything about a site; changes nothing')
    .action((name: string, _: unknown, command: Command) => onSite(command, name, inspect))
  program
    .command('backups <name>')
    .description('list the backups of a site, newest first')
    .action((name: string, _: unknown, command: Command) => onSite(command, name, backups))
  program
    .command('backup <name> <what>')
    .description('make a backup. WHAT is: database, application, config, systemd, system')
    .action((name: string, what: string, _: unknown, command: Command) =>
      onSite(command, name, (session, site) => backup(session, site, what)),
    )
  program
    .command('verify <name> [backups...]')
    .description('read backups from the first byte to the last and give each a verdict')
    .option('--last <n>', 'verify the newest N')
    .option('--all', 'verify all')
    .action((name: string, named: string[], options: VerifyOptions, command: Command) =>
      onSite(command, name, (session, site) => verify(session, site, named, options)),
    )
  program
    .command('delete <name> <files...>')
    .description('delete files that are not backups: unfinished, empty or unknown ones')
    .requiredOption('--confirm <name>', 'repeat the name of the site exactly')
    .requiredOption('--reason <text>', 'reason; recorded with the operation, here and on the server')
    .action((name: string, files: string[], given: DeleteOptions, command: Command) =>
      onSite(command, name, (session, site) => erase(session, site, files, given)),
    )
  const marks = { hold: 'hold a backup: rotation never deletes it', release: 'release a held backup' } as const
  for (const which of ['hold', 'release'] as const) {
    program
      .command(`${which} <name> <backup>`)
      .description(marks[which])
      .option('--reason <text>', 'reason', '')
      .action((name: string, words: string, options: { reason: string }, command: Command) =>
        onSite(command, name, (session, site) => mark(session, site, which, words, options.reason)),
      )
  }
}
