/** Interrupts a restore at every phase, in every way: the result is the complete old or new state, and it is reported. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { restoreReport } from '../../src-shared/domain/kit-restore.ts'
import {
  change,
  clearFailpoint,
  committedSales,
  leftovers,
  missingFrom,
  nameOf,
  paused,
  queryFile,
  recovered,
  setFailpoint,
  untilRestart,
} from '../support/restores.ts'
import { ServerSite } from '../support/server-site.ts'
import type { Server } from '../support/servers/server.ts'
import { sharedServers } from '../support/servers/shared.ts'
import { waitUntil } from '../support/wait.ts'

const servers = Object.values(sharedServers())

type Fault = 'kill' | 'power' | 'fail'
type Outcome = 'succeeded' | 'rolled back' | 'failed'
interface Cell {
  readonly phase: string
  readonly fault: Fault
  readonly outcome: Outcome
  /** The fault occurs while the transaction is rolled back. */
  readonly duringRollback?: boolean
}

const before = ['stopping', 'keeping', 'keeping-sidecar', 'swapping']
const after = ['swapped', 'starting', 'committed']
const back = ['rolling-back', 'returned', 'returned-started', 'rolled-back']
const interruptions: readonly Fault[] = ['kill', 'power']

const cells: readonly Cell[] = [
  ...interruptions.map((fault) => ({ phase: 'staged', fault, outcome: 'failed' as const })),
  { phase: 'staged', fault: 'fail', outcome: 'failed' },
  ...before.flatMap((phase) =>
    (['kill', 'power', 'fail'] as const).map((fault) => ({ phase, fault, outcome: 'rolled back' as const })),
  ),
  ...after.flatMap((phase) => interruptions.map((fault) => ({ phase, fault, outcome: 'succeeded' as const }))),
  ...after.map((phase) => ({ phase, fault: 'fail' as const, outcome: 'rolled back' as const })),
  ...back.flatMap((phase) =>
    interruptions.map((fault) => ({ phase, fault, outcome: 'rolled back' as const, duringRollback: true })),
  ),
  ...interruptions.map((fault) => ({ phase: 'outcome', fault, outcome: 'succeeded' as const })),
]

/** Leaves half a transaction of a killed process: a journal without which the database would be damaged. */
const hotJournal = `import os, sqlite3
c = sqlite3.connect('/opt/cvd/data/cvd.db', isolation_level=None)
c.execute('PRAGMA cache_size=1')
c.execute('BEGIN IMMEDIATE')
c.execute('UPDATE sales SET sale_units = 777')
os.kill(os.getpid(), 9)
`

/** Until `reset`, the application crashes whenever it is stopped, so that an essential sidecar is always beside the database. */
async function dieHard(server: Server): Promise<void> {
  const dropIn =
    server.spec.journal === 'wal' ? 'KillSignal=SIGKILL' : 'ExecStopPost=-/usr/bin/python3 /opt/cvd/app/hot.py'
  await server.writeFile('/opt/cvd/app/hot.py', hotJournal)
  await server.must(
    `for unit in cvd cvd-writer; do mkdir -p /etc/systemd/system/$unit.service.d; done
    printf '[Service]\\n%s\\n' '${dropIn}' > /etc/systemd/system/cvd.service.d/die.conf
    printf '[Service]\\nKillSignal=SIGKILL\\n' > /etc/systemd/system/cvd-writer.service.d/die.conf
    systemctl daemon-reload`,
  )
}

const sidecarOf = (server: Server) => (server.spec.journal === 'wal' ? '-wal' : '-journal')

function failpoints(server: Server, { phase, fault, duringRollback }: Cell): string[] {
  const at = phase === 'keeping-sidecar' ? `keeping${sidecarOf(server)}` : phase
  const lines = [`${at} ${fault === 'power' ? 'pause' : fault}`]
  return duringRollback ? ['swapping fail', ...lines] : lines
}

interface Seen {
  readonly outcome: string | null
  readonly downMs: number | null
}

interface Consoles {
  readonly backup: string
  /** Requests restores. */
  readonly requester: ServerSite
  /** Inspects their outcomes. */
  readonly observer: ServerSite
}

/** Runs one cell; returns what the server reports about the operation afterwards. */
async function runCell(server: Server, consoles: Consoles, cell: Cell): Promise<Seen> {
  const marker = `${cell.phase} ${cell.fault}`
  await change(
    server,
    `DELETE FROM devices WHERE id > 40; INSERT OR REPLACE INTO system_config (key, value) VALUES ('marker', '${marker}')`,
  )
  const { lines } = await server.writer()
  await server.writes(2)
  await setFailpoint(server, ...failpoints(server, cell))
  if (cell.fault === 'power') {
    const operation = await cutPowerDuring(server, consoles.backup)
    await assess(server, cell, marker, lines)
    await using observer = await ServerSite.of(server, 'another@console')
    return await outcomeOn(observer, operation)
  }
  const { requester } = consoles
  const ended = await requester.desk.settled(requester.startUnplanned('database', consoles.backup))
  clearFailpoint(server)
  expect(ended).toMatchObject({ state: 'ended', outcome: cell.outcome })
  await assess(server, cell, marker, lines)
  return await outcomeOn(consoles.observer, ended.remoteOperation)
}

