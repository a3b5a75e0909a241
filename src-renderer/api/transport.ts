/** Connects to the console: by a message port from the preload script, or by a WebSocket to the loopback host. */
import type { WireFailure } from '../../src-shared/contract/failure.ts'
import { fail, ok, type Result } from '../../src-shared/result.ts'
import { portTransport } from '../../src-shared/rpc/port-transport.ts'
import { openSocket, SOCKET_PATH } from '../../src-shared/rpc/socket-transport.ts'
import type { Transport } from '../../src-shared/rpc/transport.ts'

/** The two keys that the preload script adds to the window. */
export interface Preload {
  /** Asks for a port; it arrives as a message of this window with the same number. */
  readonly connect: (request: string) => void
  readonly platform: string
}

const TOKEN_KEY = 'console-token'

declare global {
  interface Window {
    readonly consoleBridge?: Preload
  }
}

/** Takes the token out of the address, so that it is in no bookmark and no screenshot; it lasts as long as the tab. */
export function takeToken(): string {
  const match = /^#(?:\/)?\??token=([A-Za-z0-9_-]+)&?/.exec(window.location.hash)
  if (match?.[1] !== undefined) {
    sessionStorage.setItem(TOKEN_KEY, match[1])
    history.replaceState(null, '', `#${window.location.hash.slice(match[0].length) || '/'}`)
  }
  return sessionStorage.getItem(TOKEN_KEY) ?? ''
}

function openPort(bridge: Preload): Promise<Result<Transport, WireFailure>> {
  const request = crypto.randomUUID()
  return new Promise((resolve) => {
    const hear = ({ data, source, ports: [port] }: MessageEvent) => {
      if (source !== window || data?.consolePort !== request || !port) return
      window.removeEventListener('message', hear)
      resolve(ok(portTransport(port)))
    }
    window.addEventListener('message', hear)
    bridge.connect(request)
  })
}

export function openTransport(): Promise<Result<Transport, WireFailure>> {
  const bridge = window.consoleBridge
  if (bridge) return openPort(bridge)
  const token = takeToken()
  if (token === '') {
    return Promise.resolve(
      fail({
        code: 'unauthorised',
        message: 'This window was opened without the address that the console printed.',
        unchanged: 'Nothing was sent.',
        next: 'Open the address that the console printed when it started; each start has its own.',
      }),
    )
  }
  const scheme = window.location.protocol === 'https:' ? 'wss:' : 'ws:'
  return openSocket(new WebSocket(`${scheme}//${window.location.host}${SOCKET_PATH}`), token)
}

/** True where shortcuts use the command key. */
export const isApple = /^mac|darwin|iphone|ipad/i.test(window.consoleBridge?.platform ?? navigator.platform)
