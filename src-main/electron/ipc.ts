/**
 * The only channel from a page to the main process: it asks on `rpc:connect` and gets a message port on `rpc:port`.
 * Only the top frame of one of our windows is answered, and only while it shows our start page.
 */
import { isStartPage } from './origin.ts'
import type { MainPort, PageIpc, PortEvent } from './runtime.ts'

const CONNECT = 'rpc:connect'
const PORT = 'rpc:port'

export interface Connections<P extends MainPort> {
  readonly ipc: PageIpc
  /** Whether the contents with this id belong to one of our open windows. */
  readonly isOurWindow: (contentsId: number) => boolean
  readonly createChannel: () => { readonly port1: P; readonly port2: P }
  /** Serves the console on a port, with the rights decided there. */
  readonly attach: (port: P) => void
  /** Called with the reason when a request is refused. */
  readonly refused: (reason: string) => void
}

/** Format of the id by which a page recognises the answer to its request. */
const requestName = /^[0-9a-f-]{36}$/

function objection(
  { sender, senderFrame }: PortEvent,
  request: unknown,
  isOurWindow: (id: number) => boolean,
): string | null {
  if (!isOurWindow(sender.id)) return 'not one of our windows'
  if (senderFrame === null) return 'the frame is gone'
  if (senderFrame.parent !== null) return 'not the top frame'
  if (!isStartPage(senderFrame.url)) return 'not our page'
  if (typeof request !== 'string' || !requestName.test(request)) return 'not a request'
  return null
}

export function acceptConnections<P extends MainPort>(options: Connections<P>): void {
  const { ipc, isOurWindow, createChannel, attach, refused } = options
  const open = new Map<number, P>()
  ipc.on(CONNECT, (event, request) => {
    const reason = objection(event, request, isOurWindow)
    if (reason !== null || event.senderFrame === null) return refused(reason ?? 'the frame is gone')
    // The page was reloaded: nobody uses its previous port.
    open.get(event.sender.id)?.close()
    const { port1, port2 } = createChannel()
    open.set(event.sender.id, port1)
    attach(port1)
    event.senderFrame.postMessage(PORT, request, [port2 as never])
  })
}