/** Cuts the power when nobody is watching: the server must recover by itself. Returns the operation's id. */
async function cutPowerDuring(server: Server, backup: string): Promise<string> {
  await using one = await ServerSite.of(server)
  const entry = one.startUnplanned('database', backup)
  await paused(server)
  const operation = await nameOf(one.desk, entry)
  await one.desk.console.runner.detach()
  await server.powerOff()
  clearFailpoint(server)
  await server.boot()
  return operation
}

async function assess(server: Server, { outcome }: Cell, marker: string, from: number): Promise<void> {
  await recovered(server)
  await server.waitHealthy()
  await waitUntil(
    `${server.name}: both services`,
    async () => (await server.run('systemctl is-active cvd cvd-writer')).stdout === 'active\nactive\n',
  )
  await server.writes()
  expect(await leftovers(server)).toBe('')
  expect(await server.query('PRAGMA integrity_check')).toBe('ok')
  expect(await server.must(`stat -c '%U:%G %a' /opt/cvd/data/cvd.db`)).toBe('cvdapp:www-data 755')
  expect(await server.query('PRAGMA journal_mode')).toBe(server.spec.journal)
  expect(await server.query('SELECT count(*) FROM sales WHERE sale_units = 777')).toBe('0')
  const which = await server.query(
    `SELECT (SELECT count(*) FROM devices), (SELECT value FROM system_config WHERE key = 'marker')`,
  )
  const sales = await committedSales(server, from)
  expect(sales.length).toBeGreaterThan(2)
  const copies =
    'ls -1t /opt/cvd/data/cvd.db.pre-restore.* 2>/dev/null | grep -v -e -wal$ -e -shm$ -e -journal$ | head -n 1'
  if (outcome === 'succeeded') {
    expect(which).toBe('48|')
    const safety = await server.must(copies)
    const ids = untilRestart(sales)
    expect(missingFrom(ids, await queryFile(server, safety, 'SELECT id FROM sales'))).toEqual([])
    expect(await queryFile(server, safety, "SELECT value FROM system_config WHERE key = 'marker'")).toBe(marker)
    await server.must('rm -f /opt/cvd/data/cvd.db.pre-restore.*')
  } else {
    expect(which).toBe(`40|${marker}`)
    expect(missingFrom(sales, await server.query('SELECT id FROM sales'))).toEqual([])
    expect(await server.must(copies)).toBe('')
  }
}

/** The outcome as another console receives it. */
async function outcomeOn({ desk, site }: ServerSite, operation: string | null): Promise<Seen> {
  const listed = (await desk.operations(site)).find(({ id }) => id === operation)
  if (listed === undefined) throw new Error(`the server does not know ${operation}`)
  const imported = await desk.settled(desk.console.runner.import(site, listed))
  expect(imported).toMatchObject({ state: 'ended', outcome: listed.outcome })
  const report = restoreReport.safeParse(imported.data)
  return { outcome: imported.outcome, downMs: report.success ? report.data.downMs : null }
}

describe('a restore that is interrupted', () => {
  const consolesOf = new Map<Server, Consoles>()
  const table = [
    `| ${'server'.padEnd(6)} | ${'phase'.padEnd(17)} | ${'fault'.padEnd(5)} | ${'outcome'.padEnd(11)} | downtime |`,
    `| ${'-'.repeat(6)} | ${'-'.repeat(17)} | ${'-'.repeat(5)} | ${'-'.repeat(11)} | --------: |`,
  ]

  const prepare = async (server: Server) => {
    const requester = await ServerSite.fresh(server)
    const observer = await ServerSite.of(server, 'another@console')
    const { backup } = await requester.desk.backUp(requester.site)
    consolesOf.set(server, { requester, observer, backup: backup.path })
    await dieHard(server)
  }
  const dismiss = async () => {
    for (const { requester, observer } of consolesOf.values()) {
      await requester[Symbol.asyncDispose]()
      await observer[Symbol.asyncDispose]()
    }
    consolesOf.clear()
  }

  beforeAll(() => Promise.all(servers.map(prepare)))
  // Leftovers of one cell must not affect the next.
  afterEach(async ({ task }) => {
    if (task.result?.state !== 'fail') return
    await dismiss()
    await Promise.all(servers.map(prepare))
  })
  afterAll(async () => {
    const text = `${table.join('\n')}\n`
    mkdirSync('test-output', { recursive: true })
    writeFileSync('test-output/fault-matrix.md', text)
    process.stdout.write(`\n${text}`)
    await dismiss()
    await Promise.all(servers.map((server) => server.reset()))
  })

  // Faults that cut connections come last.
  const order = [...cells].sort((one, other) => Number(one.fault === 'power') - Number(other.fault === 'power'))
  test.each(order)('at $phase by $fault: $outcome', async (cell) => {
    await Promise.all(
      servers.map(async (server) => {
        const consoles = consolesOf.get(server)
        if (consoles === undefined) throw new Error('nobody to ask')
        const seen = await runCell(server, consoles, cell)
        const down = seen.downMs === null ? '-' : `${(seen.downMs / 1000).toFixed(1)} s`
        table.push(
          `| ${server.name.padEnd(6)} | ${cell.phase.padEnd(17)} | ${cell.fault.padEnd(5)} | ${(seen.outcome ?? '').padEnd(11)} | ${down.padStart(9)} |`,
        )
        expect(seen.outcome).toBe(cell.outcome)
      }),
    )
  })
})
