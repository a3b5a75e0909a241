import { startServers, stopServer } from './lifecycle.ts'
import type { Server } from './server.ts'

/** A server that has just been built and has nothing of a site; removed when disposed. */
export async function emptyServer(): Promise<Server & AsyncDisposable> {
  const [server] = await startServers([
    { name: 'east', journal: 'wal', login: 'root', health: 'tcp', timezone: 'Europe/Berlin', empty: true },
  ])
  if (server === undefined) throw new Error('no server was started')
  return Object.assign(server, { [Symbol.asyncDispose]: () => stopServer(server.number) })
}
