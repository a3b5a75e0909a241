/** Which backup a moment means: asked of the server, by the rule of its restore, in its time. */
import { type ReactNode, useState } from 'react'
import type { SiteOverview } from '../../../src-shared/contract/sites.ts'
import { dayOfClock } from '../../../src-shared/domain/accident.ts'
import { showName } from '../../../src-shared/domain/backup-path.ts'
import { formatClock, formatCount, formatSpan, formatTime } from '../../../src-shared/domain/format.ts'
import type { BackupEntry } from '../../../src-shared/domain/kit-backups.ts'
import { momentOf } from '../../../src-shared/domain/newest.ts'
import type { RestorablePart } from '../../../src-shared/domain/restored-parts.ts'
import { type OutputOf, useQuery } from '../../api/hooks.ts'
import { href } from '../../app/routes.ts'
import { Button, LinkButton } from '../../ui/button.tsx'
import { TextField } from '../../ui/field.tsx'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Row, Section } from '../../ui/page.tsx'
import { ErrorState, Notice } from '../../ui/states.tsx'
import { Since, useNow } from '../../ui/time.tsx'
import { Mark } from '../../ui/verdict.tsx'
import css from './find-before.module.css'
import { MomentLine } from './moment-line.tsx'

interface Props {
  readonly overview: SiteOverview
  readonly part: RestorablePart
  readonly backups: readonly BackupEntry[]
}

export function ChooseMoment({ overview, part, backups }: Props) {
  const { id: site, zone, clockOffset } = overview
  const now = useNow(5000) + clockOffset
  const [text, setText] = useState('')
  const [asked, setAsked] = useState<string | null>(null)
  const [problem, setProblem] = useState<string | undefined>(undefined)
  const answer = useQuery('restore.moment', asked === null ? null : { site, kind: part, time: asked })
  const ask = (time: string) => {
    const read = dayOfClock(time, zone, now)
    setProblem(read === null ? 'Write 14:07, or 2026-11-24 14:07.' : undefined)
    setAsked(read)
  }
  const choose = (time: string) => {
    setText(time)
    ask(time)
  }
  const waits = asked !== null && answer.loading
  return (
    <Section title="Choose a moment" note="optional: finds the newest backup that is not later">
      <form
        className={css.moment}
        onSubmit={(event) => {
          event.preventDefault()
          if (!waits) ask(text)
        }}
      >
        <TextField
          label="Moment"
          value={text}
          onChange={setText}
          maxLength={40}
          placeholder={formatClock(now, zone).slice(0, 16)}
          error={problem}
          hint={`Server time (${zone}), now ${formatTime(now, zone).slice(11, 16)}.`}
        />
        <div className={css.act}>
          <Button type="submit" busy={waits} disabled={text.trim() === ''}>
            Find its backup
          </Button>
        </div>
      </form>
      <MomentLine
        backups={backups}
        now={now}
        zone={zone}
        asked={asked === null ? null : (answer.data?.at?.moment ?? null)}
        onPick={(moment) => choose(formatClock(moment, zone))}
      />
      {asked !== null && answer.failure && (
        <ErrorState failure={answer.failure} title="The moment was not looked up." />
      )}
      {asked !== null && answer.data && !answer.failure && (
        <Meaning answer={answer.data} asked={asked} choose={choose} {...{ overview, part, backups }} />
      )}
    </Section>
  )
}

type Answer = OutputOf<'restore.moment'>

function Meaning(props: Props & { readonly answer: Answer; readonly asked: string; choose: (time: string) => void }) {
  const { answer, asked, choose, overview } = props
  const { zone } = overview
  if (answer.state === 'never') {
    return (
      <Notice tone="warn" title={`${asked} does not exist on this server.`}>
        The clocks of {zone} were set forward then. Choose a time before or after that.
      </Notice>
    )
  }
  if (answer.state === 'twice') {
    const [first = '', second = ''] = answer.choices
    return (
      <Notice
        tone="warn"
        title={`${asked} occurs twice on this server. Which one do you mean?`}
        action={
          <Row>
            <Button onClick={() => choose(first)}>The first ({offsetOf(first)})</Button>
            <Button onClick={() => choose(second)}>The second ({offsetOf(second)})</Button>
          </Row>
        }
      >
        The clocks of {zone} were set back then, so the hour was shown twice.
      </Notice>
    )
  }
  return <Found {...props} />
}

const offsetOf = (time: string) => time.slice(-6)

function Found({ answer, overview, backups }: Props & { readonly answer: Answer }) {
  const { id: site, zone, clockOffset: offset } = overview
  const { at } = answer
  const entry = backups.find(({ path }) => path === answer.backup)
  const next = at?.next ?? null
  const to = (path: string) => href({ page: 'restore', site, path, step: 'changes' })
  const more = (
    <>
      {at !== null && at.failed.length > 0 && <Skipped paths={at.failed} />}
      {next && (
        <p>
          The next later one is from <a href={to(next.path)}>{formatClock(next.takenAt, zone)}</a>.
        </p>
      )}
    </>
  )
  if (answer.backup === null || at === null) {
    return (
      <Notice
        tone="warn"
        title="No usable backup is that old."
        action={next && <LinkButton href={to(next.path)}>Use the nearest backup</LinkButton>}
      >
        {next === null && <p>There is no later one either.</p>}
        {more}
      </Notice>
    )
  }
  const taken = entry ? momentOf(entry) : null
  return (
    <Notice
      title={
        <>
          {formatClock(at.moment, zone)} means the backup{' '}
          {taken === null ? <HostileText text={showName(answer.backup)} /> : <>of {formatClock(taken, zone)}</>}
          {taken !== null && before(at.moment - taken)}.
        </>
      }
      action={
        <LinkButton look="primary" href={to(answer.backup)}>
          Use this backup
        </LinkButton>
      }
    >
      {entry && taken !== null && (
        <p>
          <Mark of={entry.verdict} /> <HostileText text={showName(entry.path)} />. You would lose the last{' '}
          <Since at={taken} offset={offset} />.
        </p>
      )}
      {more}
    </Notice>
  )
}

function before(ms: number): ReactNode {
  return ms < 1000 ? ', taken at that moment' : `, taken ${formatSpan(ms)} before it`
}

const NAMED = 3

function Skipped({ paths }: { readonly paths: readonly string[] }) {
  const rest = paths.length - NAMED
  return (
    <p>
      Skipped, because verification failed: <HostileText text={paths.slice(0, NAMED).map(showName).join(', ')} />
      {rest > 0 && ` and ${formatCount(rest)} more`}.
    </p>
  )
}
