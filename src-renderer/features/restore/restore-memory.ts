/** What was entered about an accident. It outlives the pages of a restore and a reload of the window. */
import { z } from 'zod'
import { create } from 'zustand'
import type { Findings, Missed } from '../../../src-shared/domain/accident.ts'

/** A backup that was compared with the live database. */
export interface Compared {
  readonly path: string
  readonly planId: string | null
  /** Null where it could not be compared; `problem` says why. */
  readonly findings: Findings | null
  readonly problem: string
  /** It contains the missing data. */
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
  /** When it was last changed. */
  readonly saidAt: number
}

const unsaid: Accident = {
  when: '',
  missed: 'unknown',
  table: '',
  compared: [],
  searching: null,
  since: 0,
  failure: '',
  saidAt: 0,
}

export interface Memory {
  readonly accidents: Readonly<Record<string, Accident>>
  /** Plans of sites that were confirmed to be down. */
  readonly down: ReadonlySet<string>
}

const KEY = 'restore-memory'
/** Milliseconds after which `14:07` means another day. */
const KEPT = 12 * 3_600_000

const count = z.number()
const kept = z.object({
  accidents: z.record(
    z.string(),
    z.object({
      when: z.string(),
      missed: z.enum(['rows', 'values', 'unknown']),
      table: z.string(),
      compared: z.array(
        z.object({
          path: z.string(),
          planId: z.string().nullable(),
          findings: z
            .object({ back: count, changed: count, lost: count, unknown: count, most: z.string().nullable() })
            .nullable(),
          problem: z.string(),
          found: z.boolean(),
        }),
      ),
      searching: z.string().nullable(),
      since: count,
      failure: z.string(),
      saidAt: count,
    }),
  ),
  down: z.array(z.string()),
})

type Place = Pick<Storage, 'getItem' | 'setItem'>

/** What was stored, where it is valid. */
export function readMemory(place: Place | undefined, now: number): Memory {
  try {
    const { accidents, down } = kept.parse(JSON.parse(place?.getItem(KEY) ?? ''))
    const recent = Object.entries(accidents).filter(([, { saidAt }]) => now - saidAt < KEPT)
    return { accidents: Object.fromEntries(recent), down: new Set(down) }
  } catch {
    return { accidents: {}, down: new Set() }
  }
}

export function writeMemory(place: Place | undefined, { accidents, down }: Memory): void {
  try {
    place?.setItem(KEY, JSON.stringify({ accidents, down: [...down] }))
  } catch {
    // No room, or not allowed: it is lost with a reload.
  }
}

/** Belongs to this window and ends with it: other people's windows do not share it. */
const place = typeof sessionStorage === 'undefined' ? undefined : sessionStorage
const useMemory = create<Memory>(() => readMemory(place, Date.now()))
useMemory.subscribe((memory) => writeMemory(place, memory))

export function useAccident(site: string): Accident {
  return useMemory(({ accidents }) => accidents[site] ?? unsaid)
}

export function changeAccident(site: string, change: (now: Accident) => Partial<Accident>): void {
  useMemory.setState(({ accidents }) => {
    const now = accidents[site] ?? unsaid
    return { accidents: { ...accidents, [site]: { ...now, ...change(now), saidAt: Date.now() } } }
  })
}

/** Whether the site of this plan was confirmed to be down. */
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
