/** Frames over a MessagePort of the browser, Node or Electron's main process. Typed structurally. */
import { type Transport, TransportListeners } from './transport.ts'

interface BasePort {
  postMessage(message: string): void
  start?(): void
  close(): void
}

/** As in browsers. */
export interface EventTargetPort extends BasePort {
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
  addEventListener(type: 'close', listener: () => void): void
}

/** As in Electron's main process. */
export interface EmitterPort extends BasePort {
  on(type: 'message', listener: (event: { readonly data: unknown }) => void): unknown
  on(type: 'close', listener: () => void): unknown
}

export function portTransport(port: EventTargetPort | EmitterPort): Transport {
  const listeners = new TransportListeners()
  const message = ({ data }: { readonly data: unknown }) => {
    if (typeof data === 'string') listeners.receive(data)
  }
  const close = () => listeners.end('')
  if ('addEventListener' in port) {
    port.addEventListener('message', message)
    port.addEventListener('close', close)
  } else {
    port.on('message', message)
    port.on('close', close)
  }
  port.start?.()
  return {
    post: (text) => {
      if (!listeners.closed) port.postMessage(text)
    },
    onMessage: (listener) => listeners.onMessage(listener),
    onClose: (listener) => listeners.onClose(listener),
    close: (reason = '') => {
      listeners.end(reason)
      port.close()
    },
  }
}
