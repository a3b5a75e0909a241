/** Opens the whole console behind a loopback host. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fail, ok, type Result } from '../../src-shared/result.ts'
import { type Application, createApplication } from '../app/application.ts'
import { loadPages } from '../app/pages.ts'
import { systemClock } from '../ports/clock.ts'
import { systemIdentity } from '../ports/identity.ts'
import { fileLog } from '../ports/log.ts'
import { systemPaths } from '../ports/paths.ts'
import { MemorySecrets } from '../ports/secrets.ts'
import { about } from './about.ts'
import { type LoopbackHost, startLoopbackHost } from './server.ts'

/** Output folder of `npm run build` for the window's files. */
export const builtPages = fileURLToPath(new URL('../../dist/renderer', import.meta.url))

export interface OpenConsole extends AsyncDisposable {
  readonly application: Application
  readonly host: LoopbackHost
}

export interface OpenOptions {
  /** Default: the platform's data folder. */
  readonly data?: string | undefined
  readonly pages?: string
  /** Runs on the console before any window can connect. */
  readonly before?: (application: Application) => Promise<void>
}

/** Fails if the pages are not built, or as opening the store does. */
export async function openConsoleInBrowser(options: OpenOptions = {}): Promise<Result<OpenConsole>> {
  const folder = options.pages ?? builtPages
  const pages = loadPages(folder)
  if (!pages) {
    const message = `The window is not built: ${folder} is missing.`
    return fail({ code: 'not-built', message, next: `Build it: npm run build (makes ${join('dist', 'renderer')})` })
  }
  const paths = systemPaths(options.data)
  const log = fileLog({ file: paths.log, now: systemClock.now })
  const created = createApplication({
    ...{ paths, log },
    clock: systemClock,
    identity: systemIdentity(),
    secrets: new MemorySecrets(),
    host: { ...about(), kind: 'loopback' },
  })
  if (!created.ok) return created
  const application = created.value
  try {
    await options.before?.(application)
    const session = application.session.bind(application)
    const host = await startLoopbackHost({ pages, session, doors: application.transfers.doors })
    const dispose = async () => {
      await host[Symbol.asyncDispose]()
      await application[Symbol.asyncDispose]()
    }
    return ok({ application, host, [Symbol.asyncDispose]: dispose })
  } catch (error) {
    await application[Symbol.asyncDispose]()
    throw error
  }
}
