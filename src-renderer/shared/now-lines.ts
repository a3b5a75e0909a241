/** What runs now and what is down, one line each, most urgent first. A headline must not leave these out. Pure. */
import type { OperationRow } from '../../src-shared/contract/operations.ts'
import type { SiteOverview } from '../../src-shared/contract/sites.ts'
import { kitCommand } from '../../src-shared/domain/kit-commands.ts'
import { type Standing, standingOf } from './operation-standing.ts'

export interface NowLine {
  readonly key: string
  readonly tone: 'down' | 'lost' | 'running'
  readonly text: string
  /** How far it is, in words; empty where there is nothing to say. */
  readonly detail: string
  /** What it is about: an operation, a site, or several operations. */
  readonly of: { readonly row: OperationRow } | { readonly site: string } | null
  /** When it was last known to be true, by this computer's clock; null while it is current. */
  readonly asOf: number | null
}

type Site = Pick<SiteOverview, 'id' | 'name' | 'healthy' | 'services' | 'failure' | 'inspectedAt' | 'operations'>

/** Steps of a restore during which the service does not run. */
const whileDown = new Set(['stop', 'keep', 'swap', 'start', 'roll-back'])
/** Operations of one kind that are named one by one; more of them are counted. */
const NAMED = 2

const changesSite = ({ command }: Pick<OperationRow, 'command'>) => kitCommand(command)?.changesSite === true

/** Whether the service is stopped by this operation, as far as it is known. */
function isStopped({ command, step }: OperationRow): boolean {
  return changesSite({ command }) && step !== null && whileDown.has(step.step)
}

function lineOf(row: OperationRow, standing: Standing): NowLine {
  const { id: key, title, siteName } = row
  const about = { key, of: { row }, asOf: null }
  if (standing.state === 'lost') {
    const detail = standing.step === '' ? '' : `Last known step: ${standing.step}`
    return { ...about, tone: 'lost', text: `${title} on ${siteName}: connection lost`, detail }
  }
  if (standing.state === 'queued')
    return { ...about, tone: 'running', text: `${title} queued on ${siteName}`, detail: '' }
  const stopped = isStopped(row)
  const text = `${title} running on ${siteName}${stopped ? ', service stopped' : ''}`
  return { ...about, tone: 'running', text, detail: standing.step }
}

function downLine({ id, name, healthy, services, failure, inspectedAt }: Site): NowLine | null {
  const stopped = services.running < services.total
  if (healthy === true || (healthy === null && !stopped)) return null
  const text = stopped ? `${name} is down: its service is not running` : `${name} is down: its health check fails`
  const asOf = failure === null ? null : inspectedAt
  return { key: `down ${id}`, tone: 'down', text, detail: '', of: { site: id }, asOf }
}

/** @param cutOff whether this window itself cannot reach the console. */
export function nowLines(sites: readonly Site[], cutOff: boolean): readonly NowLine[] {
  const open = sites.flatMap(({ operations }) => operations).map((row) => ({ row, standing: standingOf(row, cutOff) }))
  const replacing = open.filter(({ row }) => changesSite(row))
  const busy = new Set(replacing.map(({ row }) => row.site))
  const down = sites.filter(({ id }) => !busy.has(id)).flatMap((site) => downLine(site) ?? [])
  const others = Map.groupBy(
    open.filter(({ row }) => !changesSite(row)),
    ({ row }) => row.title,
  )
  const rest = [...others].flatMap(([title, rows]): NowLine[] => {
    if (rows.length <= NAMED) return rows.map(({ row, standing }) => lineOf(row, standing))
    const text = `${title} running on ${new Set(rows.map(({ row }) => row.site)).size} sites`
    return [{ key: title, tone: 'running', text, detail: '', of: null, asOf: null }]
  })
  return [...replacing.map(({ row, standing }) => lineOf(row, standing)), ...down, ...rest]
}
