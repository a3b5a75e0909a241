import type { ClientChannel } from 'ssh2'

interface OfWindow {
  readonly incoming?: { window?: number }
  readonly outgoing?: { id?: number; state?: string }
  readonly _client?: { readonly _protocol?: { channelWindowAdjust?(id: number, amount: number): void } }
}

/** Bytes that a server may send before we answer: what a link of 2.5 Gbit/s and 100 ms holds. */
const WIDE = 32 * 1024 * 1024

/**
 * Lets the server send more bytes before it must wait for our answer. ssh2 always allows 2 MiB, so a link of 100 ms carries 20 MB/s at
 * most, however wide it is. ssh2 has no option for it, and its types do not show the window; where it is not there,
 * everything works as before. Call while data arrive that are taken: what is not taken stays in memory, up to this size.
 */
export function widenWindow(channel: ClientChannel): void {
  const { incoming, outgoing, _client: client } = channel as unknown as OfWindow
  const protocol = client?._protocol
  if (typeof incoming?.window !== 'number' || typeof outgoing?.id !== 'number' || outgoing.state === 'closed') return
  if (typeof protocol?.channelWindowAdjust !== 'function' || incoming.window > WIDE / 2) return
  const amount = WIDE - incoming.window
  incoming.window += amount
  protocol.channelWindowAdjust(outgoing.id, amount)
}
