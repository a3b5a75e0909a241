/** A site with nothing wrong, a clock and disks that a test can set, and a channel that a test can read. */
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type AlertEntry, type AlertReport, alertReport, monitorReport } from '../../../src-shared/domain/alerts.ts'
import { encodePath } from '../../../src-shared/domain/backup-path.ts'
import { judge, put, stampOf } from './history.ts'
import { ScheduleSite } from './schedule-site.ts'
import { type Receiver, webhookReceiver } from './webhook-receiver.ts'

export const MINUTE = 60_000

/** Bash text: the disks are those of a file, which has a line for each purpose: its total and what is free of it. */
const disks = `
  eval "real_$(declare -f inspect_disk)"
  inspect_disk() {
    real_inspect_disk
    local purpose total free
    while read -r purpose total free; do I_TOTAL[$purpose]=$total I_FREE[$purpose]=$free I_DEVICE[$purpose]=$purpose; done <"\${STATE%/*}/disk"
  }`

export class AlertSite extends ScheduleSite {
  /** The answers of the site's health check. */
  health = 200
  /** What the channel has received, once `listen` was called. */
  receiver: Receiver | undefined
  /** What the channel answers. */
  answer = 200

  constructor(more = '') {
    super({ instead: `${disks}\n${more}` })
    this.free({ database: 9e8, backups: 9e8, state: 9e8 })
  }

  /** Sets what is free on a disk of 1 GB. */
  free(bytes: Readonly<Record<'database' | 'backups' | 'state', number>>): void {
    writeFileSync(
      join(this.site.folder, 'disk'),
      Object.entries(bytes)
        .map(([purpose, free]) => `${purpose} 1000000000 ${free}\n`)
        .join(''),
    )
  }

  async monitor() {
    return monitorReport.parse((await this.must('monitor')).result.data)
  }

  async alerts(): Promise<AlertReport> {
    return alertReport.parse((await this.must('alerts')).result.data)
  }

  /** The ids of what is open after a look. */
  async look(): Promise<string[]> {
    await this.monitor()
    return (await this.alerts()).open.map(({ id }) => id).sort()
  }

  async alert(id: string): Promise<AlertEntry | undefined> {
    return (await this.alerts()).open.find((one) => one.id === id)
  }

  acknowledge(id: string, ...more: readonly string[]) {
    return this.run('--reason', 'seen to', 'acknowledge', id, ...more)
  }

  /** A line in one of the runbook's logs; the kit runs in UTC in tests. */
  log(text: string, at = Date.now(), file = 'backup.log'): void {
    const stamp = new Date(at).toISOString().slice(0, 19).replace('T', ' ')
    appendFileSync(join(this.site.root, 'logs', file), `[${stamp}] ${text}\n`)
  }

  /** A backup of the database, with a recorded verdict. */
  backup(ago: number, verdict: 'verified' | 'failed' | '' = 'verified', now = Date.now()): string {
    const path = put(this.site, `cvd_auto_${stampOf(ago, now)}.db.gz`)
    if (verdict !== '') this.judge(verdict, now, path)
    return path
  }

  /** Records verdicts of this moment. */
  judge(verdict: 'verified' | 'failed', at: number, ...paths: readonly string[]): void {
    judge(this.site, verdict, ...paths)
    this.site.sql(join(this.site.state, 'state.db'), `UPDATE verdict SET at = ${at} WHERE at = 5;`)
  }

  /** Records the rows of tables in the fingerprint of a backup. */
  rows(path: string, tables: Readonly<Record<string, number>>): void {
    const name = encodePath(Buffer.from(path.slice(path.lastIndexOf('/') + 1)))
    const db = join(this.site.state, 'state.db')
    const counts = Object.entries(tables).map(
      ([table, rows], n) => `INSERT INTO table_count VALUES ('${name}', ${n}, '${table}', '${rows}', '-', '-');`,
    )
    this.site.sql(
      db,
      `INSERT INTO fingerprint VALUES ('${name}', '${path}', '', 'x', ${'a backup'.length}, 1);\n${counts.join('\n')}`,
    )
  }

  /** Has alerts sent to this test from now on. */
  async listen(): Promise<void> {
    this.receiver = await webhookReceiver((response) => {
      response.statusCode = this.answer
      response.end('ok')
    })
    await this.must('channel', 'set', 'desk', 'webhook', `url=http://127.0.0.1:${this.receiver.port}/`)
  }

  /** What the channel was told in each message, as `EVENT ID`, since the last time this was asked. */
  told(about = /./): string[][] {
    const messages = this.receiver?.received.splice(0) ?? []
    const said = messages.map(({ body }) =>
      (JSON.parse(body) as { alerts: Readonly<Record<string, string>>[] }).alerts
        .map(({ event, rule, subject }) => `${event} ${rule}${subject === '' ? '' : `:${subject}`}`)
        .filter((line) => about.test(line)),
    )
    return said.filter((lines) => lines.length > 0)
  }
}

/** A site with nothing wrong, at most an hour after its last backup; gone after the test. Needs root: it has a schedule. */
export async function alertSite(more = ''): Promise<AlertSite> {
  const one = new AlertSite(more)
  onTestFinished(() => one.remove())
  const answering = await webhookReceiver((response) => {
    response.statusCode = one.health
    response.end('ok')
  })
  const program = one.write('service', '#!/bin/bash\n[[ ! -e $(dirname "$0")/down ]] || exit 1\n', 0o755)
  await one.must(
    ...['policy', `root=${one.site.root}`, 'service_manager=program', `service_program=${program}`, 'alert_min_size=0'],
    `health=http://127.0.0.1:${answering.port}/health`,
  )
  one.backup(30 * MINUTE)
  await one.must('timers', 'install')
  return one
}
