/** `schedule`, `site protect`. */
import type { Command } from 'commander'
import { showPath } from '../../src-shared/domain/backup-path.ts'
import { formatTime } from '../../src-shared/domain/format.ts'
import { type ScheduleReport, scheduleKinds } from '../../src-shared/domain/schedule.ts'
import { makeBackup } from '../operations/make-backup.ts'
import { changeSchedule, readSchedule, runScheduled, type ScheduleChange } from '../operations/schedule.ts'
import type { Site } from '../store/sites.ts'
import type { Session } from './session.ts'
import { onSite } from './site-commands.ts'
import { clean, table } from './table.ts'
import { usage } from './target-options.ts'
import { Watcher, watchOperation } from './watch.ts'

interface ScheduleOptions {
  readonly until?: string
  readonly replace?: boolean
  readonly confirm?: string
  readonly reason?: string
}

const changes = ['install', 'remove', 'pause', 'resume'] as const

function runWords({ outcome, endedAt, dueAt, message }: ScheduleReport['runs'][number], zone: string): string {
  const end = outcome === 'succeeded' ? '' : `: ${clean(message)}`
  return `${outcome} ${formatTime(endedAt ?? dueAt, zone)}${end}`
}

function kindTable({ kinds, runs, zone, installed }: ScheduleReport): string[] {
  const rows = kinds.map(({ kind, schedule, next }) => {
    const last = runs.find((run) => run.kind === kind)
    const [first] = next
    return [
      kind,
      schedule,
      !installed ? '-' : first === undefined ? 'never' : formatTime(first, zone),
      last ? runWords(last, zone) : 'never ran',
    ]
  })
  return table(
    ['WHAT', 'HOW OFTEN', 'NEXT', 'LAST'].map((title) => ({ title })),
    rows,
  )
}

function jobLines({ foreign, replaced }: ScheduleReport): string[] {
  return [
    ...foreign.map(
      ({ path, line, user, text, problem }) =>
        `job of others: ${showPath(path)}, line ${line} (${clean(user)}): ${showPath(text)}${problem === '' ? '' : ` — ${clean(problem)}`}`,
    ),
    ...replaced.map(({ path }) => `replaced: ${showPath(path)}`),
  ]
}

function statusWords({ installed, paused, changed, kit, missed, recordsKnown, foreign, zone }: ScheduleReport): string {
  if (!installed) return 'No schedule is installed: install it with site protect, or schedule NAME install.'
  const words = [
    paused === null ? '' : `It is paused${paused.until === null ? '' : ` until ${formatTime(paused.until, zone)}`}.`,
    changed ? 'The timers are not those of the policy: install it again.' : '',
    kit?.intact === false ? 'The installed kit was changed by somebody: nothing runs until it is installed again.' : '',
    kit?.same === false ? 'The installed kit is of another version than this console: install it again.' : '',
    recordsKnown ? '' : 'What ran before is not known.',
    missed.length === 0 ? '' : `Runs that did not begin: ${missed.length}.`,
    foreign.length === 0 ? '' : `Jobs of others back this site up, too: ${foreign.length}.`,
  ].filter((one) => one !== '')
  return words.length === 0 ? 'The schedule is installed.' : `The schedule is installed. ${words.join(' ')}`
}

async function show(session: Session, site: Site): Promise<number> {
  const read = await readSchedule(session.context, site)
  if (!read.ok) return session.refuse(read.error)
  session.out.text(...kindTable(read.value), '', ...jobLines(read.value))
  return session.end({ outcome: 'succeeded', code: 'ok', message: statusWords(read.value), data: read.value })
}

function changeOf(change: (typeof changes)[number], options: ScheduleOptions): ScheduleChange {
  const { until, replace, confirm = '', reason = '' } = options
  if (change === 'install') return replace ? { change, replace: { confirm, reason } } : { change }
  if (change === 'pause') return until === undefined ? { change } : { change, until }
  return { change }
}

async function change(session: Session, site: Site, wanted: ScheduleChange): Promise<number> {
  const started = await changeSchedule(session.context, session.runner, site, wanted)
  return started.ok ? watchOperation(session, site, started.value) : session.refuse(started.error)
}

async function runNow(session: Session, site: Site, what: string | undefined): Promise<number> {
  const kind = scheduleKinds.find((one) => one === what)
  if (!kind) return session.refuse(usage(`Which kind? ${scheduleKinds.join(', ')}.`))
  const started = await runScheduled(session.context, session.runner, site, kind)
  return started.ok ? watchOperation(session, site, started.value) : session.refuse(started.error)
}

function schedule(session: Session, site: Site, words: readonly string[], options: ScheduleOptions) {
  const [action, kind, ...rest] = words
  const known = changes.find((one) => one === action)
  if (rest.length > 0 || (known && kind !== undefined))
    return session.refuse(usage('That is too much: see schedule --help.'))
  if (action === undefined) return show(session, site)
  if (action === 'run') return runNow(session, site, kind)
  return known
    ? change(session, site, changeOf(known, options))
    : session.refuse(usage(`Cannot ${clean(action)} a schedule; what can be done: ${changes.join(', ')}, run.`))
}

/** Installs the schedule, and makes the first backup at once. */
async function protect(session: Session, site: Site, options: ScheduleOptions): Promise<number> {
  const { context, runner, out } = session
  const installing = await changeSchedule(context, runner, site, changeOf('install', options))
  if (!installing.ok) return session.refuse(installing.error)
  const installed = await runner.settled(installing.value.id)
  if (installed.outcome !== 'succeeded') return watchOperation(session, site, installed)
  const watcher = new Watcher(out)
  for (const event of context.store.events.list(installed.id)) watcher.handle(event)
  out.text('', clean(installed.message), '')
  const started = await makeBackup(session.context, session.runner, site)
  return started.ok ? watchOperation(session, site, started.value) : session.refuse(started.error)
}

function replaceOptions(command: Command): Command {
  return command
    .option('--replace', 'switch off the jobs of others that back this site up; remove puts them back as they were')
    .option('--confirm <name>', 'with --replace: repeat the name of the site')
    .option('--reason <text>', 'with --replace: reason; recorded with the operation')
}

export function addScheduleCommands(program: Command): void {
  replaceOptions(program.command('schedule <name> [what...]'))
    .description('show what runs by itself; WHAT is: install, remove, pause, resume, run KIND')
    .option('--until <time>', 'with pause: until then, as 2026-03-29 02:30 in the time of the server')
    .action((name: string, words: string[], options: ScheduleOptions, command: Command) =>
      onSite(command, name, async (session, site) => schedule(session, site, words, options)),
    )
  const site = program.commands.find((one) => one.name() === 'site')
  if (!site) throw new Error('there are no commands for sites')
  replaceOptions(site.command('protect <name>'))
    .description('install the schedule on the server, and make the first backup')
    .action((name: string, options: ScheduleOptions, command: Command) =>
      onSite(command, name, (session, found) => protect(session, found, options)),
    )
}
