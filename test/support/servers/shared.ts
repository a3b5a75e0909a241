import { describe, inject } from 'vitest'
import { attachServer } from './lifecycle.ts'
import type { Server } from './server.ts'

/**
 * The standard servers of this worker. `north`: WAL, root login, health by URL, all compressors. `south`: rollback
 * journal, sudo with password, health by unix socket, gzip only. Test files begin with `reset` of those they use.
 */
export function sharedServers(): { readonly north: Server; readonly south: Server } {
  const sets = inject('servers')
  // Files that run at the same time have different servers.
  const numbers = sets[Number(process.env.VITEST_POOL_ID ?? 1) - 1] ?? {}
  const of = (name: string): Server => {
    const number = numbers[name]
    if (number === undefined) throw new Error(`the server ${name} was not started`)
    return attachServer(number)
  }
  return { north: of('north'), south: of('south') }
}

/** Runs tests on both servers: one after another on each, and on both in parallel. */
export function onBoth(what: string, tests: (server: Server) => void): void {
  for (const server of Object.values(sharedServers())) {
    describe.concurrent(server.name, () => {
      describe(what, { concurrent: false }, () => tests(server))
    })
  }
}
