/**
 * Focuses the control that continues when a step of the restore opens, so that Enter continues. Not if the focus has been
 * moved, nor while a dialog is open.
 */
import { type RefObject, useEffect, useRef } from 'react'

/** How many frames it is tried: rows are drawn a little later than their table, and a dialog takes some to close. */
const FRAMES = 60

/** @param find selects what gets the focus, inside of the element with the returned ref; null for nothing. */
export function useFirstFocus<E extends HTMLElement>(find: string | null): RefObject<E | null> {
  const ref = useRef<E>(null)
  useEffect(() => {
    if (find === null) return
    let frames = 0
    let frame = 0
    const look = () => {
      const now = document.activeElement
      if (now?.closest('main') && !now.matches('main h1')) return
      frames += 1
      const there = ref.current?.querySelector<HTMLElement>(find)
      if (there && document.querySelector('[data-modal]') === null) there.focus({ preventScroll: true })
      else if (frames < FRAMES) frame = requestAnimationFrame(look)
    }
    frame = requestAnimationFrame(look)
    return () => cancelAnimationFrame(frame)
  }, [find])
  return ref
}
