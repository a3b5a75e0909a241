/**
 * The parts of Electron in use, as structural types: `entry/electron.ts` passes the real objects, tests pass recording
 * fakes. This folder knows nothing else of Electron, so it can be tested without the runtime.
 */

export interface Preventable {
  preventDefault(): void
}

export interface NavigationEvent extends Preventable {
  readonly url: string
}

export interface Frame {
  readonly url: string
  readonly parent: unknown
  postMessage(channel: string, message: unknown, transfer?: never[]): void
}

export interface Contents {
  readonly id: number
  on(event: 'will-navigate' | 'will-frame-navigate', listener: (event: NavigationEvent) => void): unknown
  on(event: 'will-redirect', listener: (event: NavigationEvent) => void): unknown
  on(event: 'will-attach-webview', listener: (event: Preventable) => void): unknown
  on(event: 'render-process-gone', listener: (event: unknown, details: { readonly reason: string }) => void): unknown
  once(event: 'destroyed', listener: () => void): unknown
  setWindowOpenHandler(handler: () => { action: 'deny' }): void
  reload(): void
}

export interface PageSession {
  readonly webRequest: {
    onBeforeRequest(
      listener: (details: { readonly url: string }, callback: (answer: { cancel: boolean }) => void) => void,
    ): void
  }
  setPermissionRequestHandler(
    handler: ((contents: unknown, permission: string, callback: (granted: boolean) => void) => void) | null,
  ): void
  setPermissionCheckHandler(handler: ((contents: unknown, permission: string, origin: string) => boolean) | null): void
  setDevicePermissionHandler(handler: (() => boolean) | null): void
  setDisplayMediaRequestHandler(handler: ((request: unknown, callback: (streams: null) => void) => void) | null): void
  setBluetoothPairingHandler(
    handler: ((details: unknown, callback: (answer: { confirmed: boolean }) => void) => void) | null,
  ): void
  setSpellCheckerEnabled(enabled: boolean): void
  on(
    event: 'will-download',
    listener: (event: Preventable, item: { getURL(): string }, contents: unknown) => void,
  ): unknown
}

export interface PageProtocol {
  registerSchemesAsPrivileged(schemes: { scheme: string; privileges: Record<string, boolean> }[]): void
  handle(scheme: string, handler: (request: { url: string; method: string }) => Response | Promise<Response>): void
}

/** A message port of Electron's main process. */
export interface MainPort {
  on(event: 'message', listener: (event: { readonly data: unknown }) => void): unknown
  on(event: 'close', listener: () => void): unknown
  postMessage(message: unknown): void
  start(): void
  close(): void
}

export interface PortEvent {
  readonly sender: { readonly id: number }
  readonly senderFrame: Frame | null
}

export interface PageIpc {
  on(channel: string, listener: (event: PortEvent, request: unknown) => void): unknown
}

export interface ShellWindow {
  readonly webContents: Contents
  on(event: 'ready-to-show' | 'closed', listener: () => void): unknown
  on(event: 'close', listener: (event: Preventable) => void): unknown
  loadURL(url: string): Promise<void>
  show(): void
  focus(): void
  restore(): void
  isMinimized(): boolean
  isFocused(): boolean
}

export interface ShellApp {
  readonly isPackaged: boolean
  readonly commandLine: { appendSwitch(name: string, value?: string): void }
  enableSandbox(): void
  setPath(name: 'userData', path: string): void
  setAppUserModelId(id: string): void
  setAsDefaultProtocolClient(scheme: string): boolean
  requestSingleInstanceLock(): boolean
  whenReady(): Promise<void>
  quit(): void
  exit(code?: number): void
  on(event: 'second-instance', listener: (event: unknown, argv: string[]) => void): unknown
  on(event: 'open-url', listener: (event: Preventable, url: string) => void): unknown
  on(event: 'web-contents-created', listener: (event: unknown, contents: Contents) => void): unknown
  on(event: 'before-quit', listener: (event: Preventable) => void): unknown
  on(event: 'activate' | 'window-all-closed', listener: () => void): unknown
}
