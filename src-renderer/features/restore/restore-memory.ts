/** What a person has said about an accident, for as long as the window is open: pages of the restore come and go. */
import { create } from 'zustand'
import type { Findings, Missed } from '../../../src-shared/domain/accident.ts'

/** A backup that was compared with the live database. */
export interface Compared {
  readonly path: string
  readonly planId: string | null
  /** Null where it could not be compared; `problem` says why. */
  readonly findings: Findings | null
  readonly problem: string
  /** It holds what is missed. */
  readonly found: boolean
}

export interface Accident {
  /** When it happened, as it was typed. */
  readonly when: string
  readonly missed: Missed
  /** The table in which rows are missed; empty for any. */
  readonly table: string
  readonly compared: readonly Compared[]
  /** The backup that is being compared; null while nothing is. */
  readonly searching: string | null
  /** When the search began: plans from before are not taken for its answers. */
  readonly since: number
  readonly failure: string
}

const unsaid: Accident = {
  when: '',
  missed: 'unknown',
  table: '',
  compared: [],
  searching: null,
  since: 0,
  failure: '',
}

interface Memory {
  readonly accidents: Readonly<Record<string, Accident>>
  /** Plans of sites that somebody says are down. */
  readonly down: ReadonlySet<string>
}

const useMemory = create<Memory>(() => ({ accidents: {}, down: new Set() }))

export function useAccident(site: string): Accident {
  return useMemory(({ accidents }) => accidents[site] ?? unsaid)
}

export function changeAccident(site: string, change: (now: Accident) => Partial<Accident>): void {
  useMemory.setState(({ accidents }) => {
    const now = accidents[site] ?? unsaid
    return { accidents: { ...accidents, [site]: { ...now, ...change(now) } } }
  })
}

/** Has somebody said that the site of this plan is down? */
export function useSaidDown(planId: string | null): boolean {
  return useMemory(({ down }) => planId !== null && down.has(planId))
}

export function sayDown(planId: string, said: boolean): void {
  useMemory.setState(({ down }) => {
    const next = new Set(down)
    if (said) next.add(planId)
    else next.delete(planId)
    return { down: next }
  })
}
