/** `plan`, `restore`, `undo`. */
import type { Command } from 'commander'
import { encodePath, showPath } from '../../src-shared/domain/backup-path.ts'
import { differencesWords } from '../../src-shared/domain/file-differences.ts'
import { formatDuration } from '../../src-shared/domain/format.ts'
import { type RestorePlan, type RestoreReport, restoreReport } from '../../src-shared/domain/kit-restore.ts'
import { partTitle } from '../../src-shared/domain/part-words.ts'
import { standing } from '../../src-shared/domain/plan-checks.ts'
import { restorableParts } from '../../src-shared/domain/restored-parts.ts'
import type { Failure } from '../../src-shared/result.ts'
import { fileDifferences } from '../operations/file-differences.ts'
import { installPackages } from '../operations/install-packages.ts'
import { planRestore } from '../operations/plan-restore.ts'
import { restorePart } from '../operations/restore-part.ts'
import { undoRestore } from '../operations/undo.ts'
import type { JournalEntry } from '../store/operations.ts'
import type { Site } from '../store/sites.ts'
import { differencesLines } from './differences-text.ts'
import type { Output } from './output.ts'
import { atLines, lossWords, planLines } from './plan-text.ts'
import { type ChoiceOptions, choosing, type MomentOption, wantedOf } from './restore-choices.ts'
import type { Session } from './session.ts'
import { onSite } from './site-commands.ts'
import { clean } from './table.ts'
import { usage } from './target-options.ts'
import { watchOperation } from './watch.ts'

interface DownOption {
  readonly siteIsDown?: boolean
}

interface ConfirmOptions extends DownOption, ChoiceOptions {
  readonly confirm: string
  readonly reason: string
  readonly acceptSchema?: boolean
  readonly acceptFiles?: boolean
  readonly newServer?: boolean
}

/** A backup of another part than the one that was named. */
function otherPart({ part, backup }: RestorePlan, what: string): Failure | null {
  return part === what ? null : usage(`${showPath(backup.path)} is a backup of: ${part}; not of: ${what}.`)
}

function possibleWords({ possible }: RestorePlan): string {
  return possible ? 'The restore is possible.' : 'The restore is possible because you confirmed that the site is down.'
}

async function plan(
  session: Session,
  site: Site,
  what: string,
  words: string | undefined,
  given: DownOption & MomentOption & ChoiceOptions,
): Promise<number> {
  const wanted = wantedOf(what, words, given)
  if (!wanted.ok) return session.refuse(wanted.error)
  const planned = await planRestore(session.context, site, wanted.value)
  if (!planned.ok) return session.refuse(planned.error)
  const { plan: found, inspection } = planned.value
  const other = otherPart(found, what)
  if (other) return session.refuse(other)
  session.out.text(...planLines(found, inspection.time.zone))
  const data = found
  if (standing(found, given.siteIsDown ?? false).length === 0)
    return session.end({ outcome: 'succeeded', code: 'ok', message: possibleWords(found), data })
  const message = 'The restore is not possible: a check failed.'
  return session.end({ outcome: 'failed', code: 'checks-failed', message, unchanged: 'Nothing was changed.', data })
}

/** Where everything that was replaced is kept, of several parts with its part. */
function keptLines({ parts, safetyCopy }: RestoreReport): readonly string[] {
  const kept = parts.flatMap(({ part, safetyCopy: path }) => (path === null ? [] : [{ part, path }]))
  if (kept.length < 2) return safetyCopy === null ? [] : [`kept    ${showPath(safetyCopy)}`]
  const width = Math.max(...kept.map(({ part }) => partTitle(part).length))
  return kept.map(({ part, path }) => `kept    ${partTitle(part).padEnd(width)}  ${showPath(path)}`)
}

function sayRestored(out: Output, site: Site, entry: JournalEntry): void {
  const report = restoreReport.safeParse(entry.data)
  if (!report.success) return
  const { downMs, safetyCopy, health } = report.data
  out.text('')
  if (downMs !== null) out.text(`down    ${formatDuration(downMs)}`)
  if (health) out.text(`health  ${health.healthy ? 'healthy' : 'not healthy'} (${clean(health.probe ?? 'no probe')})`)
  for (const line of keptLines(report.data)) out.text(line)
  if (entry.outcome === 'succeeded' && safetyCopy !== null && entry.remoteOperation !== null) {
    const name = JSON.stringify(site.name)
    out.text(`undo    npm run cli -- undo ${name} ${entry.remoteOperation} --confirm ${name} --reason TEXT`)
  }
  out.text('')
}

