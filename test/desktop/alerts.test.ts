/** Alerts outside of the windows: tray, badge, and a notification that is never a flood. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { GATHER, noticeText, PAUSE } from '../../src-main/electron/alert-notices.ts'
import { type OpenAlert, openWords, placeOfAlerts } from '../../src-main/electron/alerts.ts'
import { toneOf } from '../../src-main/electron/tray.ts'
import { marked } from '../../src-main/electron/tray-mark.ts'
import { runningShell } from '../support/shell.ts'

function alert(siteId: string, id: string, more: Partial<OpenAlert> = {}): OpenAlert {
  const site = `Depot ${siteId}`
  return { id: `${siteId} ${id}`, siteId, site, severity: 'error', evidence: `${id}.`, quiet: false, ...more }
}
const asked = new Set(['n', 's'])
const old = alert('n', 'No backup for 5 hours')
const fresh = alert('n', 'The disk is full')
const other = alert('s', 'A verification failed')
const warning = alert('s', 'The disk lasts 9 days', { severity: 'warning' })

describe('a notification', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'], now: 1_000_000 }))
  afterEach(() => void vi.useRealTimers())

  /** A shell whose sites were asked, with one old error. */
  async function watching() {
    const shell = await runningShell({ now: () => Date.now() })
    const told = () => shell.notifications.map(({ options }) => `${options.title} | ${options.body}`)
    shell.alerts.become({ asked, open: [old] })
    return { ...shell, told }
  }

  test('tells a new error once, and opens it', async () => {
    const { alerts, notifications, told, window } = await watching()
    alerts.become({ open: [old, fresh] })
    alerts.become({ open: [old, fresh] })
    vi.advanceTimersByTime(GATHER)
    alerts.become({ open: [old, fresh] })
    vi.advanceTimersByTime(PAUSE * 3)
    expect(told()).toEqual(['Alert: Depot n | The disk is full.'])
    notifications[0]?.emit('click')
    expect(window.urls.at(-1)).toBe('app://bundle/index.html#/sites/n/alerts')
  })

  test('is not shown for what was there when a site was first asked', async () => {
    const { alerts, told } = await watching()
    // Known from the last run of the console, and asked only now.
    alerts.become({ open: [old, alert('late', 'x')] })
    alerts.become({ open: [old, alert('late', 'x'), alert('late', 'y')], asked: new Set([...asked, 'late']) })
    vi.advanceTimersByTime(PAUSE)
    expect(told()).toEqual([])
    alerts.become({ open: [old, alert('late', 'x'), alert('late', 'y'), alert('late', 'z')] })
    vi.advanceTimersByTime(PAUSE)
    expect(told()).toEqual(['Alert: Depot late | z.'])
  })

  test('is one for many, and the next one waits', async () => {
    const { alerts, notifications, told, window } = await watching()
    const many = Array.from({ length: 30 }, (_, index) => alert(index % 2 ? 'n' : 's', `E${index}`))
    for (let count = 1; count <= 30; count += 1) {
      alerts.become({ open: many.slice(0, count) })
      vi.advanceTimersByTime(100)
    }
    vi.advanceTimersByTime(GATHER)
    expect(told()).toEqual(['30 new alerts | Depot s: E0.\nDepot n: E1.\nDepot s: E2.\nand 27 more'])
    notifications[0]?.emit('click')
    expect(window.urls.at(-1)).toBe('app://bundle/index.html#/alerts')
    window.focused = false
    alerts.become({ open: [...many, fresh] })
    vi.advanceTimersByTime(GATHER)
    expect(told()).toHaveLength(1)
    vi.advanceTimersByTime(PAUSE)
    expect(told().slice(1)).toEqual(['Alert: Depot n | The disk is full.'])
  })

  test('is not shown for warnings, for what is acknowledged or over, nor to somebody who looks', async () => {
    const { alerts, told, window } = await watching()
    alerts.become({ open: [old, warning, { ...other, quiet: true }] })
    vi.advanceTimersByTime(PAUSE)
    alerts.become({ open: [old, fresh] })
    alerts.become({ open: [old] })
    vi.advanceTimersByTime(PAUSE)
    window.focused = true
    alerts.become({ open: [old, fresh] })
    vi.advanceTimersByTime(PAUSE)
    expect(told()).toEqual([])
    window.focused = false
    // Its acknowledgement has ended.
    alerts.become({ open: [old, fresh, other] })
    vi.advanceTimersByTime(PAUSE)
    expect(told()).toEqual(['Alert: Depot s | A verification failed.'])
  })

  test('ends with the shell', async () => {
    const { alerts, told, window, quits } = await watching()
    alerts.become({ open: [old, fresh] })
    window.close()
    await vi.waitFor(() => expect(quits()).toBe(1))
    vi.advanceTimersByTime(PAUSE)
    expect(told()).toEqual([])
  })

  test('cannot be forged by a server', () => {
    const { title, body } = noticeText([alert('a\u202eb', 'x\ny'), alert('c', 'z'.repeat(400)), alert('d', 'e')])
    expect([title, body.split('\n').length]).toEqual(['3 new alerts', 3])
    expect(body).toMatch(/^Depot a b: x y\.\nDepot c: z{80}/)
  })
})

