/** The one connection of this window to the console. */
import { type ConsoleContract, contract } from '../../src-shared/contract/index.ts'
import type { LinkState } from '../../src-shared/rpc/client-types.ts'
import { connect } from '../../src-shared/rpc/connect.ts'
import { openTransport } from './transport.ts'

const client = connect<ConsoleContract>({ contract, open: openTransport })

export const calls = client.calls

export function readLink(): LinkState {
  return client.link
}

export function onLink(listener: () => void): () => void {
  return client.onLink(listener)
}
