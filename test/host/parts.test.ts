/** Plans of some parts of a system backup, as a window makes and starts them. */
import { appendFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Application } from '../../src-main/app/application.ts'
import { type DemoSite, startDemoSite } from '../../src-main/demo/site.ts'
import { makeBackup } from '../../src-main/operations/make-backup.ts'
import type { Site } from '../../src-main/store/sites.ts'
import type { ConsoleContract } from '../../src-shared/contract/index.ts'
import type { OperationView } from '../../src-shared/contract/operations.ts'
import type { PlanView } from '../../src-shared/contract/restore.ts'
import { archiveReport } from '../../src-shared/domain/kit-backups.ts'
import type { SitePart } from '../../src-shared/domain/restored-parts.ts'
import type { RpcClient } from '../../src-shared/rpc/connect.ts'
import { openApplication, until, windowOf } from '../support/application.ts'
import { knowSite, machineAt } from '../support/console.ts'
import { fileFolder } from '../support/folder.ts'
import { must } from '../support/server-desk.ts'

const data = fileFolder()
let demo: DemoSite
let application: Application
let window: RpcClient<ConsoleContract>
let site: Site
let path: string

beforeAll(async () => {
  demo = await startDemoSite({ appStartMs: 50 })
  application = openApplication(data.folder)
  const { console } = application
  const known = await knowSite(console, demo)
  site = { ...known, machineId: await machineAt(console, known) }
  console.context.store.sites.update(site)
  const made = await console.runner.settled(must(await makeBackup(console.context, console.runner, site, 'system')).id)
  path = archiveReport.parse(made.data).backup.path
  window = windowOf(application)
})
afterAll(async () => {
  window?.close()
  await application?.[Symbol.asyncDispose]()
  await demo?.stop()
  data.remove()
})

const planOf = (fits: (view: PlanView) => boolean, more: { parts?: SitePart[]; planId?: string }): Promise<PlanView> =>
  until<PlanView>((observer) => window.calls.restore.plan({ site: site.id, path, ...more }, observer), fits)
const made = ({ state }: PlanView) => state !== 'planning'
const partsIn = ({ plan }: PlanView) => plan?.parts.map(({ part }) => part)

test('a plan of other parts is another plan, and their order makes none', async () => {
  const some = await planOf(made, { parts: ['nginx', 'config'] })
  expect([some.state, partsIn(some)]).toEqual(['planned', ['config', 'nginx']])
  const others = await planOf(made, { parts: ['application', 'database'] })
  expect(partsIn(others)).toEqual(['database', 'application'])
  // The service uses both, and is named once.
  expect(others.plan?.holders.map(({ service }) => service)).toEqual(['cvd'])
  // Asked for by its id, each is there at once, and only for its own parts.
  const planId = some.planId ?? ''
  expect((await planOf(() => true, { parts: ['config', 'nginx'], planId })).planId).toBe(planId)
  const again = await planOf(() => true, { parts: ['database', 'application'], planId })
  expect(again.planId).not.toBe(planId)
})

test('a plan that is being made is shared only by those who want the same parts', async () => {
  const [one, same, other] = await Promise.all([
    planOf(() => true, { parts: ['config', 'systemd'] }),
    planOf(() => true, { parts: ['systemd', 'config'] }),
    planOf(made, { parts: ['config'] }),
  ])
  expect(same.startedAt).toBe(one.startedAt)
  expect(partsIn(other)).toEqual(['config'])
  expect(partsIn(await planOf(made, { parts: ['config', 'systemd'] }))).toEqual(['config', 'systemd'])
})

test('what was planned is started, and no part more', async () => {
  const env = join(demo.root, 'config/.env')
  appendFileSync(env, 'MAIL_SERVER=nowhere\n')
  rmSync(demo.nginxSite)
  const { planId } = await planOf(made, { parts: ['config'] })
  const answer = await window.calls.restore.start({ planId: planId ?? '', confirm: site.name, reason: 'test' })
  const { operation } = must(answer)
  const { row, report } = await until<OperationView>(
    (observer) => window.calls.operation.watch({ operation }, observer),
    (view) => view.row.state === 'ended' && view.report !== null,
  )
  expect([row.title, row.outcome]).toEqual(['System restore', 'succeeded'])
  expect(report?.kind === 'restore' && report.report.parts.map(({ part }) => part)).toEqual(['config'])
  const entry = application.console.context.store.operations.byId(operation)
  expect(entry?.request).toEqual(expect.arrayContaining(['--parts', 'config']))
})

test('an unknown part, or none, is refused by the contract', async () => {
  for (const parts of [['kernel'], []] as unknown as SitePart[][]) {
    const failure = await new Promise((resolve) =>
      window.calls.restore.plan({ site: site.id, path, parts }, { onState: resolve, onEnd: resolve }),
    )
    expect(failure).toMatchObject({ code: 'invalid-input' })
  }
})