test('the badge counts the errors that nobody has acknowledged', async () => {
  const { alerts, badges } = await runningShell()
  expect(badges).toEqual([0])
  alerts.become({ asked, open: [old, fresh, warning, { ...other, quiet: true }] })
  alerts.become({ open: [] })
  expect(badges).toEqual([0, 2, 0])
})

test('the tray shows the worst state in its icon, in words, and where to see it', async () => {
  const { alerts, tray, window } = await runningShell()
  expect([tray.tone, tray.text]).toEqual(['calm', 'CVD Backup Console: nothing is running'])
  alerts.become({
    verdict: { state: 'attention', sentence: 'Depot s needs attention.' },
    open: [other, warning, { ...old, quiet: true }],
  })
  expect([tray.tone, tray.text]).toEqual(['bad', 'CVD Backup Console: 1 error and 1 warning; nothing is running'])
  const entry = (label: string) => tray.entries.find((one) => one.label === label)
  entry('Alerts: 1 error and 1 warning')?.click?.()
  expect(window.urls.at(-1)).toBe('app://bundle/index.html#/sites/s/alerts')
  entry('Depot s needs attention.')?.click?.()
  expect(window.urls.at(-1)).toBe('app://bundle/index.html#/')
  const good = { state: 'good', sentence: '' } as const
  expect(toneOf({ verdict: good, open: [warning], asked })).toBe('warn')
  expect(toneOf({ verdict: good, open: [{ ...old, quiet: true }], asked })).toBe('calm')
  expect(toneOf({ verdict: { ...good, state: 'bad' }, open: [], asked })).toBe('bad')
})

test('alerts of one site are shown there, those of several together', () => {
  expect([placeOfAlerts([old, fresh]), placeOfAlerts([old, other]), placeOfAlerts([])]).toEqual([
    { kind: 'site-alerts', id: 'n' },
    { kind: 'alerts' },
    { kind: 'alerts' },
  ])
  expect([openWords([]), openWords([old, fresh]), openWords([warning])]).toEqual(['', '2 errors', '1 warning'])
})

test('the dot on the icon keeps the rest of it', () => {
  const white = new Uint8Array(16 * 16 * 4).fill(0xff)
  expect(marked(white, 16, 'calm')).toEqual(white)
  const bad = marked(white, 16, 'bad')
  const at = (x: number, y: number) => [...bad.slice((y * 16 + x) * 4, (y * 16 + x) * 4 + 4)]
  expect([at(0, 0), at(11, 11), at(15, 0)]).toEqual([
    [255, 255, 255, 255],
    [0x38, 0x30, 0xd8, 255],
    [255, 255, 255, 255],
  ])
  expect(marked(white, 16, 'warn')).not.toEqual(bad)
})
