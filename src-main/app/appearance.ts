/** How windows open, and what the desktop draws around its own. A window that is open has its own appearance. */
import { type Appearance, appearance } from '../../src-shared/contract/settings.ts'
import type { Store } from '../store/store.ts'

const usual: Appearance = { theme: 'system', density: 'comfortable' }

export class AppearanceSetting {
  readonly #settings: Store['settings']
  readonly #listeners = new Set<() => void>()

  constructor(settings: Store['settings']) {
    this.#settings = settings
  }

  /** The stored one; the default where none is stored, or an invalid one. */
  get current(): Appearance {
    const read = appearance.partial().safeParse(this.#settings.read('appearance') ?? {})
    const { theme = usual.theme, density = usual.density } = read.success ? read.data : {}
    return { theme, density }
  }

  change({ theme, density }: { readonly [K in keyof Appearance]?: Appearance[K] | undefined }): Appearance {
    const before = this.current
    this.#settings.write('appearance', { theme: theme ?? before.theme, density: density ?? before.density })
    for (const listener of [...this.#listeners]) listener()
    return this.current
  }

  /** Calls `listener` after every change. Returns the unsubscribe function. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }
}
