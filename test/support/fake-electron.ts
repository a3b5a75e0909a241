/** A fake Electron as the shell sees it: does what it is told, and records the order of calls. */
import { EventEmitter } from 'node:events'
import type { Activity, Ended, Running } from '../../src-main/electron/activity.ts'
import type { Alarm, Alerts } from '../../src-main/electron/alerts.ts'
import type { MessageBoxOptions } from '../../src-main/electron/dialogs.ts'
import type { MenuEntry } from '../../src-main/electron/menu.ts'
import type { Frame, MainPort, PageSession } from '../../src-main/electron/runtime.ts'
import type { Runtime } from '../../src-main/electron/shell.ts'
import type { WindowOptions } from '../../src-main/electron/windows.ts'

/** A preventable event with extra members. */
export function event<T extends object>(facts: T = {} as T) {
  const made = {
    ...facts,
    prevented: false,
    preventDefault: () => {
      made.prevented = true
    },
  }
  return made
}

export class FakeContents extends EventEmitter {
  opener: (() => { action: 'deny' }) | null = null
  reloads = 0

  readonly id: number

  constructor(id: number) {
    super()
    this.id = id
  }

  setWindowOpenHandler(handler: () => { action: 'deny' }): void {
    this.opener = handler
  }

  reload(): void {
    this.reloads += 1
  }
}

export class FakeWindow extends EventEmitter {
  readonly webContents: FakeContents
  readonly urls: string[] = []
  focused = false
  minimized = false
  shown = 0

  readonly options: WindowOptions

  constructor(options: WindowOptions, id: number) {
    super()
    this.options = options
    this.webContents = new FakeContents(id)
  }

  async loadURL(url: string): Promise<void> {
    this.urls.push(url)
  }

  show(): void {
    this.shown += 1
  }

  focus(): void {
    this.focused = true
  }

  restore(): void {
    this.minimized = false
  }

  isMinimized(): boolean {
    return this.minimized
  }

  isFocused(): boolean {
    return this.focused
  }

  /** The user clicks the window's close button; true if the window has closed. */
  close(): boolean {
    const closing = event()
    this.emit('close', closing)
    if (!closing.prevented) this.emit('closed')
    return !closing.prevented
  }
}

export class FakePort extends EventEmitter implements MainPort {
  closed = false
  postMessage(): void {}
  start(): void {}
  close(): void {
    this.closed = true
  }
}

/** Records every handler, including replaced ones. */
export class FakeSession extends EventEmitter {
  readonly set: Record<string, unknown[]> = {}
  beforeRequest: ((details: { url: string }, callback: (answer: { cancel: boolean }) => void) => void) | null = null
  readonly webRequest = {
    onBeforeRequest: (listener: NonNullable<FakeSession['beforeRequest']>) => {
      this.beforeRequest = listener
    },
  }
  #keep(name: string, value: unknown): void {
    this.set[name] = [...(this.set[name] ?? []), value]
  }
  setPermissionRequestHandler(handler: unknown): void {
    this.#keep('permissionRequest', handler)
  }
  setPermissionCheckHandler(handler: unknown): void {
    this.#keep('permissionCheck', handler)
  }
  setDevicePermissionHandler(handler: unknown): void {
    this.#keep('devicePermission', handler)
  }
  setDisplayMediaRequestHandler(handler: unknown): void {
    this.#keep('displayMedia', handler)
  }
  setBluetoothPairingHandler(handler: unknown): void {
    this.#keep('bluetooth', handler)
  }
  setSpellCheckerEnabled(enabled: boolean): void {
    this.#keep('spellChecker', enabled)
  }
  /** The last handler set for a name. */
  last<F>(name: string): F {
    return this.set[name]?.at(-1) as F
  }
  cancels(url: string): boolean {
    let cancelled = false
    this.beforeRequest?.({ url }, ({ cancel }) => {
      cancelled = cancel
    })
    return cancelled
  }
}

export class FakeActivity implements Activity {
  readonly now: Running[] = []
  readonly #listeners = new Set<(ended: Ended | null) => void>()

  running(): readonly Running[] {
    return this.now
  }

  subscribe(listener: (ended: Ended | null) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  start(operation: Running): void {
    this.now.push(operation)
    this.#notify(null)
  }

  end(ended: Ended): void {
    this.now.splice(0, this.now.length, ...this.now.filter(({ id }) => id !== ended.id))
    this.#notify(ended)
  }

  #notify(ended: Ended | null): void {
    for (const listener of this.#listeners) listener(ended)
  }
}

export class FakeAlerts implements Alerts {
  current: Alarm = { verdict: { state: 'good', sentence: 'All is well.' }, open: [], asked: new Set() }
  readonly #listeners = new Set<() => void>()

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  become(change: Partial<Alarm>): void {
    this.current = { ...this.current, ...change }
    for (const listener of this.#listeners) listener()
  }
}

export class FakeNotification extends EventEmitter {
  readonly options: { title: string; body: string }

