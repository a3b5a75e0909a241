/** What the desktop adds to the console: windows, menu, tray, notifications, sleep prevention, and the quit question. */
import { describe, expect, test } from 'vitest'
import type { Ended, Running } from '../../src-main/electron/activity.ts'
import { closeQuestion } from '../../src-main/electron/closing.ts'
import type { MenuEntry } from '../../src-main/electron/menu.ts'
import { notificationText } from '../../src-main/electron/notifications.ts'
import { trayText } from '../../src-main/electron/tray.ts'
import { destinations } from '../../src-shared/domain/destinations.ts'
import { event } from '../support/fake-electron.ts'
import { runningShell } from '../support/shell.ts'

const operation = (id: string, site: string, what: string): Running => ({
  ...{ id, kind: 'operation', site, what },
  place: { kind: 'operation', id },
})
const restore = operation('r-1', 'Depot North', 'Restore')
const backup = operation('b-1', 'Depot South', 'Backup of the database')
const upload: Running = {
  ...{ id: 'u-1', kind: 'upload', site: 'Depot North', what: 'Upload of cvd_backup_20260131_120000.db.gz' },
  place: { kind: 'backups', id: 'n o' },
}
const done: Ended = { ...restore, outcome: 'succeeded', message: 'All rows are there.' }

function find(entries: readonly MenuEntry[] | null | undefined, label: string): MenuEntry | undefined {
  return entries?.flatMap((one) => [one, ...(one.submenu ?? [])]).find((one) => one.label === label)
}

describe('quitting while an operation runs', () => {
  test('asks first, with Stay as the default', async () => {
    const shell = await runningShell({ answer: () => 1 })
    shell.activity.start(restore)
    expect(shell.window.close()).toBe(false)
    await expect.poll(() => shell.questions.length).toBe(1)
    expect(shell.questions[0]).toMatchObject({
      message: 'Restore on Depot North is running.',
      buttons: ['Quit', 'Stay'],
      defaultId: 1,
      cancelId: 1,
    })
    expect([shell.quits(), shell.counts.disposals]).toEqual([0, 0])
  })

  test('can be chosen again after Stay, and then quits in order', async () => {
    const answers = [1, 0]
    const shell = await runningShell({ answer: () => answers.shift() ?? 1 })
    shell.activity.start(restore)
    shell.window.close()
    await expect.poll(() => shell.questions.length).toBe(1)
    await expect
      .poll(() => {
        shell.window.close()
        return shell.quits()
      })
      .toBe(1)
    expect([shell.questions.length, shell.counts.disposals, shell.tray.destroyed]).toEqual([2, 1, true])
    expect(shell.window.close()).toBe(true)
  })

  test('asks once, however often the user tries', async () => {
    const shell = await runningShell()
    shell.activity.start(restore)
    for (let time = 0; time < 3; time += 1) shell.runtime.app.quit()
    await expect.poll(() => shell.questions.length).toBe(1)
  })

  test('names the operation, or how many', () => {
    expect(closeQuestion([restore, backup]).message).toBe('2 operations are running.')
    expect(closeQuestion([restore]).detail).toMatch(/continues on the server/)
    expect(closeQuestion([restore]).detail).not.toMatch(/transfer/)
  })

  test('says that a transfer would stop, and an operation would not', async () => {
    const shell = await runningShell({ answer: () => 1 })
    shell.activity.start(upload)
    expect(shell.window.close()).toBe(false)
    await expect.poll(() => shell.questions.length).toBe(1)
    expect(shell.questions[0]).toMatchObject({
      message: 'Upload of cvd_backup_20260131_120000.db.gz to Depot North is running.',
      detail: expect.stringMatching(/^Quitting stops the transfer\. What has arrived is kept/),
    })
    const both = closeQuestion([restore, upload, { ...upload, id: 'u-2', kind: 'download' }])
    expect(both.message).toBe('1 operation and 2 transfers are running.')
    expect(both.detail).toMatch(/continues on the server.*Quitting stops the transfers\..*the same transfers go on/)
  })
})

test('quitting with nothing running asks nothing, and closes the store first', async () => {
  const shell = await runningShell()
  expect(shell.window.close()).toBe(false)
  await expect.poll(() => shell.quits()).toBe(1)
  expect([shell.questions, shell.counts.disposals]).toEqual([[], 1])
})

test('a second window closes without a question; on macOS the last one does too', async () => {
  const shell = await runningShell()
  shell.activity.start(restore)
  find(shell.menus.at(-1), 'New window')?.click?.()
  expect(shell.windows).toHaveLength(2)
  expect(shell.windows.map(({ options }) => options.name)).toEqual(['main', 'extra-1'])
  expect(shell.windows[1]?.close()).toBe(true)
  const mac = await runningShell({ platform: 'darwin' })
  mac.activity.start(restore)
  expect(mac.window.close()).toBe(true)
  mac.app.emit('activate')
  expect(mac.windows).toHaveLength(2)
})

