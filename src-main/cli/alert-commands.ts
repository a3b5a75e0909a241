/** `alerts`. */
import type { Command } from 'commander'
import { type AlertEntry, alertReport, monitorReport } from '../../src-shared/domain/alerts.ts'
import { showPath } from '../../src-shared/domain/backup-path.ts'
import { formatSpan, formatTime } from '../../src-shared/domain/format.ts'
import { type Acknowledgement, acknowledgeAlert, monitor, readAlerts } from '../operations/alerts.ts'
import type { Site } from '../store/sites.ts'
import { globalOptions, runSession, type Session } from './session.ts'
import { onSite } from './site-commands.ts'
import { clean, table } from './table.ts'
import { usage } from './target-options.ts'
import { watchOperation } from './watch.ts'

interface AlertOptions {
  readonly reason?: string
  readonly until?: string
  readonly withdraw?: boolean
}

const COLUMNS = ['SEVERITY', 'SINCE', 'ALERT', 'WHAT', 'WHAT TO DO']

function cells({ severity, since, id, evidence, fix, acknowledged }: AlertEntry, now: number): string[] {
  const taken = acknowledged ? ` (acknowledged by ${acknowledged.who}: ${acknowledged.reason})` : ''
  return [severity, `${formatSpan(now - since)} ago`, id, `${evidence}${taken}`, fix]
}

function alertTable(titles: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const columns = titles.map((title) => ({ title }))
  return rows.length === 0 ? [] : [...table(columns, rows), '']
}

const counted = (count: number) => (count === 1 ? '1 alert is open.' : `${count} alerts are open.`)

async function show(session: Session, site: Site): Promise<number> {
  const read = await readAlerts(session.context, site)
  if (!read.ok) return session.refuse(read.error)
  const { open, cleared, now, zone, monitoredAt, recordsKnown } = read.value
  session.out.text(
    ...alertTable(
      COLUMNS,
      open.map((one) => cells(one, now)),
    ),
    ...cleared
      .slice(0, 10)
      .map(({ id, clearedAt, evidence }) =>
        clean(`cleared  ${clearedAt === null ? '' : formatTime(clearedAt, zone)}  ${id}: ${evidence}`),
      ),
  )
  const seen = monitoredAt === null ? 'Nothing has looked yet.' : `Last looked ${formatSpan(now - monitoredAt)} ago.`
  const known = recordsKnown ? '' : ' What is recorded of alerts cannot be read.'
  const message = `${counted(open.length)} ${seen}${known}`
  return session.end({ outcome: 'succeeded', code: 'ok', message, data: alertReport.parse(read.value) })
}

function wantedOf({ reason, until, withdraw }: AlertOptions): Acknowledgement | string {
  if (withdraw) return reason !== undefined || until !== undefined ? '--withdraw takes nothing else.' : { withdraw }
  if (reason === undefined || reason.trim() === '') return 'Give a reason: --reason TEXT.'
  return until === undefined ? { reason } : { reason, until }
}

async function acknowledge(session: Session, site: Site, alert: string, options: AlertOptions): Promise<number> {
  const wanted = wantedOf(options)
  if (typeof wanted === 'string') return session.refuse(usage(wanted))
  const done = await acknowledgeAlert(session.context, site, alert, wanted)
  if (!done.ok) return session.refuse(done.error)
  const what = 'withdraw' in wanted ? 'The acknowledgement is withdrawn' : 'Acknowledged'
  const message = `${what}: ${clean(done.value.evidence)}`
  return session.end({ outcome: 'succeeded', code: 'ok', message, data: done.value })
}

async function check(session: Session, site: Site): Promise<number> {
  const started = await monitor(session.context, session.runner, site)
  if (!started.ok) return session.refuse(started.error)
  return watchOperation(session, site, started.value, (entry) => {
    const report = monitorReport.safeParse(entry.data)
    if (!report.success) return
    const { opened, cleared, told } = report.data
    session.out.text(
      '',
      ...opened.map(({ severity, id, evidence }) => clean(`new      ${severity}  ${id}: ${evidence}`)),
      ...cleared.map(({ id, evidence }) => clean(`cleared  ${id}: ${evidence}`)),
      ...told.map(({ channel, sent, why }) => clean(`${sent ? 'told' : 'NOT told'}  ${channel}${why && `: ${why}`}`)),
      '',
    )
  })
}

/** Of all sites, as they were last seen: asks no server. */
function fleet(session: Session): number {
  const { context, out } = session
  const now = context.clock.now()
  const sites = context.store.sites.list().map((site) => ({ site, kept: context.store.inspections.latest(site.id) }))
  const rows: string[][] = []
  const unknown: string[] = []
  let open = 0
  for (const { site, kept } of sites) {
    const alerts = kept?.inspection.alerts
    const words = !kept
      ? 'never seen'
      : alerts === undefined
        ? 'its kit knows no alerts yet: inspect it again'
        : !alerts.known
          ? 'what is recorded of alerts cannot be read'
          : alerts.monitoredAt === null
            ? 'nothing has looked yet: install its schedule, or alerts NAME check'
            : ''
    if (words !== '') unknown.push(`${clean(site.name)}: ${words}`)
    open += alerts?.open.length ?? 0
    const seen = kept ? `${formatSpan(now - kept.at)} ago` : 'never'
    for (const one of alerts?.open ?? []) rows.push([site.name, ...cells(one, kept?.inspection.time.now ?? now), seen])
  }
  out.text(...alertTable(['SITE', ...COLUMNS, 'SEEN'], rows), ...unknown)
  const data = {
    sites: sites.map(({ site, kept }) => ({
      site: site.name,
      seenAt: kept?.at ?? null,
      alerts: kept?.inspection.alerts ?? null,
    })),
  }
  const doubt =
    unknown.length === 0 ? '' : ` Not known of ${unknown.length === 1 ? '1 site' : `${unknown.length} sites`}.`
  return session.end({ outcome: 'succeeded', code: 'ok', message: `${counted(open)}${doubt}`, data })
}

function alerts(session: Session, site: Site, words: readonly string[], options: AlertOptions) {
  const [action, alert, ...rest] = words
  if (action === undefined) return show(session, site)
  if (action === 'check' && alert === undefined) return check(session, site)
  if (action === 'acknowledge' && alert !== undefined && rest.length === 0)
    return acknowledge(session, site, alert, options)
  return session.refuse(usage(`Cannot ${showPath(words.join(' '))}; what can be done: acknowledge ALERT, check.`))
}

export function addAlertCommands(program: Command): void {
  program
    .command('alerts [name] [what...]')
    .description(
      'show what is wrong with a site, or with all sites as last seen; WHAT is: acknowledge ALERT, check (look now)',
    )
    .option('--reason <text>', 'with acknowledge: why; it is recorded')
    .option('--until <time>', 'with acknowledge: until then, as 2026-03-29 02:30 in the time of the server')
    .option('--withdraw', 'with acknowledge: nobody takes care of it any more')
    .action((name: string | undefined, words: string[], options: AlertOptions, command: Command) =>
      name === undefined
        ? runSession(globalOptions(command), async (session) => fleet(session))
        : onSite(command, name, (session, site) => alerts(session, site, words, options)),
    )
}
