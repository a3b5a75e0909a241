/** All that a page gets: a way to request a message port, and the name of the platform. */
import { contextBridge, ipcRenderer } from 'electron'

declare const window: { origin: string; postMessage(message: unknown, origin: string, transfer: unknown[]): void }

// A port cannot cross the context bridge, so it is sent to the page as a window message.
ipcRenderer.on('rpc:port', (event, consolePort: string) =>
  window.postMessage({ consolePort }, window.origin, [...event.ports]),
)

contextBridge.exposeInMainWorld('consoleBridge', {
  connect: (request: string) => ipcRenderer.send('rpc:connect', request),
  platform: process.platform,
})