describe('a window', () => {
  test('is shown once its page is ready', async () => {
    const { window } = await runningShell()
    expect(window.shown).toBe(0)
    window.emit('ready-to-show')
    expect(window.shown).toBe(1)
  })

  test('with a crashed page is reloaded, at most three times a minute', async () => {
    const clock = { now: 0 }
    const { window, warnings } = await runningShell({ now: () => clock.now })
    const die = () => window.webContents.emit('render-process-gone', {}, { reason: 'crashed' })
    for (let time = 0; time < 5; time += 1) die()
    expect(window.webContents.reloads).toBe(3)
    expect(warnings).toHaveLength(5)
    clock.now = 120_000
    die()
    expect(window.webContents.reloads).toBe(4)
    window.webContents.emit('render-process-gone', {}, { reason: 'clean-exit' })
    expect(window.webContents.reloads).toBe(4)
  })
})

test('the menu opens every page', async () => {
  const { menus, window } = await runningShell()
  for (const { title, accelerator } of destinations) {
    const entry = find(menus.at(-1), title)
    expect(entry?.accelerator).toBe(accelerator)
    entry?.click?.()
  }
  const page = 'app://bundle/index.html'
  const places = ['', 'alerts', 'operations', 'audit', 'settings', 'add-site'].map((place) => `${page}#/${place}`)
  expect(window.urls).toEqual([page, ...places])
  expect(find(menus.at(-1), 'Edit')?.submenu?.map(({ role }) => role)).toContain('paste')
})

test('system-drawn parts follow the appearance setting and its changes, until the shell ends', async () => {
  const shell = await runningShell()
  expect(shell.themes).toEqual(['system'])
  shell.theme.choose('dark')
  expect(shell.themes).toEqual(['system', 'dark'])
  shell.window.close()
  await expect.poll(() => shell.counts.disposals).toBe(1)
  shell.theme.choose('light')
  expect(shell.themes).toEqual(['system', 'dark'])
})

describe('a notification', () => {
  test('reports an operation that ended while no window was visible, and opens it', async () => {
    const { activity, notifications, window } = await runningShell()
    activity.start(restore)
    activity.end(done)
    expect(notifications.map(({ options }) => options)).toEqual([
      { title: 'Done: Depot North', body: 'Restore. All rows are there.' },
    ])
    notifications[0]?.emit('click')
    expect(window.urls.at(-1)).toBe('app://bundle/index.html#/operations/r-1')
  })

  test('reports a transfer that ended, and opens the backups of its site', async () => {
    const { activity, notifications, window } = await runningShell()
    activity.start(upload)
    activity.end({ ...upload, outcome: 'failed', message: 'The disk of the server is full.' })
    expect(notifications.map(({ options }) => options)).toEqual([
      { title: 'Failed: Depot North', body: `${upload.what}. The disk of the server is full.` },
    ])
    notifications[0]?.emit('click')
    expect(window.urls.at(-1)).toBe('app://bundle/index.html#/sites/n%20o/backups')
  })

  test('is not shown while a window is visible', async () => {
    const { activity, notifications, window } = await runningShell()
    window.focused = true
    activity.end(done)
    expect(notifications).toEqual([])
  })

  test('cannot be forged by a server', () => {
    const text = notificationText({
      ...done,
      outcome: 'failed',
      site: 'A\u202eB',
      message: `x\n\u0007y${'z'.repeat(999)}`,
    })
    expect(text.title).toBe('Failed: A B')
    expect(text.body).toMatch(/^Restore\. x yz+$/)
    expect(text.body.length).toBe(300)
  })
})

describe('sleep', () => {
  test('is prevented while an operation runs, and only then', async () => {
    const { activity, blocks } = await runningShell()
    expect(blocks.size).toBe(0)
    activity.start(restore)
    activity.start(backup)
    expect(blocks.size).toBe(1)
    activity.end(done)
    expect(blocks.size).toBe(1)
    activity.end({ ...backup, outcome: 'failed', message: '' })
    expect(blocks.size).toBe(0)
    activity.start(upload)
    expect(blocks.size).toBe(1)
    activity.end({ ...upload, outcome: 'cancelled', message: '' })
    expect(blocks.size).toBe(0)
  })

  test('ends with a probe of every link', async () => {
    const { power, counts } = await runningShell()
    power.emit('resume')
    expect(counts.probes).toBe(1)
  })
})

describe('the tray', () => {
  test('shows what runs and the last outcome, and opens it', async () => {
    const { activity, tray, window } = await runningShell()
    expect(tray.text).toBe('CVD Backup Console: nothing is running')
    activity.start(restore)
    expect(find(tray.entries, 'Depot North: Restore')).toBeDefined()
    find(tray.entries, 'Depot North: Restore')?.click?.()
    expect(window.urls.at(-1)).toBe('app://bundle/index.html#/operations/r-1')
    activity.end(done)
    expect(tray.text).toBe('CVD Backup Console: nothing is running; last: Restore on Depot North, succeeded')
    expect(find(tray.entries, 'Nothing is running')?.enabled).toBe(false)
  })

  test('shows the number of operations', () => {
    expect(trayText([restore], null)).toMatch(/1 operation is running$/)
    expect(trayText([restore, backup], null)).toMatch(/2 operations are running$/)
    expect(trayText([restore, upload], null)).toMatch(/1 operation and 1 transfer are running$/)
  })
})

test('quitting requested by the system is handled the same way', async () => {
  const shell = await runningShell()
  shell.activity.start(restore)
  const quitting = event()
  shell.app.emit('before-quit', quitting)
  expect(quitting.prevented).toBe(true)
})
