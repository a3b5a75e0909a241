/** The whole job as a window does it: over the loopback host, on the demo site, using only the contract. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Application } from '../../src-main/app/application.ts'
import { type DemoSite, startDemoSite } from '../../src-main/demo/site.ts'
import { type LoopbackHost, startLoopbackHost } from '../../src-main/host/server.ts'
import type { Site } from '../../src-main/store/sites.ts'
import { type ConsoleContract, contract } from '../../src-shared/contract/index.ts'
import type { OperationView } from '../../src-shared/contract/operations.ts'
import type { CheckView } from '../../src-shared/contract/sites.ts'
import type { Result } from '../../src-shared/result.ts'
import { connect, type RpcClient } from '../../src-shared/rpc/connect.ts'
import { openApplication, until } from '../support/application.ts'
import { browserSocket } from '../support/carriers.ts'
import { fileFolder } from '../support/folder.ts'

const data = fileFolder()
let demo: DemoSite
let application: Application
let host: LoopbackHost
let admin: RpcClient<ConsoleContract>
let viewer: RpcClient<ConsoleContract>
let site = ''
let newest = ''

const window = (url: string) => connect({ contract, open: () => browserSocket(url), strict: true })
const NAME = 'Depot <b>North</b>'

function must<T>(result: Result<T>): T {
  if (result.ok) return result.value
  throw new Error(JSON.stringify(result.error))
}

const sql = (text: string) =>
  execFileSync('sqlite3', ['-cmd', '.timeout 10000', demo.database, text], { encoding: 'utf8' }).trim()

const target = () => ({
  host: demo.host,
  port: demo.port,
  user: demo.user,
  auth: { method: 'key' as const, keyFile: demo.keyFile },
  jumps: [],
})

function check(input: Parameters<typeof admin.calls.sites.check>[0]): Promise<CheckView> {
  return until<CheckView>(
    (observer) => admin.calls.sites.check(input, { ...observer, onEnd: () => {} }),
    (view) => !view.running,
  )
}

function ended(operation: string): Promise<OperationView> {
  return until<OperationView>(
    (observer) => viewer.calls.operation.watch({ operation }, observer),
    ({ row, report }) => row.state === 'ended' && report !== null,
  )
}

const states = ({ steps }: CheckView) => Object.fromEntries(steps.map(({ step, state }) => [step, state]))

beforeAll(async () => {
  demo = await startDemoSite()
  application = openApplication(data.folder)
  host = await startLoopbackHost({ pages: new Map(), session: application.session.bind(application) })
  admin = window(host.adminUrl)
  viewer = window(host.viewerUrl)
})

afterAll(async () => {
  admin?.close()
  viewer?.close()
  await host?.[Symbol.asyncDispose]()
  await application?.[Symbol.asyncDispose]()
  await demo?.stop()
  data.remove()
})

describe('a window', () => {
  test('checks the connection to a new site, and stops where the user must decide', async () => {
    const nowhere = await check({ target: { ...target(), port: 1 }, sudo: 'none' })
    expect(states(nowhere)).toMatchObject({ reach: 'failed', 'host-key': 'skipped' })
    const unknown = await check({ target: target(), sudo: 'none' })
    expect(states(unknown)).toMatchObject({ reach: 'passed', 'host-key': 'failed', login: 'waiting' })
    expect(unknown.hostKey).toMatchObject({ state: 'unknown', fingerprint: demo.hostKeyFingerprint })
    const accept = [demo.hostKeyFingerprint]
    const stranger = await check({ target: { ...target(), user: 'nobody' }, sudo: 'none', accept })
    expect(states(stranger)).toMatchObject({ 'host-key': 'passed', login: 'failed' })
    const found = await check({ target: target(), sudo: 'none', accept })
    expect(found).toMatchObject({ passed: true, failure: null })
    expect(states(found)).toMatchObject({ rights: 'passed', layout: 'passed', policy: 'passed' })
    // None of it was stored, not even the key.
    expect((await check({ target: target(), sudo: 'none' })).hostKey?.state).toBe('unknown')
  })

  test('adds it; a viewer sees it appear', async () => {
    const seen = until<{ sites: { name: string; inspectedAt: number | null }[] }>(
      (observer) => viewer.calls.sites.watch({}, observer),
      ({ sites }) => sites.some(({ name, inspectedAt }) => name === NAME && inspectedAt !== null),
    )
    const wanted = { name: NAME, target: target(), sudo: 'none' as const, accept: [demo.hostKeyFingerprint] }
    site = must(await admin.calls.sites.add(wanted)).site
    await seen
    expect(await admin.calls.sites.add({ ...wanted, name: 'Twin' })).toMatchObject({ error: { code: 'name-taken' } })
    expect(await viewer.calls.backups.make({ site })).toMatchObject({ error: { code: 'forbidden' } })
  })

  test('backs up, and the list and the verdict update by themselves', async () => {
    const listed = until<{ backups: { path: string; verdict: string }[] }>(
      (observer) => viewer.calls.backups.watch({ site }, observer),
      ({ backups }) => backups.length === 1,
    )
    const good = until<{ sites: { verdict: { state: string } }[] }>(
      (observer) => viewer.calls.sites.watch({}, observer),
      ({ sites }) => sites[0]?.verdict.state === 'good',
    )
    const { operation } = must(await admin.calls.backups.make({ site }))
    const view = await ended(operation)
    expect(view.row).toMatchObject({ outcome: 'succeeded', siteName: NAME, who: 'tester@desk' })
    expect(view.events.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['hello', 'step', 'result']))
    expect(view.report?.kind).toBe('backup')
    newest = (await listed).backups[0]?.path ?? ''
    expect(view.row.backup).toBe(newest)
    await good
  })

  test('looks inside a backup, holds it, and shows the commands', async () => {
    // Even if the console is refreshing at that moment.
    const looking = admin.calls.site.refresh({ site })
    must(await admin.calls.backups.hold({ site, path: newest, reason: 'kept for the test' }))
    const listed = await until<{ backups: { hold: boolean }[] }>(
      (observer) => viewer.calls.backups.watch({ site }, observer),
      () => true,
    )
    expect(listed.backups).toMatchObject([{ hold: true }])
    must(await looking)
    const shown = must(await viewer.calls.backup.show({ site, path: newest }))
    expect(shown.entry).toMatchObject({ hold: true, verdict: 'verified' })
    expect(shown.fingerprint?.tables.some(({ table }) => table === 'service_orders')).toBe(true)
    expect(shown.history.length).toBeGreaterThan(0)
    expect(shown.commands.map(({ command }) => command).join('\n')).toContain('PRAGMA integrity_check')
    expect(await viewer.calls.backup.show({ site, path: '/etc/passwd.db' })).toMatchObject({
      error: { code: 'not-found' },
    })
    const { operation } = must(await admin.calls.backups.verify({ site, which: { kind: 'paths', paths: [newest] } }))
    expect((await ended(operation)).report).toMatchObject({ kind: 'verify', backups: [{ verdict: 'verified' }] })
  })

  test('makes a backup of another kind, and shows what it holds', async () => {
    const { operation } = must(await admin.calls.backups.make({ site, kind: 'config' }))
    const { row, report } = await ended(operation)
    expect(row).toMatchObject({ title: 'Configuration backup', outcome: 'succeeded' })
    expect(row.backup).toContain('/app/cvd_config_')
    expect(report).toMatchObject({ kind: 'archive', report: { fingerprint: { members: 2 }, warnings: [] } })
    const shown = must(await viewer.calls.backup.show({ site, path: row.backup ?? '' }))
    expect(shown).toMatchObject({ fingerprint: null, archive: { kind: 'config', members: 2 } })
  })

  test('plans, restores behind a typed confirmation, and undoes it', async () => {
    expect(sql('SELECT count(*) FROM service_orders WHERE id <= 20')).toBe('20')
    sql('DELETE FROM service_orders WHERE id <= 20')
    const input = { site, path: newest }
    const planned = await until<{ state: string; planId: string | null; steps: unknown[]; plan: unknown }>(
      (observer) => admin.calls.restore.plan(input, observer),
      ({ state }) => state !== 'planning',
    )
    expect(planned).toMatchObject({ state: 'planned', plan: { possible: true } })
    const planId = planned.planId ?? ''
    // Left and reopened: the same plan, at once.
    const again = await until<{ planId: string | null }>(
      (observer) => admin.calls.restore.plan({ ...input, planId }, observer),
      () => true,
    )
    expect(again.planId).toBe(planId)
    const wrong = await admin.calls.restore.start({ planId, confirm: 'Depot', reason: 'test' })
    expect(wrong).toMatchObject({ error: { code: 'not-confirmed' } })
    expect(await admin.calls.restore.start({ planId, confirm: NAME, reason: ' ' })).toMatchObject({
      error: { code: 'not-confirmed' },
    })
    const { operation } = must(await admin.calls.restore.start({ planId, confirm: NAME, reason: 'rows were lost' }))
    expect(await admin.calls.restore.start({ planId, confirm: NAME, reason: 'again' })).toMatchObject({
      error: { code: 'plan-expired' },
    })
    const restored = await until<OperationView>(
      (observer) => viewer.calls.operation.watch({ operation }, observer),
      ({ undoable }) => undoable !== null,
    )
    expect(restored).toMatchObject({ undoable: true, row: { outcome: 'succeeded', reason: 'rows were lost' } })
    expect(sql('SELECT count(*) FROM service_orders WHERE id <= 20')).toBe('20')
    const undo = must(await admin.calls.restore.undo({ site, operation, confirm: NAME, reason: 'only a test' }))
    expect((await ended(undo.operation)).row.outcome).toBe('succeeded')
    expect(sql('SELECT count(*) FROM service_orders WHERE id <= 20')).toBe('0')
  })

  test('follows an operation through a lost connection', async () => {
    const { operation } = must(await admin.calls.backups.make({ site }))
    await until<OperationView>(
      (observer) => viewer.calls.operation.watch({ operation }, observer),
      ({ row }) => row.remote !== null,
    )
    demo.dropConnections()
    expect((await ended(operation)).row.outcome).toBe('succeeded')
  })

  test('keeps the last state of an unreachable site, with the reason', async () => {
    const found = must(await viewer.calls.operations.onServer({ site, limit: 50 }))
    expect(found.operations.map(({ command }) => command)).toEqual(
      expect.arrayContaining(['restore', 'undo', 'database']),
    )
    expect(found.operations.every(({ journal }) => journal !== null)).toBe(true)
    const { hosts } = must(await viewer.calls.settings.knownHosts({}))
    const own = hosts.filter(({ own: ours }) => ours)
    expect(own).toMatchObject([
      { host: `[127.0.0.1]:${demo.port}`, sites: [NAME], fingerprint: demo.hostKeyFingerprint },
    ])
    const label = own[0]?.host ?? ''
    expect(await admin.calls.settings.forgetHost({ host: label, confirm: 'x' })).toMatchObject({
      error: { code: 'not-confirmed' },
    })
    must(await admin.calls.settings.forgetHost({ host: label, confirm: label }))
    // A request during a refresh joins that refresh, which may have begun earlier.
    const look = () => admin.calls.site.refresh({ site })
    await expect.poll(look, { timeout: 20_000 }).toMatchObject({ error: { code: 'host-key-unknown' } })
    const view = await until<{ overview: { connection: { state: string } }; inspection: unknown }>(
      (observer) => viewer.calls.site.watch({ site }, observer),
      ({ overview }) => overview.connection.state === 'refused',
    )
    expect(view.inspection).not.toBeNull()
    must(await admin.calls.sites.edit({ site, accept: [demo.hostKeyFingerprint] }))
    must(await viewer.calls.site.refresh({ site }))
  })

  test('asks the user for a password, once, and never returns it', async () => {
    const byPassword = { ...target(), auth: { method: 'password' as const } }
    const asked = () =>
      until<{ prompts: { requestId: string; about: string }[] }>(
        (observer) => admin.calls.prompts.watch({}, observer),
        ({ prompts }) => prompts.length === 1,
      )
    const first = check({ target: byPassword, sudo: 'none', accept: [demo.hostKeyFingerprint] })
    const question = (await asked()).prompts[0]
    expect(question?.about).toContain(`${demo.user}@${demo.host}`)
    must(await admin.calls.prompts.answer({ requestId: question?.requestId ?? '', secret: 'wrong' }))
    expect(states(await first)).toMatchObject({ login: 'failed' })
    const second = check({ target: byPassword, sudo: 'none', accept: [demo.hostKeyFingerprint] })
    const requestId = (await asked()).prompts[0]?.requestId ?? ''
    must(await admin.calls.prompts.answer({ requestId, secret: demo.password }))
    expect(states(await second)).toMatchObject({ login: 'passed' })
    expect(await admin.calls.prompts.answer({ requestId, secret: 'x' })).toMatchObject({ error: { code: 'not-found' } })
    const kept = must(await admin.calls.settings.secrets({}))
    expect(kept.kept).toMatchObject([{ kind: 'password' }])
    expect(JSON.stringify(kept)).not.toContain(demo.password)
    must(await admin.calls.settings.forgetSecret({ id: kept.kept[0]?.id ?? '' }))
    expect(must(await admin.calls.settings.secrets({})).kept).toEqual([])
  })

  test('asks for a password only when the user opens the site', async () => {
    const auth = { method: 'password' as const }
    const end = () => application.console.context.links.close({ target: { ...target(), auth } })
    await end()
    const edit = admin.calls.sites.edit({ site, target: { ...target(), auth } })
    const asked = () =>
      until<{ prompts: { requestId: string; sites: string[] }[] }>(
        (observer) => admin.calls.prompts.watch({}, observer),
        ({ prompts }) => prompts.length === 1,
      )
    const first = (await asked()).prompts[0]
    must(await admin.calls.prompts.answer({ requestId: first?.requestId ?? '', secret: demo.password }))
    must(await edit)
    const kept = must(await admin.calls.settings.secrets({})).kept
    for (const { id } of kept) must(await admin.calls.settings.forgetSecret({ id }))
    await end()
    // An automatic refresh, as at the start.
    const refused = until<{ sites: { connection: { state: string; failure: { code: string } | null } }[] }>(
      (observer) => viewer.calls.sites.watch({}, observer),
      ({ sites }) => sites[0]?.connection.failure?.code === 'password-needed',
    )
    await application.fleet.refresh(application.console.context.store.sites.list()[0] as Site)
    expect((await refused).sites[0]?.connection.state).toBe('refused')
    const refresh = viewer.calls.site.refresh({ site })
    const question = (await asked()).prompts[0]
    expect(question?.sites).toEqual([NAME])
    must(await admin.calls.prompts.answer({ requestId: question?.requestId ?? '', secret: null }))
    expect(await refresh).toMatchObject({ error: { code: 'auth-failed' } })
    must(await admin.calls.sites.edit({ site, target: target() }))
  })

  test('removes the site when its name is typed', async () => {
    expect(await admin.calls.sites.remove({ site, confirm: 'Depot' })).toMatchObject({
      error: { code: 'not-confirmed' },
    })
    must(await admin.calls.sites.remove({ site, confirm: NAME }))
    await until<{ sites: unknown[] }>(
      (observer) => viewer.calls.sites.watch({}, observer),
      ({ sites }) => sites.length === 0,
    )
    expect(sql('SELECT 1')).toBe('1')
    expect(execFileSync('ls', [join(demo.root, 'backups')], { encoding: 'utf8' })).toContain('.db.gz')
  })
})
