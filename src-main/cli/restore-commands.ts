/** `plan`, `restore`, `undo`. */
import type { Command } from 'commander'
import { showPath } from '../../src-shared/domain/backup-path.ts'
import { formatDuration } from '../../src-shared/domain/format.ts'
import { type RestorePlan, restoreReport } from '../../src-shared/domain/kit-restore.ts'
import { standing } from '../../src-shared/domain/plan-checks.ts'
import { planRestore } from '../operations/plan-restore.ts'
import { restoreDatabase } from '../operations/restore-database.ts'
import { undoRestore } from '../operations/undo.ts'
import type { JournalEntry } from '../store/operations.ts'
import type { Site } from '../store/sites.ts'
import type { Output } from './output.ts'
import { lossWords, planLines } from './plan-text.ts'
import type { Session } from './session.ts'
import { onSite } from './site-commands.ts'
import { clean } from './table.ts'
import { usage } from './target-options.ts'
import { watchOperation } from './watch.ts'

interface DownOption {
  readonly siteIsDown?: boolean
}

interface ConfirmOptions extends DownOption {
  readonly confirm: string
  readonly reason: string
  readonly acceptSchema?: boolean
}

function notDatabase(what: string) {
  return usage(`Cannot restore ${what}; what can be restored: database.`)
}

function possibleWords({ possible }: RestorePlan): string {
  return possible ? 'The restore is possible.' : 'The restore is possible because you confirmed that the site is down.'
}

async function plan(session: Session, site: Site, what: string, words: string, given: DownOption): Promise<number> {
  if (what !== 'database') return session.refuse(notDatabase(what))
  const planned = await planRestore(session.context, site, words)
  if (!planned.ok) return session.refuse(planned.error)
  const { plan: found, inspection } = planned.value
  session.out.text(...planLines(found, inspection.time.zone))
  const data = found
  if (standing(found, given.siteIsDown ?? false).length === 0)
    return session.end({ outcome: 'succeeded', code: 'ok', message: possibleWords(found), data })
  const message = 'The restore is not possible: a check failed.'
  return session.end({ outcome: 'failed', code: 'checks-failed', message, unchanged: 'Nothing was changed.', data })
}

function sayRestored(out: Output, site: Site, entry: JournalEntry): void {
  const report = restoreReport.safeParse(entry.data)
  if (!report.success) return
  const { downMs, safetyCopy, health } = report.data
  out.text('')
  if (downMs !== null) out.text(`down    ${formatDuration(downMs)}`)
  if (health) out.text(`health  ${health.healthy ? 'healthy' : 'not healthy'} (${clean(health.probe ?? 'no probe')})`)
  if (safetyCopy !== null) out.text(`kept    ${showPath(safetyCopy)}`)
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
  words: string,
  given: ConfirmOptions,
): Promise<number> {
  if (what !== 'database') return session.refuse(notDatabase(what))
  const { context, runner, out } = session
  const started = await restoreDatabase(context, runner, site, words, given, ({ plan: found, inspection }) => {
    out.event({ kind: 'plan', plan: found })
    out.text(lossWords(found, inspection.time.zone), '')
  })
  if (!started.ok) return session.refuse(started.error)
  return watchOperation(session, site, started.value, (entry) => sayRestored(session.out, site, entry))
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
  program
    .command('plan <name> <what> <backup>')
    .description('show what a restore would change, table by table; changes nothing. WHAT is: database')
    .option(...siteIsDown)
    .action((name: string, what: string, words: string, given: DownOption, command: Command) =>
      onSite(command, name, (session, site) => plan(session, site, what, words, given)),
    )
  confirmed(program.command('restore <name> <what> <backup>'))
    .option('--accept-schema', 'restore although the backup lacks parts of the live schema')
    .description('restore a backup as a transaction: it ends verified and healthy, or rolls back')
    .action((name: string, what: string, words: string, given: ConfirmOptions, command: Command) =>
      onSite(command, name, (session, site) => restore(session, site, what, words, given)),
    )
  confirmed(program.command('undo <name> <operation>'))
    .description('undo a restore: its safety copy becomes the live database again')
    .action((name: string, operation: string, given: ConfirmOptions, command: Command) =>
      onSite(command, name, (session, site) => undo(session, site, operation, given)),
    )
}
