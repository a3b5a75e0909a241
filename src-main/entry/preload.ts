/** All that a page is given: one way to ask for a message port, and the name of the platform. */
import { contextBridge, ipcRenderer } from 'electron'

declare const window: { origin: string; postMessage(message: unknown, origin: string, transfer: unknown[]): void }

// A port cannot cross the bridge. It reaches the page as a message of its own window.
ipcRenderer.on('rpc:port', (event, consolePort: string) =>
  window.postMessage({ consolePort }, window.origin, [...event.ports]),
)

contextBridge.exposeInMainWorld('consoleBridge', {
  connect: (request: string) => ipcRenderer.send('rpc:connect', request),
  platform: process.platform,
})
