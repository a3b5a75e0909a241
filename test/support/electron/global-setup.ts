/** Shared by all files of the suite: the runtime, the console built for it, and an ordinary user. */
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPackage } from '@electron/asar'
import type { TestProject } from 'vitest/node'
import { must } from '../command.ts'
import { ordinaryAccount } from './account.ts'
import { makeProject } from './project.ts'
import { testRuntime } from './runtime.ts'
import type { Stage } from './stage.ts'

const LOADER = 'lib/server/electron/loader.js'

declare module 'vitest' {
  interface ProvidedContext {
    readonly electron: Stage
  }
}

/**
 * The helper of Chromium's sandbox must belong to root; if we are not root, the kernel must allow sandboxing without
 * it.
 */
async function makeHelper(folder: string, isRoot: boolean): Promise<void> {
  if (!isRoot) return
  await must('chown', ['-R', 'root:root', folder])
  chmodSync(join(folder, 'chrome-sandbox'), 0o4755)
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const say = (text: string): void => project.vitest.logger.log(`electron: ${text}`)
  const runtime = await testRuntime(say)
  say(`Electron ${runtime.version}${runtime.older ? ', bridged' : ''}`)
  const { remove, ...account } = await ordinaryAccount()
  const folder = mkdtempSync(join(tmpdir(), 'cvd-electron-'))
  const end = async () => {
    await remove()
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    chmodSync(folder, 0o755)
    const place = join(folder, 'runtime')
    cpSync(runtime.folder, place, { recursive: true })
    chmodSync(place, 0o755)
    if (runtime.older)
      await createPackage(join(import.meta.dirname, 'starter'), join(place, 'resources/default_app.asar'))
    await makeHelper(place, account.become.length > 0)
    const console = join(folder, 'console')
    mkdirSync(console)
    await makeProject(console, runtime.older)
    const program = join(folder, 'electron')
    // It holds the program back until Playwright is connected; with an explicit program, Playwright leaves that to us.
    const loader = join(folder, 'loader.js')
    cpSync(
      createRequire(import.meta.url)
        .resolve('playwright-core/package.json')
        .replace('package.json', LOADER),
      loader,
    )
    const hold = `if [ "$1" = --inspect=0 ]; then set -- -r '${loader}' "$@"; fi`
    const start = `exec ${[...account.become, `'${join(place, 'electron')}'`].join(' ')} "$@"`
    writeFileSync(program, `#!/bin/sh\n${hold}\n${start}\n`, { mode: 0o755 })
    project.provide('electron', { account, folder, runtime: place, console, program, ...pick(runtime) })
    return end
  } catch (error) {
    await end()
    throw error
  }
}

function pick({ version, older }: Pick<Stage, 'version' | 'older'>): Pick<Stage, 'version' | 'older'> {
  return { version, older }
}
