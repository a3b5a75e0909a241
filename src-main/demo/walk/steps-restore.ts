/** The walk's steps for an accident, the restore and its undo. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { showName } from '../../../src-shared/domain/backup-path.ts'
import { type RestoreReport, restoreReport } from '../../../src-shared/domain/kit-restore.ts'
import { lossOf } from '../../../src-shared/domain/loss.ts'
import { planRestore } from '../../operations/plan-restore.ts'
import { restorePlanned } from '../../operations/restore-part.ts'
import { undoRestore } from '../../operations/undo.ts'
import type { DemoSite } from '../site.ts'
import { duration, grouped } from '../terminal.ts'
import { granted, perform, sql } from './perform.ts'
import { need, type WalkState } from './state.ts'
import type { Step, StepReporter } from './step.ts'

export const loseRows: Step<WalkState> = {
  step: 'accident',
  title: 'An accident: somebody deletes the service orders of a day',
  run: async (state, out) => {
    const demo = need(state, 'demo')
    const day = await sql(
      demo,
      "SELECT date(created_at) FROM service_orders WHERE date(created_at) < date('now', '-1 day') GROUP BY 1 ORDER BY count(*) DESC, 1 DESC LIMIT 1",
    )
    const orders = await ordersOf(demo, day)
    const count = orders.split('\n').length
    await sql(demo, `DELETE FROM service_orders WHERE date(created_at) = '${day}'`)
    const left = await ordersOf(demo, day)
    out.fact('deleted', `sqlite3 cvd.db "DELETE FROM service_orders WHERE date(created_at) = '${day}'"`)
    out.prove(
      'the orders are gone',
      day !== '' && orders !== '' && left === '',
      `${count} orders of ${day} before, none now`,
    )
    const [lastSale = 0, sales = 0] = (await sql(demo, 'SELECT max(id), count(*) FROM sales')).split('|').map(Number)
    state.accident = { day, orders, count, lastSale, sales }
  },
}

export const planIt: Step<WalkState> = {
  step: 'plan',
  title: 'See what a restore would change, before anything changes',
  run: async (state, out) => {
    const { context } = need(state, 'console')
    const { backup } = need(state, 'backup')
    const accident = need(state, 'accident')
    const answer = await planRestore(context, need(state, 'site'), backup.path)
    const planned = granted(out, 'there is a plan', answer, ({ plan }) => `for ${showName(plan.backup.path)}`)
    state.planned = planned
    const { plan } = planned
    const { differing } = lossOf(plan)
    const cell = (value: number | null): string => (value === null ? '?' : grouped(value))
    out.table(
      ['table', 'live', 'backup', 'would be lost', 'would come back', 'changed'],
      differing.map((table) => [
        table.table,
        cell(table.live),
        cell(table.backup),
        cell(table.onlyLive),
        cell(table.onlyBackup),
        cell(table.changed),
      ]),
    )
    const loss = plan.lossSeconds
    out.prove('it reports the loss window', loss !== null && loss >= 0, `${loss} s between the backup and now`)
    for (const { title, state: result, evidence } of plan.checks) out.fact(result, `${title}: ${evidence}`)
    out.prove('it can be carried out: no check failed', plan.possible, `${plan.checks.length} checks`)
    const find = (name: string) => plan.tables.find(({ table }) => table === name)
    const back = find('service_orders')?.onlyBackup
    out.prove(
      'it says that exactly the deleted orders would come back',
      back === accident.count,
      `${back} of ${accident.count}`,
    )
    const unknown = plan.tables.filter(({ basis }) => basis === 'none')
    out.prove(
      'every table was compared',
      unknown.length === 0,
      `${plan.tables.length} tables, ${unknown.length} not compared`,
    )
    const lost = find('sales')?.onlyLive ?? 0
    out.prove('it says that sales made since the backup would be lost', lost > 0, `${lost} sales`)
  },
}

export const restoreIt: Step<WalkState> = {
  step: 'restore',
  title: 'Restore, as a transaction on the server',
  run: async (state, out) => {
    const demo = need(state, 'demo')
    const console = need(state, 'console')
    const site = need(state, 'site')
    const accident = need(state, 'accident')
    const planned = need(state, 'planned')
    const pid = await demo.app.pid()
    const typo = restorePlanned(console.runner, site, planned, { confirm: 'demo', reason: 'orders were deleted' })
    out.prove(
      'refused when what is typed is not the name of the site',
      !typo.ok && typo.error.code === 'not-confirmed' && (await demo.app.pid()) === pid,
      typo.ok ? 'it was started' : typo.error.message,
    )
    const confirmation = { confirm: site.name, reason: 'orders were deleted by accident' }
    const entry = await perform(console, out, 'the restore was carried out', async () =>
      restorePlanned(console.runner, site, planned, confirmation),
    )
    state.restore = entry.id
    const report = restoreReport.parse(entry.data)
    await proveRunning(demo, out, report, pid)
    state.downMs.set('restore', report.downMs ?? Number.NaN)
    const orders = await ordersOf(demo, accident.day)
    out.prove(
      'the deleted orders are back, every one',
      orders === accident.orders,
      `${orders.split('\n').length} orders of ${accident.day}`,
    )
    await proveNothingLost(demo, out, report)
  },
}

export const undoIt: Step<WalkState> = {
  step: 'undo',
  title: 'Undo the restore: back to the moment of the stop',
  run: async (state, out) => {
    const demo = need(state, 'demo')
    const console = need(state, 'console')
    const site = need(state, 'site')
    const accident = need(state, 'accident')
    const pid = await demo.app.pid()
    const confirmation = { confirm: site.name, reason: 'to show that it can be undone' }
    const entry = await perform(console, out, 'the restore was undone', () =>
      undoRestore(console.context, console.runner, site, need(state, 'restore'), confirmation),
    )
    const report = restoreReport.parse(entry.data)
    await proveRunning(demo, out, report, pid)
    state.downMs.set('undo', report.downMs ?? Number.NaN)
    const orders = await ordersOf(demo, accident.day)
    out.prove(
      'the state after the accident is back: the orders are gone again',
      orders === '',
      `${orders === '' ? 'no' : 'some'} orders of ${accident.day}`,
    )
    const sales = Number(await sql(demo, `SELECT count(*) FROM sales WHERE id <= ${accident.lastSale}`))
    out.prove(
      'and every sale made between backup and restore is there again',
      sales === accident.sales,
      `sales up to ${grouped(accident.lastSale)}: ${grouped(sales)} rows, as before`,
    )
  },
}

/** Keys of a day's service orders, one per line. */
function ordersOf(demo: DemoSite, day: string): Promise<string> {
  return sql(demo, `SELECT id FROM service_orders WHERE date(created_at) = '${day}' ORDER BY id`)
}

