/**
 * A minimal Electron for a bundle that runs in plain Node. When the window requests its page, it inspects the window's
 * options, makes a call over a port like a page, prints the findings as one line of JSON, and quits.
 */
import { EventEmitter } from 'node:events'
import { existsSync } from 'node:fs'
import { MessageChannel } from 'node:worker_threads'

let servePage = null
const ready = Promise.withResolvers()

/** Electron becomes ready only after the main module has been evaluated: `electron-launch.mjs` calls this then. */
export const becomeReady = () => ready.resolve()
const request = '00000000-0000-4000-8000-000000000000'

export const app = Object.assign(new EventEmitter(), {
  isPackaged: false,
  commandLine: { appendSwitch() {} },
  enableSandbox() {},
  setPath() {},
  setAppUserModelId() {},
  setBadgeCount: () => true,
  setAsDefaultProtocolClient: () => true,
  requestSingleInstanceLock: () => true,
  whenReady: () => ready.promise,
  quit() {
    const asking = { prevented: false, preventDefault: () => (asking.prevented = true) }
    app.emit('before-quit', asking)
    if (!asking.prevented) process.exit(0)
  },
  exit: (code) => process.exit(code),
})

export const protocol = {
  registerSchemesAsPrivileged() {},
  handle: (_scheme, handler) => (servePage = handler),
}

const nothing = () => {}
const defaultSession = Object.assign(new EventEmitter(), {
  webRequest: { onBeforeRequest: nothing },
  setPermissionRequestHandler: nothing,
  setPermissionCheckHandler: nothing,
  setDevicePermissionHandler: nothing,
  setDisplayMediaRequestHandler: nothing,
  setBluetoothPairingHandler: nothing,
  setSpellCheckerEnabled: nothing,
})
export const session = { defaultSession }
export const ipcMain = new EventEmitter()
export const dialog = {
  showMessageBox: async () => ({ response: 0 }),
  showErrorBox: (title, text) => process.stderr.write(`${title}: ${text}\n`),
}
export const safeStorage = {
  isAsyncEncryptionAvailable: async () => true,
  getSelectedStorageBackend: () => 'basic_text',
}
export const powerMonitor = new EventEmitter()
export const powerSaveBlocker = { start: () => 1, stop: nothing }
export const nativeTheme = { shouldUseDarkColors: true, themeSource: 'system' }
const image = { getSize: () => ({ width: 16, height: 16 }), toBitmap: () => new Uint8Array(4 * 16 * 16) }
export const nativeImage = { createFromPath: () => ({ resize: () => image }), createFromBitmap: () => image }
export const shell = { openPath: async () => '' }
export const Menu = { setApplicationMenu: nothing, buildFromTemplate: (entries) => entries }
export class Notification extends EventEmitter {
  static isSupported = () => false
}
export class Tray extends EventEmitter {
  setToolTip() {}
  setContextMenu() {}
  setImage() {}
  destroy() {}
}
export class MessageChannelMain {
  constructor() {
    const { port1, port2 } = new MessageChannel()
    this.port1 = mainPort(port1)
    this.port2 = port2
  }
}

/** Electron's main process wraps received messages in an event; Node does not. */
function mainPort(port) {
  return {
    on: (name, listener) => port.on(name, name === 'message' ? (data) => listener({ data }) : listener),
    postMessage: (message) => port.postMessage(message),
    start: () => port.start(),
    close: () => port.close(),
  }
}

function ask(port, path) {
  return new Promise((resolve) => {
    port.on('message', (text) => resolve(JSON.parse(text)))
    port.postMessage(JSON.stringify({ k: 'call', id: 1, path, input: {} }))
  })
}

async function look(window, url) {
  const frame = { url, parent: null, postMessage: (_channel, _request, [port]) => void tell(port) }
  const tell = async (port) => {
    const { value } = await ask(port, 'app.info')
    const page = await servePage({ url, method: 'GET' })
    const outside = await servePage({ url: 'app://bundle/package.json', method: 'GET' })
    const { name, version, host, role, secrets } = value
    const { webPreferences, icon } = window.options
    const seen = {
      window: url,
      page: [page.status, await page.text()],
      outside: outside.status,
      info: { name, version, host, role },
      preload: existsSync(webPreferences.preload),
      icon: existsSync(icon),
      secrets: secrets.keeps,
    }
    process.stdout.write(`${JSON.stringify(seen)}\n`, () => app.quit())
  }
  ipcMain.emit('rpc:connect', { sender: window.webContents, senderFrame: frame }, request)
}

export class BrowserWindow extends EventEmitter {
  constructor(options) {
    super()
    this.options = options
    this.webContents = Object.assign(new EventEmitter(), { id: 1, setWindowOpenHandler: nothing, reload: nothing })
    app.emit('web-contents-created', {}, this.webContents)
  }
  async loadURL(url) {
    setImmediate(() => void look(this, url))
  }
  isFocused = () => true
  isMinimized = () => false
  show() {}
  focus() {}
  restore() {}
}
