/** The walk's steps that start a site, add it, inspect it and leave it. */
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createConsole } from '../../app/console.ts'
import { addSite, type NewSite } from '../../operations/add-site.ts'
import { inspectSite } from '../../operations/inspect.ts'
import { systemClock } from '../../ports/clock.ts'
import { systemIdentity } from '../../ports/identity.ts'
import { fileLog } from '../../ports/log.ts'
import { systemPaths } from '../../ports/paths.ts'
import { MemorySecrets } from '../../ports/secrets.ts'
import { processesWith } from '../processes.ts'
import { type DemoSite, startDemoSite } from '../site.ts'
import { duration, grouped, size } from '../terminal.ts'
import { granted, sql } from './perform.ts'
import { need, type WalkState } from './state.ts'
import type { Step } from './step.ts'

/** The name of the walk's site. */
const NAME = 'Demo depot'

export const startSite: Step<WalkState> = {
  step: 'start',
  title: 'Start a CVD server: SSH, shell, database, an application that writes all the time',
  run: async (state, out) => {
    const demo = await startDemoSite(state.options)
    state.demo = demo
    state.oldFailures = failedWrites(demo)
    out.fact('SSH', `${demo.user}@${demo.host}, port ${demo.port}`)
    out.fact('host key', demo.hostKeyFingerprint)
    out.fact('CVD root', demo.root)
    const health = await demo.app.health()
    out.prove(
      'its application is healthy',
      health.status === 200,
      `${demo.app.healthUrl} → ${health.status} ${health.body}`,
    )
  },
}

export const addTheSite: Step<WalkState> = {
  step: 'add',
  title: 'Add the site to a new console; its host key needs a decision',
  run: async (state, out) => {
    const demo = need(state, 'demo')
    state.console = openConsole(demo)
    const { context } = state.console
    const undecided = await addSite(context, newSite(demo, []))
    out.prove(
      'refused without a decision; the key is shown, and it is the server’s',
      !undecided.ok &&
        undecided.error.code === 'host-key-unknown' &&
        undecided.error.message.includes(demo.hostKeyFingerprint),
      undecided.ok ? 'it was added' : undecided.error.message,
    )
    const other = `SHA256:${'A'.repeat(43)}`
    const wrong = await addSite(context, newSite(demo, [other]))
    out.prove(
      'refused when another key was accepted; nothing is stored',
      !wrong.ok && context.store.sites.list().length === 0,
      wrong.ok ? 'it was added' : wrong.error.code,
    )
    const added = await addSite(context, newSite(demo, [demo.hostKeyFingerprint]))
    const { site } = granted(
      out,
      'added when exactly this key was accepted',
      added,
      ({ site: { hostName, root } }) => `${NAME} is ${root} on ${hostName}`,
    )
    state.site = site
  },
}

export const inspectTheSite: Step<WalkState> = {
  step: 'inspect',
  title: 'Look at the site: one command, one answer',
  run: async (state, out) => {
    const demo = need(state, 'demo')
    const { context } = need(state, 'console')
    const seen = granted(out, 'it answers', await inspectSite(context, need(state, 'site')), ({ host }) => host.os)
    const { database, services, health, tools, backups } = seen
    out.fact(
      'database',
      `${size(database.size)}, journal mode ${database.journalMode}, ${database.keyTables.map(({ table, rows }) => `${table} ${rows === null ? '?' : grouped(rows)}`).join(', ')}`,
    )
    out.fact('tools', tools.map(({ name, version }) => `${name} ${version}`).join(', '))
    out.fact('backups', String(backups.length))
    for (const { severity, text } of seen.problems) out.fact(severity, text)
    out.prove(
      'the service is active',
      services.length === 1 && services[0]?.state === 'active',
      services.map(({ name, state: now }) => `${name} ${now}`).join(', '),
    )
    out.prove('its health check passes', health.healthy && health.configured, `${health.probe} → ${health.status}`)
    const pid = await demo.app.pid()
    out.prove(
      'it knows who has the database open: the service, and nobody else',
      database.holders.length === 1 && database.holders[0]?.pid === pid && database.holders[0]?.service === 'cvd',
      database.holders.map((holder) => `process ${holder.pid} of ${holder.service ?? 'no service'}`).join(', '),
    )
    const users = await sql(demo, 'SELECT count(*) FROM users')
    const counted = database.keyTables.find(({ table }) => table === 'users')?.rows
    out.prove('its counts are those of the database', String(counted) === users, `users: ${counted} and ${users}`)
  },
}

export const leaveTheSite: Step<WalkState> = {
  step: 'leave',
  title: 'End: nothing was lost on the way, nothing is left behind',
  run: async (state, out) => {
    const demo = need(state, 'demo')
    const failures = failedWrites(demo).slice(state.oldFailures.length).trim()
    out.prove('not one write of the application failed, from the first step to here', failures === '', failures)
    const restart = await timeOfRestart(demo)
    const down = [...state.downMs].map(([step, ms]) => `${step} ${duration(ms)}`).join(', ')
    out.fact('downtime', `${down}; a bare restart of the service, now: ${duration(restart)}`)
    await need(state, 'console')[Symbol.asyncDispose]()
    state.console = null
    await demo.stop()
    const left = processesWith('CVD_BACKUP_STATE', demo.state)
    out.prove(
      'no process of the site is left',
      left.length === 0 && (await demo.app.health()).status === 0,
      `${left.length} processes`,
    )
  },
}

/** The failed writes that the application has logged since the site was created; empty if none. */
function failedWrites(demo: DemoSite): string {
  const file = join(demo.root, 'logs', 'app-writes.log')
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

/** Milliseconds from stopping the service to its first healthy answer, as a baseline. */
async function timeOfRestart(demo: DemoSite): Promise<number> {
  const start = performance.now()
  await demo.app.stop()
  await demo.app.start()
  await demo.app.healthy()
  return performance.now() - start
}

function openConsole(demo: DemoSite) {
  const folder = join(demo.folder, 'walk')
  rmSync(folder, { recursive: true, force: true }) // of an earlier walk on a kept site: the console must be new
  const paths = systemPaths(folder)
  const log = fileLog({ file: paths.log, now: systemClock.now })
  const opened = createConsole({
    paths,
    log,
    secrets: new MemorySecrets(),
    clock: systemClock,
    identity: systemIdentity(),
  })
  if (!opened.ok) throw new Error(opened.error.message)
  return opened.value
}

function newSite(demo: DemoSite, accept: readonly string[]): NewSite {
  const { host, port, user, keyFile, root } = demo
  const target = { host, port, user, auth: { method: 'key' as const, keyFile }, jumps: [] }
  return { name: NAME, target, sudo: 'none', policy: { root, health: demo.app.healthUrl }, accept }
}
