/** Where the console keeps files that come from or go to a browser: private, and gone with the console. */
import { mkdir, readdir, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'

export class Stage {
  readonly #folder: string
  readonly #own: string
  #made: Promise<void> | null = null

  /** @param data the console's data folder, which other consoles may use at the same time. */
  constructor(data: string) {
    this.#folder = join(data, 'transfers')
    this.#own = join(this.#folder, `${process.pid}`)
  }

  /** A folder for one transfer. */
  async folder(id: string): Promise<string> {
    this.#made ??= this.#make()
    await this.#made
    const folder = join(this.#own, id)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    return folder
  }

  async drop(id: string): Promise<void> {
    await rm(join(this.#own, id), { recursive: true, force: true })
  }

  async free(): Promise<number> {
    this.#made ??= this.#make()
    await this.#made
    const { bavail, bsize } = await statfs(this.#own)
    return bavail * bsize
  }

  async close(): Promise<void> {
    if (this.#made) await rm(this.#own, { recursive: true, force: true })
  }

  /** Also removes what consoles left that were killed. */
  async #make(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    for (const name of await readdir(this.#folder)) {
      if (/^\d{1,10}$/.test(name) && (name === `${process.pid}` || !runs(Number(name)))) {
        await rm(join(this.#folder, name), { recursive: true, force: true })
      }
    }
    await mkdir(this.#own, { mode: 0o700 })
  }
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
