/** What a user does on the desktop around the window: keys, close button, dialogs, notifications. */
import type { ElectronApplication } from 'playwright-core'
import { expect } from 'vitest'
import type { Desktop } from './desktop.ts'

/** Presses keys in the focused window, named as in xdotool: `ctrl+2`. */
export async function press(desktop: Desktop, ...keys: readonly string[]): Promise<void> {
  await desktop.run('xdotool', 'key', '--clearmodifiers', ...keys)
}

/** The titles of the visible windows. */
export async function titles(desktop: Desktop): Promise<readonly string[]> {
  const found = await desktop.ask('xdotool', 'search', '--onlyvisible', '--name', '', 'getwindowname', '%@')
  return found.split('\n').filter((title) => title !== '' && title !== 'Openbox')
}

/** Number of visible windows, including native dialogs, which have no title. */
export async function windows(desktop: Desktop): Promise<number> {
  const listed = await desktop.run('xprop', '-root', '_NET_CLIENT_LIST')
  return listed.match(/0x[0-9a-f]+/g)?.length ?? 0
}

/** Focuses the window with this title, like a click on it. */
export async function focus(desktop: Desktop, title: string): Promise<void> {
  await desktop.run('xdotool', 'search', '--sync', '--onlyvisible', '--name', title, 'windowactivate', '--sync')
}

export async function minimise(app: ElectronApplication): Promise<void> {
  await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.minimize())
  await expect.poll(() => shown(app)).toBe(false)
}

/** Whether a window of the console is visible. */
export function shown(app: ElectronApplication): Promise<boolean> {
  return app.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows().some((window) => window.isVisible() && !window.isMinimized()),
  )
}

export function isFocused(app: ElectronApplication): Promise<boolean> {
  return app.evaluate(({ BrowserWindow }) => BrowserWindow.getFocusedWindow() !== null)
}

export interface Shown {
  readonly title: string
  readonly body: string
}

/** All notifications so far, visible and closed, newest first. */
export async function notifications(desktop: Desktop): Promise<readonly Shown[]> {
  await desktop.run('dunstctl', 'close-all')
  const history = JSON.parse(await desktop.run('dunstctl', 'history')) as {
    data: [{ summary: { data: string }; body: { data: string } }[]]
  }
  return history.data[0].map(({ summary, body }) => ({ title: summary.data, body: body.data }))
}

/** Waits for a visible notification and clicks it. */
export async function clickNotification(desktop: Desktop): Promise<void> {
  await expect.poll(() => desktop.run('dunstctl', 'count', 'displayed')).toBe('1')
  await desktop.run('dunstctl', 'action', '0')
}
