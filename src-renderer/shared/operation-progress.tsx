/** How an operation goes on: its steps with their evidence and durations, its log folded away. */
import { ChevronRight } from 'lucide-react'
import { useMemo } from 'react'
import type { OperationView } from '../../src-shared/contract/operations.ts'
import { formatBytes, formatDuration, formatTime } from '../../src-shared/domain/format.ts'
import { HostileText } from '../ui/hostile-text.tsx'
import { Announce, ProgressBar, progressWords } from '../ui/progress.tsx'
import { Notice } from '../ui/states.tsx'
import { Duration, elapsedWords, localZone, useNow } from '../ui/time.tsx'
import { Mark, type MarkName } from '../ui/verdict.tsx'
import css from './operation-progress.module.css'
import {
  type DownTime,
  downTimeOf,
  evidenceWord,
  logOf,
  type OperationStep,
  shortHash,
  stepsOf,
} from './operation-steps.ts'
import { outOfSight } from './out-of-sight.ts'

const stepMarks: Record<OperationStep['state'], MarkName> = {
  started: 'running',
  done: 'passed',
  failed: 'failed',
  skipped: 'skipped',
}
const stepWords: Record<OperationStep['state'], string> = {
  started: 'Running',
  done: 'Done',
  failed: 'Failed',
  skipped: 'Skipped',
}

export function OperationProgress(props: {
  readonly view: OperationView
  /** Server's clock minus this computer's. */
  readonly offset?: number
  readonly zone?: string | undefined
}) {
  const { view, offset = 0 } = props
  const { row, events } = view
  const steps = useMemo(() => stepsOf(events), [events])
  const running = row.state !== 'ended'
  const unseen = outOfSight(view)
  const now = useNow()
  const step = steps.findLast(({ endedAt }) => endedAt === null)
  const said = running
    ? `${step?.title ?? 'Waiting'}${row.progress ? `: ${progressWords(row.progress)}` : ''}`
    : `${row.title}: ${row.outcome ?? 'unknown'}`
  return (
    <div className={css.progress}>
      <Announce text={said} />
      {unseen && (
        <Notice tone="warn" title={unseenTitle(view)}>
          {view.link.state === 'searching'
            ? 'It is looked for all the time, and what happened meanwhile is told then.'
            : 'What happened meanwhile is told as soon as it is listened to.'}
        </Notice>
      )}
      <ol className={css.steps} aria-label="Steps">
        {steps.length === 0 && (
          <li className={css.step}>
            <Mark of={running ? 'waiting' : 'skipped'}>
              {running ? waitingWords(row.state) : 'No step of it is known here.'}
            </Mark>
          </li>
        )}
        {steps.map((one) => (
          <Step
            key={`${one.step} ${one.startedAt}`}
            step={one}
            now={running && !unseen ? now + offset : null}
            unseen={unseen}
            progress={!unseen && one.endedAt === null && row.progress?.step === one.step ? row.progress : null}
          />
        ))}
      </ol>
      <Log view={view} zone={props.zone} />
    </div>
  )
}

function unseenTitle({ row, link }: OperationView): string {
  if (link.state === 'searching') return 'The connection broke; the operation goes on at the server.'
  if (row.elsewhere) return 'It was started elsewhere, and is not listened to here.'
  return 'It was lost sight of: it goes on at the server, or has ended there.'
}

function waitingWords(state: OperationView['row']['state']): string {
  if (state === 'queued') return 'Waits for another operation of this site.'
  if (state === 'unknown') return 'Only the server knows how far it is.'
  return 'Waits for the server’s first word.'
}

function Step(props: {
  readonly step: OperationStep
  readonly now: number | null
  /** Whether it goes on is not known. */
  readonly unseen: boolean
  readonly progress: OperationView['row']['progress']
}) {
  const { step, now, unseen, progress } = props
  const evidence = Object.entries(step.evidence).filter(([, value]) => value !== null && value !== '')
  const open = step.endedAt === null
  const state = open && now === null && !unseen ? 'skipped' : step.state
  const ms =
    step.endedAt !== null ? step.endedAt - step.startedAt : now === null ? null : Math.max(0, now - step.startedAt)
  return (
    <li className={css.step} data-state={state}>
      <div className={css.stepLine}>
        <Mark of={open && unseen ? 'unknown' : stepMarks[state]} bare>
          {open && unseen ? 'Out of sight' : stepWords[state]}
        </Mark>
        <span className={css.stepTitle}>
          <HostileText text={step.title} />
        </span>
        <span className={css.stepTime}>
          {step.endedAt === null && ms !== null ? elapsedWords(ms) : <Duration ms={ms} />}
        </span>
      </div>
      {progress && (
        <div className={css.stepMore}>
          <ProgressBar label={step.title} value={progress} />
          <span className={css.words}>{progressWords(progress)}</span>
        </div>
      )}
      {evidence.length > 0 && (
        <p className={css.evidence}>
          {evidence.map(([key, value]) => (
            <span key={key}>
              <span className={css.key}>{evidenceWord(key)}</span> <HostileText text={evidenceValue(key, value)} />
            </span>
          ))}
        </p>
      )}
    </li>
  )
}

export function evidenceValue(key: string, value: string | number | boolean | null): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'number' && /size|bytes|free|needed/i.test(key)) return formatBytes(value)
  if (typeof value === 'number' && /ms$/i.test(key)) return formatDuration(value)
  return shortHash(String(value))
}

function Log({ view, zone = localZone }: { readonly view: OperationView; readonly zone?: string | undefined }) {
  const lines = useMemo(() => logOf(view.events), [view.events])
  return (
    <details className={css.log}>
      <summary>
        <ChevronRight aria-hidden className={css.chevron} />
        Log{' '}
        <span className={css.key}>
          {lines.length} {lines.length === 1 ? 'line' : 'lines'}, times in {zone}
        </span>
      </summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <ol className={css.lines} tabIndex={0} aria-label="Log of the operation">
        {lines.map((line, index) => (
          // A log only grows at its end.
          // biome-ignore lint/suspicious/noArrayIndexKey: see above
          <li key={index} data-level={line.level}>
            <time>{formatTime(line.at, zone).slice(11, 19)}</time>
            <span className={css.level}>{line.level === 'info' ? '' : line.level}</span>
            <span>
              <HostileText text={line.text} />
            </span>
          </li>
        ))}
      </ol>
    </details>
  )
}

/** How long the service is, or was, down. While nothing is heard from the server it claims nothing. */
export function DownTimeClock({ view, offset = 0 }: { readonly view: OperationView; readonly offset?: number }) {
  const { row, link } = view
  const down = useMemo(() => downTimeOf(view.events), [view.events])
  const now = useNow()
  const over = row.state === 'ended'
  const unheard = !over && row.state !== 'queued' && link.state !== 'listening'
  const isDown = !unheard && down !== null && down.to === null && !over
  return (
    <div className={css.clock} data-down={isDown || undefined}>
      <span className={css.clockName}>Down-time</span>
      <span className={css.clockValue} role="timer" aria-label="Down-time">
        {unheard ? 'not known' : isDown ? elapsedWords(now + offset - down.from) : lasted(down)}
      </span>
      <span className={css.clockNote}>
        {unheard ? 'Only the server knows it now.' : isDown ? 'The service is stopped.' : standsWords(down)}
      </span>
    </div>
  )
}

function lasted(down: DownTime | null): string {
  return down === null || down.to === null ? '0 s' : formatDuration(down.to - down.from)
}

function standsWords(down: DownTime | null): string {
  if (down === null) return 'The service was not stopped yet.'
  return down.to === null ? 'See the log.' : 'The service runs again.'
}
