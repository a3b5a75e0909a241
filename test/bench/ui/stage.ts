/** Shared by the window's benches: two known sites, a console, a browser. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { Page } from 'playwright-core'
import { type DemoSite, startDemoSite } from '../../../src-main/demo/site.ts'
import type { Site } from '../../../src-main/store/sites.ts'
import { type Cable, cableTo } from '../../support/cable.ts'
import { setup as buildWindow } from '../../support/e2e/build.ts'
import { crowd, know } from '../../support/e2e/demo.ts'
import { Desk, type WindowOptions } from '../../support/e2e/desk.ts'
import { waitUntil } from '../../support/wait.ts'

export const MANY = 10_000
export const FEW = 100

const script = readFileSync(new URL('in-page.js', import.meta.url), 'utf8')

export class Stage implements AsyncDisposable {
  readonly desk: Desk
  /** Of ten thousand backups, and of a hundred. */
  readonly crowded: Site
  readonly sparse: Site
  readonly #cables: readonly Cable[]
  readonly #stack: AsyncDisposableStack

  private constructor(
    desk: Desk,
    [crowded, sparse]: [Site, Site],
    cables: readonly Cable[],
    stack: AsyncDisposableStack,
  ) {
    this.desk = desk
    this.crowded = crowded
    this.sparse = sparse
    this.#cables = cables
    this.#stack = stack
  }

  static async set(): Promise<Stage> {
    await using stack = new AsyncDisposableStack()
    await buildWindow()
    const desk = stack.use(await Desk.open())
    const cables: Cable[] = []
    const site = async (name: string, count: number): Promise<Site> => {
      // An application that hardly ever writes, because the machine must be quiet.
      const demo: DemoSite = await startDemoSite({ writeEveryMs: 3_600_000 })
      stack.defer(() => demo.stop())
      const cable = stack.use(await cableTo(demo.port))
      cables.push(cable)
      crowd(demo, count)
      return await know(desk, demo, { name, colour: 'green', port: cable.port })
    }
    const sites: [Site, Site] = [await site('Depot of ten thousand', MANY), await site('Depot of a hundred', FEW)]
    return new Stage(desk, sites, cables, stack.move())
  }

  /** A window whose page has `bench`: see in-page.js. */
  window(options: WindowOptions = {}): Promise<Page> {
    return this.desk.window({ ...options, script: `${script}\n${options.script ?? ''}` })
  }

  /** Waits until no operation runs or is queued. */
  untilIdle(): Promise<unknown> {
    return waitUntil('the operations to end', () => this.desk.console.application.running() === 0)
  }

  /** Closes the windows; throws where the browser has complained about one. */
  closeWindows(): Promise<void> {
    return this.desk.tidy({ name: 'bench' })
  }

  /** From now on the servers accept connections and say nothing: what is shown was stored by the console. */
  async silence(): Promise<void> {
    const sockets = new Set<Socket>()
    const mute = createServer((socket) => sockets.add(socket.on('error', () => socket.destroy()))).listen(
      0,
      '127.0.0.1',
    )
    await once(mute, 'listening')
    this.#stack.defer(async () => {
      for (const socket of sockets) socket.destroy()
      mute.close()
      await once(mute, 'close')
    })
    for (const cable of this.#cables) cable.lead((mute.address() as AddressInfo).port)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack[Symbol.asyncDispose]()
  }
}
