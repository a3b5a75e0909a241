/** Transfers of the desktop window: where people choose folder and file, and pages name neither. */
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Application } from '../../src-main/app/application.ts'
import { type DemoSite, startDemoSite } from '../../src-main/demo/site.ts'
import type { Ended } from '../../src-main/electron/activity.ts'
import { activityOf } from '../../src-main/electron/activity-of.ts'
import { addSite } from '../../src-main/operations/add-site.ts'
import type { ConsoleContract } from '../../src-shared/contract/index.ts'
import type { Transfer } from '../../src-shared/contract/transfers.ts'
import { encodePath } from '../../src-shared/domain/backup-path.ts'
import type { Result } from '../../src-shared/result.ts'
import type { RpcClient } from '../../src-shared/rpc/connect.ts'
import { openApplication, until, windowOf } from '../support/application.ts'
import { fileFolder, scratchFolder } from '../support/folder.ts'

const data = fileFolder()
const bytes = randomBytes(3_000_000)
/** What the person chooses next; null closes the dialog. */
let choice: string | null = null
const asked: string[] = []
let demo: DemoSite
let application: Application
let admin: RpcClient<ConsoleContract>
let site = ''

function must<T>(result: Result<T>): T {
  if (result.ok) return result.value
  throw new Error(JSON.stringify(result.error))
}

beforeAll(async () => {
  demo = await startDemoSite({ appStartMs: 50 })
  application = openApplication(data.folder, undefined, {
    folder: async (name) => {
      asked.push(name)
      return choice
    },
    file: async () => choice,
  })
  admin = windowOf(application)
  const target = { host: demo.host, port: demo.port, user: demo.user, jumps: [] }
  const added = await addSite(application.console.context, {
    name: 'Depot',
    target: { ...target, auth: { method: 'key', keyFile: demo.keyFile } },
    sudo: 'none',
    policy: { root: demo.root, health: demo.app.healthUrl },
    accept: [demo.hostKeyFingerprint],
  })
  site = must(added).site.id
  writeFileSync(join(demo.root, 'backups/big.db'), bytes)
})
afterAll(async () => {
  admin?.close()
  await application?.[Symbol.asyncDispose]()
  await demo?.stop()
  data.remove()
})

async function ended(id: string | null): Promise<Transfer> {
  const found = (transfers: readonly Transfer[]) => transfers.find((one) => one.id === id && one.state !== 'running')
  const state = await until<{ transfers: Transfer[] }>(
    (observer) => admin.calls.transfers.watch({}, observer),
    ({ transfers }) => found(transfers) !== undefined,
  )
  return found(state.transfers) as Transfer
}

const download = async () =>
  must(await admin.calls.transfers.download({ site, path: encodePath(join(demo.root, 'backups/big.db')) })).transfer

test('a download goes to the chosen folder, and never over another file', async () => {
  choice = scratchFolder()
  const file = join(choice, 'big.db')
  expect(await ended(await download())).toMatchObject({
    state: 'ended',
    outcome: 'succeeded',
    file,
    total: bytes.length,
  })
  expect(asked).toEqual(['big.db'])
  expect(readFileSync(file).equals(bytes)).toBe(true)
  writeFileSync(file, 'precious')
  const refused = await ended(await download())
  expect(refused.failure).toMatchObject({ code: 'name-taken', next: expect.stringContaining('another folder') })
  expect(readFileSync(file, 'utf8')).toBe('precious')
  // Nothing is kept for a browser.
  expect(existsSync(join(data.folder, 'console/transfers'))).toBe(false)
})

test('an upload sends the chosen file, and its failure is final where it is not a backup', async () => {
  choice = join(scratchFolder(), 'cvd_backup_20260101_120000.db')
  writeFileSync(choice, bytes)
  const done = await ended(must(await admin.calls.transfers.upload({ site })).transfer)
  expect(done).toMatchObject({ outcome: 'succeeded', basis: 'server', name: 'cvd_backup_20260101_120000.db' })
  expect(readFileSync(join(demo.root, 'backups/cvd_backup_20260101_120000.db')).equals(bytes)).toBe(true)
  choice = join(scratchFolder(), 'holiday.txt')
  writeFileSync(choice, 'x')
  const refused = await ended(must(await admin.calls.transfers.upload({ site })).transfer)
  expect(refused).toMatchObject({ outcome: 'failed', repeatable: false, failure: { code: 'not-a-backup' } })
})

test('a transfer is known to what keeps the computer awake, asks before quitting, and notifies, until it has ended', async () => {
  const { context, runner } = application.console
  const activity = activityOf(context, runner, application.transfers)
  const told: (readonly [number, Ended | null])[] = []
  const stop = activity.subscribe((end) => told.push([activity.running().length, end]))
  choice = join(scratchFolder(), 'cvd_backup_20260103_120000.db')
  writeFileSync(choice, bytes)
  const { transfer: id } = must(await admin.calls.transfers.upload({ site }))
  expect(activity.running()).toEqual([
    {
      ...{ id, kind: 'upload', site: 'Depot', what: 'Upload of cvd_backup_20260103_120000.db' },
      place: { kind: 'backups', id: site },
    },
  ])
  await ended(id)
  // Once at its beginning and once at its end, not with each step of its progress.
  expect(told).toEqual([
    [1, null],
    [0, expect.objectContaining({ id, outcome: 'succeeded', message: 'The server has read it back.' })],
  ])
  // Another file under a name that is taken.
  writeFileSync(choice, 'x')
  const again = await ended(must(await admin.calls.transfers.upload({ site })).transfer)
  expect(told.at(-1)?.[1]).toMatchObject({ outcome: 'failed', message: again.failure?.message })
  stop()
})

test('where nobody chooses, nothing happens; a page has no way to name a place', async () => {
  choice = null
  const before = readdirSync(join(demo.root, 'backups'))
  expect(await download()).toBeNull()
  expect(must(await admin.calls.transfers.upload({ site })).transfer).toBeNull()
  const file = { name: 'cvd_backup_20260102_120000.db', size: 3, modifiedAt: 1 }
  expect(await admin.calls.transfers.receive({ site, ...file })).toMatchObject({ error: { code: 'unsupported' } })
  const named = { site, path: '/opt/x.db', folder: '/etc' }
  expect(await admin.calls.transfers.download(named)).toMatchObject({ error: { code: 'invalid-input' } })
  expect(readdirSync(join(demo.root, 'backups'))).toEqual(before)
})
