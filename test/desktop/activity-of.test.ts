/** Which operations keep the computer awake and cause the quit question. */
import { expect, onTestFinished, test } from 'vitest'
import { activityOf } from '../../src-main/electron/activity-of.ts'
import { openConsole } from '../support/console.ts'
import { scratchFolder } from '../support/folder.ts'

test('operations left by another run of the console are not waited for', () => {
  const { context, runner, [Symbol.asyncDispose]: dispose } = openConsole(scratchFolder())
  onTestFinished(() => dispose())
  const target = { host: '127.0.0.1', port: 1, user: 'nobody', auth: { method: 'agent' as const }, jumps: [] }
  const pinned = { root: '/opt/cvd', hostName: 'north', machineId: 'm', createdAt: 1, updatedAt: 1 }
  const site = { id: 'north', name: 'North', colour: 'teal', target, sudo: 'none' as const, ...pinned }
  context.store.sites.insert(site)
  const row = { id: 'left', siteId: site.id, command: 'restore', request: ['restore'], who: '', reason: '' }
  context.store.operations.insert({ ...row, createdAt: 1 })
  context.store.operations.running('left', 'remote')
  const own = runner.start({ site, request: ['database'], reason: '' })
  const transfers = { list: () => [], subscribe: () => () => undefined }
  const running = activityOf(context, runner, transfers).running()
  expect(running).toMatchObject([{ id: own.id, kind: 'operation', site: 'North', what: 'Database backup' }])
})
