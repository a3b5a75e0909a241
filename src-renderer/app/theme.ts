/** Day or night, roomy or dense: as this console's settings say, in every window of it. */
import { useEffect } from 'react'
import type { Appearance } from '../../src-shared/contract/settings.ts'
import { useSubscription } from '../api/hooks.ts'

const KEY = 'appearance'

function apply({ theme, density }: Appearance): void {
  const root = document.documentElement
  if (theme === 'system') delete root.dataset.theme
  else root.dataset.theme = theme
  root.dataset.density = density
}

/** What was last seen, so that the first paint is right already. */
export function applyRememberedAppearance(): void {
  const [theme, density] = (localStorage.getItem(KEY) ?? '').split(' ')
  apply({
    theme: theme === 'light' || theme === 'dark' ? theme : 'system',
    density: density === 'compact' ? density : 'comfortable',
  })
}

export function useAppearance(): void {
  const appearance = useSubscription('settings.watch', {}).state
  useEffect(() => {
    if (!appearance) return
    apply(appearance)
    localStorage.setItem(KEY, `${appearance.theme} ${appearance.density}`)
  }, [appearance])
}
