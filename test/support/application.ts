/** The whole application for a test, in its own folder, with secrets in memory. */
import { join } from 'node:path'
import { type Application, createApplication } from '../../src-main/app/application.ts'
import type { Pace } from '../../src-main/fleet/site-refresher.ts'
import type { Chooser } from '../../src-main/ports/chooser.ts'
import { systemClock } from '../../src-main/ports/clock.ts'
import { fileLog } from '../../src-main/ports/log.ts'
import { systemPaths } from '../../src-main/ports/paths.ts'
import { MemorySecrets } from '../../src-main/ports/secrets.ts'
import type { Role } from '../../src-shared/contract/define.ts'
import { type ConsoleContract, contract } from '../../src-shared/contract/index.ts'
import { ok } from '../../src-shared/result.ts'
import { connect, type RpcClient } from '../../src-shared/rpc/connect.ts'
import { memoryTransports } from '../../src-shared/rpc/transport.ts'

export function openApplication(
  folder: string,
  pace: Pace = { watched: 500, idle: 60_000 },
  chooser: Chooser | null = null,
): Application {
  const paths = systemPaths(join(folder, 'console'))
  const created = createApplication({
    paths,
    ...{ pace, chooser },
    log: fileLog({ file: paths.log, now: systemClock.now }),
    clock: systemClock,
    identity: { who: 'tester@desk' },
    secrets: new MemorySecrets(),
    host: { name: 'Test', version: '0', kind: 'loopback' },
  })
  if (!created.ok) throw new Error(created.error.message)
  return created.value
}

/** A window of the application that validates everything it receives against the contract. */
export function windowOf(application: Application, role: Role = 'admin'): RpcClient<ConsoleContract> {
  const open = async () => {
    const [near, far] = memoryTransports()
    application.session(far, role)
    return ok(near)
  }
  return connect({ contract, open, strict: true })
}

/** Waits for a matching state; rejects if the subscription ends first. */
export function until<S>(
  watch: (observer: { onState(state: S): void; onEnd(failure: unknown): void }) => () => void,
  fits: (state: S) => boolean,
): Promise<S> {
  return new Promise((resolve, reject) => {
    let last: S | undefined
    let leave = () => {}
    let found = false
    leave = watch({
      onState: (state) => {
        last = state
        if (found || !fits(state)) return
        found = true
        resolve(state)
        queueMicrotask(() => leave())
      },
      onEnd: (failure) => {
        if (!found)
          reject(new Error(`it ended: ${JSON.stringify(failure)}, last: ${JSON.stringify(last)?.slice(0, 2000)}`))
      },
    })
  })
}
