/** The application's menu. Every entry has a system role or opens a page. */
import { destinations } from '../../src-shared/domain/destinations.ts'
import type { Place } from './places.ts'

export interface MenuEntry {
  readonly label?: string
  readonly role?: MenuRole
  readonly type?: 'separator'
  readonly accelerator?: string
  readonly enabled?: boolean
  readonly submenu?: MenuEntry[]
  readonly click?: () => void
}

type MenuRole =
  | 'about'
  | 'close'
  | 'copy'
  | 'cut'
  | 'front'
  | 'hide'
  | 'hideOthers'
  | 'minimize'
  | 'paste'
  | 'quit'
  | 'redo'
  | 'reload'
  | 'resetZoom'
  | 'selectAll'
  | 'services'
  | 'toggleDevTools'
  | 'togglefullscreen'
  | 'undo'
  | 'unhide'
  | 'zoom'
  | 'zoomIn'
  | 'zoomOut'

export interface MenuFacts {
  readonly platform: string
  readonly packaged: boolean
  readonly go: (place: Place) => void
  readonly openWindow: () => void
  readonly showLog: () => void
}

const line: MenuEntry = { type: 'separator' }
const roles = (...names: (MenuRole | '-')[]): MenuEntry[] => names.map((role) => (role === '-' ? line : { role }))

/** Entries for everyone and, with `admin`, for administrators. On macOS the settings are in the application's menu. */
function placesOf({ platform, go }: MenuFacts, admin: boolean): MenuEntry[] {
  return destinations
    .filter((one) => (one.admin ?? false) === admin && !(one.id === 'settings' && platform === 'darwin'))
    .map(({ id, title, accelerator }) => ({ label: title, accelerator, click: () => go({ kind: id }) }))
}

function applicationMenu({ go }: MenuFacts): MenuEntry {
  const settings = { label: 'Settings…', accelerator: 'Cmd+,', click: () => go({ kind: 'settings' }) }
  return {
    label: 'CVD Backup Console',
    submenu: [
      ...roles('about', '-'),
      settings,
      line,
      ...roles('services', '-', 'hide', 'hideOthers', 'unhide', '-', 'quit'),
    ],
  }
}

export function menuTemplate(facts: MenuFacts): MenuEntry[] {
  const { platform, packaged, openWindow, showLog } = facts
  const mac = platform === 'darwin'
  const another = { label: 'New window', accelerator: 'CmdOrCtrl+N', click: openWindow }
  const inspect: MenuEntry[] = packaged ? [] : [line, ...roles('reload', 'toggleDevTools')]
  return [
    ...(mac ? [applicationMenu(facts)] : []),
    {
      label: 'File',
      submenu: [another, ...placesOf(facts, true), line, ...(mac ? roles('close') : roles('close', '-', 'quit'))],
    },
    { label: 'Edit', submenu: roles('undo', 'redo', '-', 'cut', 'copy', 'paste', 'selectAll') },
    { label: 'Go', submenu: placesOf(facts, false) },
    { label: 'View', submenu: [...roles('resetZoom', 'zoomIn', 'zoomOut', '-', 'togglefullscreen'), ...inspect] },
    { label: 'Window', submenu: mac ? roles('minimize', 'zoom', '-', 'front') : roles('minimize') },
    { label: 'Help', submenu: [{ label: 'Show the log', click: showLog }, ...(mac ? [] : [line, ...roles('about')])] },
  ]
}
