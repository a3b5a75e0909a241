/** The progress of an operation: its steps with their evidence and durations, and its log, collapsed. */
import { ChevronRight } from 'lucide-react'
import { useMemo } from 'react'
import type { OperationView } from '../../src-shared/contract/operations.ts'
import { formatBytes, formatDuration, formatTime } from '../../src-shared/domain/format.ts'
import { HostileText } from '../ui/hostile-text.tsx'
import { Announce, ProgressBar } from '../ui/progress.tsx'
import { type ProgressValue, progressWords } from '../ui/progress-words.ts'
import { Notice } from '../ui/states.tsx'
import { Duration, elapsedWords, localZone, useNow } from '../ui/time.tsx'
import { Mark, type MarkName } from '../ui/verdict.tsx'
import css from './operation-progress.module.css'
import { standingWords } from './operation-standing.ts'
import {
  type Downtime,
  downtimeOf,
  evidenceWord,
  logOf,
  type OperationStep,
  shortHash,
  stepsOf,
} from './operation-steps.ts'
import { useStanding } from './use-standing.ts'

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
  skipped: 'Not run',
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
  const standing = useStanding(row)
  const lost = standing.state === 'lost'
  const now = useNow()
  const said = running ? standingWords(standing) : `${row.title}: ${row.outcome ?? 'unknown'}`
  return (
    <div className={css.progress}>
      <Announce text={said} />
      {lost && (
        <Notice tone="warn" title={lostTitle(row)}>
          {row.link === 'searching'
            ? 'The console keeps trying to reconnect. It will then show everything that happened in the meantime.'
            : 'Its full history appears once this console is connected to it.'}
        </Notice>
      )}
      <ol className={css.steps} aria-label="Steps">
        {steps.length === 0 && (
          <li className={css.step}>
            <Mark of={running ? 'waiting' : 'skipped'}>
              {running ? waitingWords(row.state) : 'No steps were recorded here.'}
            </Mark>
          </li>
        )}
        {steps.map((one) => (
          <Step
            key={`${one.step} ${one.startedAt}`}
            step={one}
            now={running && !lost ? now + offset : null}
            lost={lost}
            progress={one.endedAt === null && row.progress?.step === one.step ? standing.progress : null}
          />
        ))}
      </ol>
      <Log view={view} zone={props.zone} />
    </div>
  )
}

function lostTitle(row: OperationView['row']): string {
  if (row.link === 'searching') return 'Connection lost. The operation continues on the server.'
  if (row.elsewhere) return 'This operation was started elsewhere. This console does not follow it yet.'
  return 'Connection lost. The operation may still be running on the server.'
}

function waitingWords(state: OperationView['row']['state']): string {
  if (state === 'queued') return 'Waiting for another operation on this site to end.'
  if (state === 'unknown') return 'Progress unknown until reconnected.'
  return 'Waiting for the server’s first answer.'
}

function Step(props: {
  readonly step: OperationStep
  readonly now: number | null
  /** The connection is lost: whether the step still runs is not known. */
  readonly lost: boolean
  readonly progress: ProgressValue | null
}) {
  const { step, now, lost, progress } = props
  const evidence = Object.entries(step.evidence).filter(([, value]) => value !== null && value !== '')
  const open = step.endedAt === null
  // The operation ended without reporting how this step ended.
  const cut = open && now === null && !lost
  const ms =
    step.endedAt !== null ? step.endedAt - step.startedAt : now === null ? null : Math.max(0, now - step.startedAt)
  return (
    <li className={css.step} data-state={cut ? 'skipped' : step.state}>
      <div className={css.stepLine}>
        <Mark of={open && lost ? 'unknown' : cut ? 'skipped' : stepMarks[step.state]} bare>
          {open && lost ? 'Last known step' : cut ? 'Not finished' : stepWords[step.state]}
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

/** How long the service is, or was, down. While the connection is lost it claims nothing. */
export function DowntimeClock({ view, offset = 0 }: { readonly view: OperationView; readonly offset?: number }) {
  const { row } = view
  const down = useMemo(() => downtimeOf(view.events), [view.events])
  const now = useNow()
  const over = row.state === 'ended'
  const lost = useStanding(row).state === 'lost'
  const isDown = !lost && down !== null && down.to === null && !over
  return (
    <div className={css.clock} data-down={isDown || undefined}>
      <span className={css.clockName}>Downtime</span>
      <span className={css.clockValue} role="timer" aria-label="Downtime">
        {lost ? 'Unknown' : isDown ? elapsedWords(now + offset - down.from) : lasted(down)}
      </span>
      <span className={css.clockNote}>
        {lost ? 'No contact with the server.' : isDown ? 'The service is stopped.' : standsWords(down)}
      </span>
    </div>
  )
}

function lasted(down: Downtime | null): string {
  return down === null || down.to === null ? '0 s' : formatDuration(down.to - down.from)
}

function standsWords(down: Downtime | null): string {
  if (down === null) return 'The service has not been stopped.'
  return down.to === null ? 'See the log.' : 'The service is running again.'
}
