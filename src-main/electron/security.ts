/** Restricts every page: no navigation, no new windows, no webviews, no permissions or devices, no network. */
import { isOurs } from './origin.ts'
import type { Contents, PageSession } from './runtime.ts'

/** Copying text on a button press. Every other permission is refused. */
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

/** Locks the session down: network, permissions, devices, and downloads from other origins. */
export function hardenSession(session: PageSession, { packaged }: { readonly packaged: boolean }): void {
  session.webRequest.onBeforeRequest(({ url }, callback) => callback({ cancel: !mayLoad(url, !packaged) }))
  // Revokes permissions that an earlier version granted and Chromium remembered.
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

/** Keeps a page in place. Applied to every web contents, including unintended ones. */
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
