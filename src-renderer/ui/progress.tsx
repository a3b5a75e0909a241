/** How far something is. Read out at most every five seconds, so that a screen reader can say other things too. */
import { Progress } from '@base-ui/react/progress'
import { useEffect, useRef, useState } from 'react'
import css from './progress.module.css'
import { type ProgressValue, progressWords } from './progress-words.ts'

const ANNOUNCE_EVERY_MS = 5000

export function ProgressBar(props: {
  readonly label: string
  /** Null where it is not known how far it is. */
  readonly value: ProgressValue | null
  readonly thin?: boolean
}) {
  const { value, label } = props
  const known = value !== null && value.total > 0
  return (
    <Progress.Root
      className={css.root}
      value={known ? Math.min(value.done, value.total) : null}
      max={known ? value.total : 100}
      aria-label={label}
      getAriaValueText={() => (value ? progressWords(value) : 'working')}
    >
      <Progress.Track className={css.track} data-thin={props.thin === true || undefined}>
        <Progress.Indicator className={css.bar} />
      </Progress.Track>
    </Progress.Root>
  )
}

/** Says a changing text to screen readers, politely and not all the time. Shows nothing. */
export function Announce({ text }: { readonly text: string }) {
  const [said, setSaid] = useState(text)
  const saidAt = useRef(0)
  useEffect(() => {
    const wait = Math.max(0, saidAt.current + ANNOUNCE_EVERY_MS - Date.now())
    const timer = setTimeout(() => {
      saidAt.current = Date.now()
      setSaid(text)
    }, wait)
    return () => clearTimeout(timer)
  }, [text])
  return (
    <span role="status" aria-live="polite" className="visually-hidden">
      {said}
    </span>
  )
}
