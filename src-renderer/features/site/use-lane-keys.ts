/**
 * The timeline by keyboard: the Tab key reaches one mark, the arrow keys the others: left and right in a lane, up and down
 * the nearest of the next one.
 */
import { type FocusEvent, type KeyboardEvent, type RefObject, useLayoutEffect, useRef } from 'react'

const MARKS = '[data-mark]'

export interface LaneKeys {
  readonly ref: RefObject<HTMLDivElement | null>
  readonly onKeyDownCapture: (event: KeyboardEvent) => void
  readonly onFocus: (event: FocusEvent) => void
}

function marksIn(element: Element | null | undefined): HTMLElement[] {
  return element ? [...element.querySelectorAll<HTMLElement>(MARKS)] : []
}

/** The newest of the first lane, unless another one has been reached. */
function setTabStop(timeline: Element | null, wanted: HTMLElement | null): void {
  const marks = marksIn(timeline)
  const first = marksIn(timeline?.querySelector('[data-lane]')).at(-1) ?? marks.at(-1)
  const stop = wanted && marks.includes(wanted) ? wanted : first
  for (const mark of marks) mark.tabIndex = mark === stop ? 0 : -1
}

function centre(mark: HTMLElement): number {
  const { left, right } = mark.getBoundingClientRect()
  return (left + right) / 2
}

/** The mark that a key goes to; null if it goes nowhere. */
function target(key: string, from: HTMLElement, timeline: Element): HTMLElement | null {
  const lane = from.closest('[data-lane]')
  const marks = marksIn(lane)
  const index = marks.indexOf(from)
  if (key === 'ArrowLeft') return marks[index - 1] ?? null
  if (key === 'ArrowRight') return marks[index + 1] ?? null
  if (key === 'Home') return marks[0] ?? null
  if (key === 'End') return marks.at(-1) ?? null
  if (key !== 'ArrowUp' && key !== 'ArrowDown') return null
  const lanes = [...timeline.querySelectorAll('[data-lane]')].filter((one) => marksIn(one).length > 0)
  const next = lanes[lanes.indexOf(lane as Element) + (key === 'ArrowUp' ? -1 : 1)]
  const distance = (mark: HTMLElement) => Math.abs(centre(mark) - centre(from))
  return marksIn(next).sort((one, other) => distance(one) - distance(other))[0] ?? null
}

export function useLaneKeys(): LaneKeys {
  const ref = useRef<HTMLDivElement>(null)
  const current = useRef<HTMLElement | null>(null)
  // Marks come and go with every refresh of the site.
  useLayoutEffect(() => setTabStop(ref.current, current.current))
  return {
    ref,
    onFocus: ({ target: focused }) => {
      const mark = focused.closest<HTMLElement>(MARKS)
      if (!mark) return
      current.current = mark
      setTabStop(ref.current, mark)
    },
    onKeyDownCapture: (event) => {
      const from = (event.target as HTMLElement).closest<HTMLElement>(MARKS)
      if (!from || !ref.current || event.altKey || event.ctrlKey || event.metaKey) return
      const to = target(event.key, from, ref.current)
      if (!to) return
      // Before the menu of a group opens by the same key.
      event.preventDefault()
      event.stopPropagation()
      to.focus()
    },
  }
}
