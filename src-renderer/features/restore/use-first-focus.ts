/**
 * The way on has the focus when a step of the restore opens, so that Enter continues. Not where a person has moved the focus
 * meanwhile, nor while a dialog is open.
 */
import { type RefObject, useEffect, useRef } from 'react'

/** Frames for which it is tried: rows of a table are drawn a little later than the table, and a dialog needs some to close. */
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
