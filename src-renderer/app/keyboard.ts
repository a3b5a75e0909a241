/** Runs the shortcuts of the catalogue. Single keys work only outside text fields. */
import { useEffect } from 'react'
import { isApple } from '../api/transport.ts'
import { shortcuts } from './commands.ts'
import { matchKeys } from './match-keys.ts'

const SEQUENCE_MS = 1200

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable]') !== null
}

/** A button that cannot be pressed prevents every key, but means none of them. */
function isTaken({ defaultPrevented, target }: KeyboardEvent): boolean {
  return defaultPrevented && !(target instanceof HTMLElement && target.ariaDisabled === 'true')
}

export function useShortcuts(): void {
  useEffect(() => {
    let waiting = ''
    let timer: ReturnType<typeof setTimeout> | undefined
    const known = shortcuts.map(({ keys }) => keys)
    const hear = (event: KeyboardEvent) => {
      if (isTaken(event) || event.isComposing) return
      const mod = isApple ? event.metaKey : event.ctrlKey
      const other = event.altKey || (isApple ? event.ctrlKey : event.metaKey)
      if (!mod && (isTyping(event.target) || document.querySelector('[data-modal]') !== null)) return
      const found = matchKeys(known, waiting, { key: event.key, mod, other })
      waiting = found.waiting
      clearTimeout(timer)
      timer = setTimeout(() => {
        waiting = ''
      }, SEQUENCE_MS)
      if (found.hit === undefined) return
      event.preventDefault()
      shortcuts.find(({ keys }) => keys === found.hit)?.run()
    }
    window.addEventListener('keydown', hear)
    return () => {
      window.removeEventListener('keydown', hear)
      clearTimeout(timer)
    }
  }, [])
}
