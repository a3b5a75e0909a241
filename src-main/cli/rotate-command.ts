/** `rotate`. */
import type { Command } from 'commander'
import { showPath } from '../../src-shared/domain/backup-path.ts'
import { formatBytes } from '../../src-shared/domain/format.ts'
import { type RotationReport, rotationReport } from '../../src-shared/domain/retention.ts'
import { retentionSentence } from '../../src-shared/domain/retention-words.ts'
import { nameProblem } from '../operations/confirm.ts'
import { rotateBackups, rotationPlan } from '../operations/rotate.ts'
import type { Site } from '../store/sites.ts'
import type { Session } from './session.ts'
import { onSite } from './site-commands.ts'
import { clean, table } from './table.ts'
import { usage } from './target-options.ts'
import { watchOperation } from './watch.ts'

function say(session: Session, { decisions, remaining }: RotationReport): void {
  const rows = decisions.map((one) => [
    one.decision,
    showPath(one.path),
    formatBytes(one.size),
    clean(retentionSentence(one)),
  ])
  const titles = ['DECISION', 'BACKUP', 'SIZE', 'REASON']
  if (rows.length > 0)
    session.out.text(
      '',
      ...table(
        titles.map((title) => ({ title, right: title === 'SIZE' })),
        rows,
      ),
      '',
    )
  session.out.text(...remaining.map(({ path, why }) => `not deleted  ${showPath(path)}: ${clean(why)}`))
}

async function dryRun(session: Session, site: Site): Promise<number> {
  const plan = await rotationPlan(session.context, site)
  if (!plan.ok) return session.refuse(plan.error)
  say(session, plan.value)
  const { decisions, kept, bytes } = plan.value
  const due = decisions.filter(({ decision }) => decision === 'delete').length
  const message = `${due === 1 ? '1 backup' : `${due} backups`} (${formatBytes(bytes)}) would be deleted, ${kept} kept. Nothing was changed.`
  return session.end({ outcome: 'succeeded', code: 'ok', message, data: plan.value })
}

interface RotateOptions {
  readonly dryRun?: boolean
  readonly acceptClock?: boolean
  readonly confirm?: string
}

async function rotate(session: Session, site: Site, options: RotateOptions): Promise<number> {
  if (options.dryRun && options.acceptClock)
    return session.refuse(usage('Give either --dry-run or --accept-clock: a dry run changes nothing.'))
  if (options.dryRun) return dryRun(session, site)
  const refused = nameProblem(site, options.confirm ?? '')
  if (refused) return session.refuse(refused)
  const started = await rotateBackups(session.context, session.runner, site, options.acceptClock === true)
  if (!started.ok) return session.refuse(started.error)
  return watchOperation(session, site, started.value, (entry) => {
    const report = rotationReport.safeParse(entry.data)
    if (report.success) say(session, report.data)
  })
}

export function addRotateCommand(program: Command): void {
  program
    .command('rotate <name>')
    .description('delete the backups that the policy of the site does not keep')
    .option('--dry-run', 'show what would be deleted and kept, and why; change nothing')
    .option('--confirm <name>', 'repeat the name of the site exactly; not for a dry run')
    .option('--accept-clock', 'the clock of the server is right, although it has jumped')
    .action((name: string, options: RotateOptions, command: Command) =>
      onSite(command, name, (session, site) => rotate(session, site, options)),
    )
}