  constructor(options: { title: string; body: string }) {
    super()
    this.options = options
  }
  show(): void {}
}

export interface FakeElectronOptions {
  readonly packaged?: boolean
  /** Whether no other instance runs. */
  readonly alone?: boolean
  /** The button that the user presses in a message box. */
  readonly answer?: () => number
  readonly backend?: string
}

/** A runtime that records every call, in order, in `order`. */
export function fakeElectron({
  packaged = false,
  alone = true,
  answer = () => 1,
  backend = 'gnome_libsecret',
}: FakeElectronOptions = {}) {
  const order: string[] = []
  const done = (what: string) => void order.push(what)
  const ready = Promise.withResolvers<void>()
  const app = new EventEmitter()
  const ipc = new EventEmitter()
  const power = new EventEmitter()
  const session = new FakeSession()
  const windows: FakeWindow[] = []
  const questions: MessageBoxOptions[] = []
  const errors: string[] = []
  const menus: (MenuEntry[] | null)[] = []
  const themes: string[] = []
  const notifications: FakeNotification[] = []
  const blocks = new Set<number>()
  const badges: number[] = []
  const tray = { text: '', tone: '', entries: [] as MenuEntry[], destroyed: false, emitter: new EventEmitter() }
  const schemes: { scheme: string; privileges: Record<string, boolean> }[][] = []
  const handlers = new Map<string, (request: { url: string; method: string }) => Response | Promise<Response>>()
  let quits = 0
  const quit = () => {
    const asking = event()
    app.emit('before-quit', asking)
    if (asking.prevented) return
    quits += 1
    done('quit')
  }
  const runtime: Runtime<FakeWindow, FakePort> = {
    app: Object.assign(app, {
      isPackaged: packaged,
      commandLine: { appendSwitch: (name: string, value?: string) => done(`switch ${name}=${value}`) },
      enableSandbox: () => done('sandbox'),
      setPath: (name: string, path: string) => done(`path ${name}=${path}`),
      setAppUserModelId: (id: string) => done(`id ${id}`),
      setAsDefaultProtocolClient: (scheme: string) => {
        done(`client ${scheme}`)
        return true
      },
      requestSingleInstanceLock: () => {
        done('lock')
        return alone
      },
      whenReady: async () => {
        await ready.promise
        done('ready')
      },
      quit,
      exit: (code?: number) => done(`exit ${code}`),
    }),
    protocol: {
      registerSchemesAsPrivileged: (made) => {
        done('scheme')
        schemes.push(made)
      },
      handle: (scheme, handler) => {
        done(`handle ${scheme}`)
        handlers.set(scheme, handler)
      },
    },
    defaultSession: () => {
      done('session')
      return session as unknown as PageSession
    },
    ipc,
    dialog: {
      showMessageBox: async (options) => {
        questions.push(options)
        return { response: answer() }
      },
      showErrorBox: (title, content) => void errors.push(`${title}: ${content}`),
    },
    safeStorage: fakeSafeStorage(backend),
    power,
    sleep: {
      start: () => {
        const id = blocks.size + 1
        blocks.add(id)
        return id
      },
      stop: (id) => void blocks.delete(id),
    },
    isDark: () => true,
    setTheme: (theme) => void themes.push(theme),
    setMenu: (entries) => {
      done(entries === null ? 'no menu' : 'menu')
      menus.push(entries)
    },
    createWindow: (options) => {
      done('window')
      const window = new FakeWindow(options, windows.length + 1)
      windows.push(window)
      app.emit('web-contents-created', {}, window.webContents)
      return window
    },
    createChannel: () => ({ port1: new FakePort(), port2: new FakePort() }),
    createTray: () => ({
      setToolTip: (text) => {
        tray.text = text
      },
      setEntries: (entries) => {
        tray.entries = entries
      },
      setTone: (tone) => {
        tray.tone = tone
      },
      on: (name, listener) => tray.emitter.on(name, listener),
      destroy: () => {
        tray.destroyed = true
      },
    }),
    setBadge: (count) => void badges.push(count),
    createNotification: () => (options) => {
      const made = new FakeNotification(options)
      notifications.push(made)
      return made
    },
    openPath: (path) => done(`open ${path}`),
  }
  const becomeReady = () => ready.resolve()
  const seen = {
    order,
    themes,
    windows,
    questions,
    errors,
    menus,
    notifications,
    badges,
    blocks,
    tray,
    schemes,
    handlers,
  }
  return { runtime, session, app, ipc, power, becomeReady, quits: () => quits, ...seen }
}

/** A safeStorage that reverses texts. `backend` is the one reported on Linux. */
export function fakeSafeStorage(backend: string, available = true) {
  const turn = (text: string) => [...text].reverse().join('')
  return {
    isAsyncEncryptionAvailable: async () => available,
    encryptStringAsync: async (text: string) => Buffer.from(turn(text)),
    decryptStringAsync: async (cipher: Buffer) => ({ shouldReEncrypt: false, result: turn(cipher.toString()) }),
    getSelectedStorageBackend: () => backend,
  }
}

/** A page's frame that records the messages it gets. */
export function fakeFrame(url: string, parent: unknown = null): Frame & { readonly received: unknown[][] } {
  const received: unknown[][] = []
  return { url, parent, received, postMessage: (...message) => void received.push(message) }
}