async function proveRunning(
  demo: DemoSite,
  out: StepReporter,
  report: RestoreReport,
  before: number | null,
): Promise<void> {
  const health = await demo.app.health()
  const pid = await demo.app.pid()
  out.prove(
    'the service was restarted and is healthy',
    health.status === 200 && pid !== null && pid !== before,
    `process ${before}, now ${pid}; ${health.status} ${health.body}`,
  )
  const down = report.downMs
  out.prove(
    'the downtime was measured, from the stop to the first healthy answer',
    down !== null && down > 0,
    down === null ? 'unknown' : duration(down),
  )
}

/** Checks the last acknowledged sale, which the application logged when it was stopped. */
async function proveNothingLost(demo: DemoSite, out: StepReporter, report: RestoreReport): Promise<void> {
  const log = readFileSync(join(demo.root, 'logs', 'app.log'), 'utf8')
  const last = [...log.matchAll(/stopped: .* last sale (\d+)$/gm)].at(-1)?.[1]
  const copy = report.safetyCopy
  // The kit encodes paths like a URI. Immutable, so that SQLite writes nothing beside the safety copy.
  const kept = copy === null ? '' : await sql(demo, 'SELECT max(id) FROM sales', `file:${copy}?immutable=1`)
  out.prove(
    'the safety copy ends with the last sale that the application had acknowledged before the stop',
    copy !== null && kept === last,
    `sale ${last}; ${copy === null ? 'no safety copy' : `${showName(copy)} ends with ${kept}`}`,
  )
}
