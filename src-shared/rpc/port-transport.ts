/** Frames over a MessagePort of the browser, Node or Electron's main process. Typed structurally. */
import { Ears, type Transport } from './transport.ts'

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
  const ears = new Ears()
  const message = ({ data }: { readonly data: unknown }) => {
    if (typeof data === 'string') ears.hear(data)
  }
  const close = () => ears.end('')
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
      if (!ears.closed) port.postMessage(text)
    },
    onMessage: (listener) => ears.onMessage(listener),
    onClose: (listener) => ears.onClose(listener),
    close: (reason = '') => {
      ears.end(reason)
      port.close()
    },
  }
}
