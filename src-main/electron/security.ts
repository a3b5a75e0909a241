/** What no page may do, whoever it comes from: leave, open, attach, ask for a device, reach the network. */
import { isOurs } from './origin.ts'
import type { Contents, PageSession } from './runtime.ts'

/** Copying a text at the press of a button. Everything else that a page could ask for is refused. */
const PERMITTED = 'clipboard-sanitized-write'

function isOwnBlob(url: string): boolean {
  return isOurs(url.replace(/^blob:/, ''))
}

/** @param inspected true in a development build, where the inspector loads its own pages. */
function mayLoad(url: string, inspected: boolean): boolean {
  if (isOurs(url) || url.startsWith('data:image/')) return true
  if (url.startsWith('blob:')) return isOwnBlob(url)
  return inspected && url.startsWith('devtools://')
}

/** Closes everything that goes by the session: network, permissions, devices, downloads from anywhere else. */
export function hardenSession(session: PageSession, { packaged }: { readonly packaged: boolean }): void {
  session.webRequest.onBeforeRequest(({ url }, callback) => callback({ cancel: !mayLoad(url, !packaged) }))
  // Takes back what an earlier version may have granted and Chromium remembered.
  session.setPermissionRequestHandler(null)
  session.setPermissionRequestHandler((_contents, permission, callback) => callback(permission === PERMITTED))
  session.setPermissionCheckHandler((_contents, permission) => permission === PERMITTED)
  session.setDevicePermissionHandler(() => false)
  session.setDisplayMediaRequestHandler((_request, callback) => callback(null))
  session.setBluetoothPairingHandler((_details, callback) => callback({ confirmed: false }))
  session.setSpellCheckerEnabled(false)
  session.on('will-download', (event, item) => {
    const url = item.getURL()
    if (!(url.startsWith('blob:') && isOwnBlob(url))) event.preventDefault()
  })
}

/** Keeps a page where it is. For every contents that is ever made, also those that nobody meant to make. */
export function hardenContents(contents: Contents): void {
  const stay = (event: { readonly url: string; preventDefault(): void }) => {
    if (!isOurs(event.url)) event.preventDefault()
  }
  contents.on('will-navigate', stay)
  contents.on('will-frame-navigate', stay)
  contents.on('will-redirect', stay)
  contents.on('will-attach-webview', (event) => event.preventDefault())
  contents.setWindowOpenHandler(() => ({ action: 'deny' }))
}