async function restore(
  session: Session,
  site: Site,
  what: string,
  words: string | undefined,
  given: ConfirmOptions & MomentOption,
): Promise<number> {
  const wanted = wantedOf(what, words, given)
  if (!wanted.ok) return session.refuse(wanted.error)
  const { context, runner, out } = session
  const started = await restorePart(
    context,
    runner,
    site,
    wanted.value,
    chosen(given),
    ({ plan: found, inspection }) => {
      out.event({ kind: 'plan', plan: found })
      out.text(...atLines(found, inspection.time.zone), lossWords(found, inspection.time.zone), '')
      return otherPart(found, what)
    },
  )
  if (!started.ok) return session.refuse(started.error)
  return watchOperation(session, site, started.value, (entry) => sayRestored(session.out, site, entry))
}

/** As the kit needs it: a path is bytes, percent-encoded on its way. */
function chosen(given: ConfirmOptions): ConfirmOptions {
  return given.only === undefined ? given : { ...given, only: given.only.map(encodePath) }
}

/** Colours nothing: what is shown comes from files. */
async function differences(
  session: Session,
  site: Site,
  what: string,
  backup: string,
  file: string,
  { showSecrets = false }: { readonly showSecrets?: boolean },
): Promise<number> {
  if (what !== 'application' && what !== 'config')
    return session.refuse(usage(`Cannot show differences within a file of ${what}, only of: application, config.`))
  const found = await fileDifferences(session.context, site, {
    part: what,
    backup,
    file: encodePath(file),
    showSecrets,
  })
  if (!found.ok) return session.refuse(found.error)
  session.out.text(...differencesLines(found.value))
  return session.end({ outcome: 'succeeded', code: 'ok', message: differencesWords(found.value), data: found.value })
}

async function undo(session: Session, site: Site, operation: string, given: ConfirmOptions): Promise<number> {
  const started = await undoRestore(session.context, session.runner, site, operation, given)
  if (!started.ok) return session.refuse(started.error)
  return watchOperation(session, site, started.value, (entry) => sayRestored(session.out, site, entry))
}

const siteIsDown = [
  '--site-is-down',
  'the site is down and its health probe is correct: restore although the health check fails',
] as const

function confirmed(command: Command): Command {
  return command
    .requiredOption('--confirm <name>', 'repeat the name of the site exactly')
    .requiredOption('--reason <text>', 'reason; recorded with the operation, here and on the server')
    .option(...siteIsDown)
}

export function addRestoreCommands(program: Command): void {
  choosing(program.command('plan <name> <what> [backup]'))
    .description(`show what a restore would change; changes nothing. WHAT is: ${restorableParts.join(', ')}`)
    .option(...siteIsDown)
    .action(
      (
        name: string,
        what: string,
        words: string | undefined,
        given: DownOption & MomentOption & ChoiceOptions,
        command: Command,
      ) => onSite(command, name, (session, site) => plan(session, site, what, words, given)),
    )
  choosing(confirmed(program.command('restore <name> <what> [backup]')))
    .option('--accept-schema', 'restore although the backup lacks parts of the live schema')
    .option(
      '--accept-files',
      'restore unit files and the nginx site although nobody knows that they are what root had: read them in the plan first',
    )
    .option('--new-server', 'on a server without the site: create the user, the group and the folders that it needs')
    .description(
      `restore a backup as a transaction: it ends healthy, or rolls back. WHAT is: ${restorableParts.join(', ')}`,
    )
    .action(
      (name: string, what: string, words: string | undefined, given: ConfirmOptions & MomentOption, command: Command) =>
        onSite(command, name, (session, site) => restore(session, site, what, words, given)),
    )
  program
    .command('differences <name> <what> <backup> <file>')
    .description('show how one file differs from the one in a backup; changes nothing. WHAT is: application, config')
    .option('--show-secrets', 'show secrets, too; both audits say so')
    .action(
      (
        name: string,
        what: string,
        backup: string,
        file: string,
        given: { readonly showSecrets?: boolean },
        command: Command,
      ) => onSite(command, name, (session, site) => differences(session, site, what, backup, file, given)),
    )
  program
    .command('packages <name>')
    .description('install the programs that a restored site needs and that are missing, as the distribution does')
    .requiredOption('--confirm <name>', 'repeat the name of the site exactly')
    .requiredOption('--reason <text>', 'reason; recorded with the operation, here and on the server')
    .action((name: string, given: ConfirmOptions, command: Command) =>
      onSite(command, name, async (session, site) => {
        const started = await installPackages(session.context, session.runner, site, given)
        return started.ok ? watchOperation(session, site, started.value) : session.refuse(started.error)
      }),
    )
  confirmed(program.command('undo <name> <operation>'))
    .description('undo a restore: its safety copies become live again')
    .action((name: string, operation: string, given: ConfirmOptions, command: Command) =>
      onSite(command, name, (session, site) => undo(session, site, operation, given)),
    )
}
