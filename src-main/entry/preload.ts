/** All that a page is given: one way to ask for a message port, and the name of the platform. */
import { contextBridge, ipcRenderer } from 'electron'

declare const window: { origin: string; postMessage(message: string, origin: string, transfer: unknown[]): void }

/** A port cannot cross the bridge. It reaches the page as a message of its own window. */
ipcRenderer.on('rpc:port', (event) => window.postMessage('rpc:port', window.origin, [...event.ports]))

contextBridge.exposeInMainWorld('desktop', {
  connect: () => ipcRenderer.send('rpc:connect'),
  platform: process.platform,
})
