/** Runs the shortcuts of the catalogue. Single keys only where nobody is typing. */
import { useEffect } from 'react'
import { isApple } from '../api/transport.ts'
import { shortcuts } from './commands.ts'

const SEQUENCE_MS = 1200

interface Pressed {
  readonly key: string
  readonly mod: boolean
  readonly other: boolean
}

/** Which shortcut the pressed keys amount to, or which keys wait for a further one. Pure. */
export function matchKeys(
  known: readonly string[],
  waiting: string,
  { key, mod, other }: Pressed,
): { readonly hit?: string; readonly waiting: string } {
  if (other) return { waiting: '' }
  const pressed = mod ? `Mod+${key.toLowerCase()}` : key.length === 1 ? key.toLowerCase() : key
  const sequence = waiting === '' ? pressed : `${waiting} ${pressed}`
  for (const candidate of [sequence, pressed]) {
    if (known.includes(candidate)) return { hit: candidate, waiting: '' }
    if (known.some((keys) => keys.startsWith(`${candidate} `))) return { waiting: candidate }
  }
  return { waiting: '' }
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable]') !== null
}

export function useShortcuts(): void {
  useEffect(() => {
    let waiting = ''
    let timer: ReturnType<typeof setTimeout> | undefined
    const known = shortcuts.map(({ keys }) => keys)
    const hear = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return
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
