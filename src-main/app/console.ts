/** Builds the console from what a host provides. Every host (command line, window, browser) starts here. */
import { ok, type Result } from '../../src-shared/result.ts'
import { assembleKit } from '../kit/assemble.ts'
import type { Context } from '../operations/context.ts'
import { Links } from '../operations/links.ts'
import { Runner } from '../operations/runner.ts'
import type { Clock } from '../ports/clock.ts'
import type { Identity } from '../ports/identity.ts'
import type { Log } from '../ports/log.ts'
import type { Paths } from '../ports/paths.ts'
import { KnownHostsFiles } from '../remote/known-hosts-files.ts'
import type { SecretSource } from '../remote/target.ts'
import { openStore } from '../store/store.ts'

export interface Host {
  readonly paths: Paths
  readonly secrets: SecretSource
  readonly clock: Clock
  readonly identity: Identity
  readonly log: Log
}

export interface Console extends AsyncDisposable {
  readonly context: Context
  readonly runner: Runner
  readonly knownHosts: KnownHostsFiles
}

/** Opens the store, and fails as that does. Disposing stops following operations; they continue on their servers. */
export function createConsole(host: Host): Result<Console> {
  const { paths, secrets, clock, identity, log } = host
  const opened = openStore(paths.store)
  if (!opened.ok) return opened
  const store = opened.value
  const knownHosts = new KnownHostsFiles(paths.knownHosts)
  const links = new Links({ knownHosts, secrets, kit: assembleKit(), who: identity.who })
  const context: Context = { store, links, clock, identity, log }
  const runner = new Runner(context)
  const dispose = async () => {
    await runner.detach()
    await links[Symbol.asyncDispose]()
    store.close()
  }
  return ok({ context, runner, knownHosts, [Symbol.asyncDispose]: dispose })
}
