/**
 * Day or night, roomy or dense: each window has its own appearance, and keeps it when it is loaded again. What an
 * administrator chooses is how later windows open, and how the desktop draws its frame.
 */
import { useEffect } from 'react'
import { create } from 'zustand'
import type { WireFailure } from '../../src-shared/contract/failure.ts'
import { type Appearance, appearance } from '../../src-shared/contract/settings.ts'
import { command, useQuery } from '../api/hooks.ts'

const KEY = 'appearance'
const usual: Appearance = { theme: 'system', density: 'comfortable' }

function read(storage: Storage): Appearance | null {
  const [theme, density] = (storage.getItem(KEY) ?? '').split(' ')
  const parsed = appearance.safeParse({ theme, density })
  return parsed.success ? parsed.data : null
}

function write(storage: Storage, { theme, density }: Appearance): void {
  storage.setItem(KEY, `${theme} ${density}`)
}

function paint({ theme, density }: Appearance): void {
  const root = document.documentElement
  if (theme === 'system') delete root.dataset.theme
  else root.dataset.theme = theme
  root.dataset.density = density
}

/** Of this window alone. */
export const useAppearance = create<Appearance>(() => usual)
useAppearance.subscribe(paint)

/** Before the first paint: this window's own appearance, or how the last one opened. */
export function applyRememberedAppearance(): void {
  useAppearance.setState(read(sessionStorage) ?? read(localStorage) ?? usual)
}

/** Changes this window. Null, or why it is not remembered for later ones. */
export async function chooseAppearance(change: Partial<Appearance>, admin: boolean): Promise<WireFailure | null> {
  const chosen = { ...useAppearance.getState(), ...change }
  useAppearance.setState(chosen)
  write(sessionStorage, chosen)
  if (!admin) return null
  const kept = await command('settings.setAppearance', change)
  return kept.ok ? null : kept.error
}

/** A window that has chosen nothing yet opens as the console says; from then on it is its own. */
export function useOpeningAppearance(): void {
  const opening = useQuery('settings.appearance', read(sessionStorage) === null ? {} : null).data
  useEffect(() => {
    if (!opening || read(sessionStorage) !== null) return
    write(sessionStorage, opening)
    write(localStorage, opening)
    useAppearance.setState(opening)
  }, [opening])
}
