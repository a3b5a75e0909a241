/** What the desktop adds to the console: windows, menu, tray, notifications, sleep, and the question before it ends. */
import { describe, expect, test } from 'vitest'
import type { EndedOperation } from '../../src-main/electron/activity.ts'
import { closeQuestion } from '../../src-main/electron/closing.ts'
import type { MenuEntry } from '../../src-main/electron/menu.ts'
import { notificationText } from '../../src-main/electron/notifications.ts'
import { trayText } from '../../src-main/electron/tray.ts'
import { destinations } from '../../src-shared/domain/destinations.ts'
import { event } from '../support/fake-electron.ts'
import { runningShell } from '../support/shell.ts'

const restore = { id: 'r-1', site: 'Depot North', what: 'Restore' }
const backup = { id: 'b-1', site: 'Depot South', what: 'Backup of the database' }
const done: EndedOperation = { ...restore, outcome: 'succeeded', message: 'All rows are there.' }

function find(entries: readonly MenuEntry[] | null | undefined, label: string): MenuEntry | undefined {
  return entries?.flatMap((one) => [one, ...(one.submenu ?? [])]).find((one) => one.label === label)
}

describe('ending while an operation runs', () => {
  test('is asked first, and Stay is the default', async () => {
    const shell = await runningShell({ answer: () => 1 })
    shell.activity.start(restore)
    expect(shell.window.close()).toBe(false)
    await expect.poll(() => shell.questions.length).toBe(1)
    expect(shell.questions[0]).toMatchObject({
      message: 'Restore is running on Depot North.',
      buttons: ['Quit', 'Stay'],
      defaultId: 1,
      cancelId: 1,
    })
    expect([shell.quits(), shell.counts.disposals]).toEqual([0, 0])
  })

  test('can be asked again after staying, and then ends in order', async () => {
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

  test('is asked once, however often one tries', async () => {
    const shell = await runningShell()
    shell.activity.start(restore)
    for (let time = 0; time < 3; time += 1) shell.runtime.app.quit()
    await expect.poll(() => shell.questions.length).toBe(1)
  })

  test('names what runs, or how many', () => {
    expect(closeQuestion([restore, backup]).message).toBe('2 operations are running.')
    expect(closeQuestion([restore]).detail).toMatch(/continues on the server/)
  })
})

test('ending with nothing to do asks nothing, and closes the store before the program', async () => {
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
  test('is shown when it has something to show', async () => {
    const { window } = await runningShell()
    expect(window.shown).toBe(0)
    window.emit('ready-to-show')
    expect(window.shown).toBe(1)
  })

  test('whose page dies is loaded again, three times in a minute', async () => {
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

test('the menu leads to every place that the page names', async () => {
  const { menus, window } = await runningShell()
  for (const { title, accelerator } of destinations) {
    const entry = find(menus.at(-1), title)
    expect(entry?.accelerator).toBe(accelerator)
    entry?.click?.()
  }
  const page = 'app://bundle/index.html'
  const places = ['', 'operations', 'audit', 'settings', 'add-site'].map((place) => `${page}#/${place}`)
  expect(window.urls).toEqual([page, ...places])
  expect(find(menus.at(-1), 'Edit')?.submenu?.map(({ role }) => role)).toContain('paste')
})

test('what the system draws is light or dark as the settings say, also when they change, and no longer than the shell', async () => {
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
  test('tells of an operation that has ended while nobody looked, and leads to it', async () => {
    const { activity, notifications, window } = await runningShell()
    activity.start(restore)
    activity.end(done)
    expect(notifications.map(({ options }) => options)).toEqual([
      { title: 'Done: Depot North', body: 'Restore. All rows are there.' },
    ])
    notifications[0]?.emit('click')
    expect(window.urls.at(-1)).toBe('app://bundle/index.html#/operations/r-1')
  })

  test('does not disturb whoever is looking', async () => {
    const { activity, notifications, window } = await runningShell()
    window.focused = true
    activity.end(done)
    expect(notifications).toEqual([])
  })

  test('cannot be made to say something else by a server', () => {
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
  test('is kept off while an operation runs, and only then', async () => {
    const { activity, blocks } = await runningShell()
    expect(blocks.size).toBe(0)
    activity.start(restore)
    activity.start(backup)
    expect(blocks.size).toBe(1)
    activity.end(done)
    expect(blocks.size).toBe(1)
    activity.end({ ...backup, outcome: 'failed', message: '' })
    expect(blocks.size).toBe(0)
  })

  test('ends with every link tried at once', async () => {
    const { power, counts } = await runningShell()
    power.emit('resume')
    expect(counts.probes).toBe(1)
  })
})

describe('the tray', () => {
  test('shows what runs and what came of the last, and leads there', async () => {
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

  test('counts', () => {
    expect(trayText(1, null)).toMatch(/1 operation is running$/)
    expect(trayText(2, null)).toMatch(/2 operations are running$/)
  })
})

test('quitting that the system asks for is decided the same way', async () => {
  const shell = await runningShell()
  shell.activity.start(restore)
  const quitting = event()
  shell.app.emit('before-quit', quitting)
  expect(quitting.prevented).toBe(true)
})
