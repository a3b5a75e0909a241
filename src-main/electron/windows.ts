/** The console's windows, all showing the same page. */
import { START_PAGE } from './origin.ts'
import { addressOf, type Place } from './places.ts'
import type { ShellWindow } from './runtime.ts'
import type { windowOptions } from './window-options.ts'

export type WindowOptions = ReturnType<typeof windowOptions>

export interface WindowsOptions<W extends ShellWindow> {
  readonly create: (options: WindowOptions) => W
  readonly options: () => WindowOptions
  /** Called when the last window is about to close; false keeps it open. */
  readonly mayCloseLast: () => boolean
  readonly now: () => number
  /** Called with the reason when a page crashes. */
  readonly died: (reason: string) => void
}

/** Number of reloads of a crashing page. */
const RELOADS = 3
const MINUTE = 60_000

export class Windows<W extends ShellWindow> {
  readonly #options: WindowsOptions<W>
  readonly #open = new Map<number, W>()
  #extra = 0

  constructor(options: WindowsOptions<W>) {
    this.#options = options
  }

  /** Whether these contents belong to one of our open windows. */
  owns(contentsId: number): boolean {
    return this.#open.has(contentsId)
  }

  get isWatched(): boolean {
    return [...this.#open.values()].some((window) => window.isFocused())
  }

  get count(): number {
    return this.#open.size
  }

  open(place: Place | null): W {
    const { create, options } = this.#options
    const made = options()
    // Electron stores size and position under this name, so only one window may have it.
    const window = create(this.#open.size === 0 ? made : this.#extraOf(made))
    const { id } = window.webContents
    this.#open.set(id, window)
    window.on('ready-to-show', () => window.show())
    window.on('close', (event) => {
      if (this.#open.size === 1 && !this.#options.mayCloseLast()) event.preventDefault()
    })
    window.on('closed', () => this.#open.delete(id))
    this.#reviveWhenDead(window)
    void window.loadURL(place === null ? START_PAGE : addressOf(place))
    return window
  }

  /** Brings a window to the front, opens one if there is none, and shows the place. */
  show(place: Place | null): void {
    const [window] = [...this.#open.values()].sort((a, b) => Number(b.isFocused()) - Number(a.isFocused()))
    if (!window) {
      this.open(place)
      return
    }
    if (window.isMinimized()) window.restore()
    window.show()
    window.focus()
    if (place !== null) void window.loadURL(addressOf(place))
  }

  #extraOf(options: WindowOptions): WindowOptions {
    this.#extra += 1
    return { ...options, name: `extra-${this.#extra}`, windowStatePersistence: false }
  }

  #reviveWhenDead(window: W): void {
    const { now, died } = this.#options
    let deaths: number[] = []
    window.webContents.on('render-process-gone', (_event, { reason }) => {
      if (reason === 'clean-exit') return
      died(reason)
      deaths = [...deaths.filter((at) => at > now() - MINUTE), now()]
      if (deaths.length <= RELOADS) window.webContents.reload()
    })
  }
}
