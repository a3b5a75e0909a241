/** What is known and chosen of the parts of system backups, as long as the window is open. */
import { create } from 'zustand'
import type { SitePart } from '../../../src-shared/domain/restored-parts.ts'
import type { ChosenParts } from '../../app/routes.ts'

export interface Parts {
  /** What the backup holds; null until it was read. */
  readonly held: readonly SitePart[] | null
  /** What is not to be restored. */
  readonly left: readonly SitePart[]
}

const unknown: Parts = { held: null, left: [] }
const useMemory = create<Readonly<Record<string, Parts>>>(() => ({}))

/** By the path of the backup. */
export function useParts(path: string): Parts {
  return useMemory((memory) => memory[path] ?? unknown)
}

export function changeParts(path: string, change: Partial<Parts>): void {
  useMemory.setState((memory) => ({ [path]: { ...(memory[path] ?? unknown), ...change } }))
}

/** What is chosen, as it is asked of the console. Of all parts, the server takes those that the backup holds. */
export function asked(chosen: { readonly parts: ChosenParts | undefined; readonly owner: string | undefined }): {
  readonly parts?: SitePart[]
  readonly owner?: string
} {
  const { parts, owner } = chosen
  return {
    ...(parts === undefined || parts === 'all' ? {} : { parts: [...parts] }),
    ...(owner === undefined ? {} : { owner }),
  }
}
