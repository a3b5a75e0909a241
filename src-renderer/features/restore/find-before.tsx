/** Finds a backup from before the accident: takes what is known, then searches back through the backups. */
import { Search as SearchIcon } from 'lucide-react'
import { useId } from 'react'
import type { SiteOverview } from '../../../src-shared/contract/sites.ts'
import { candidates, type MomentOf } from '../../../src-shared/domain/accident.ts'
import { showName } from '../../../src-shared/domain/backup-path.ts'
import { formatCount, formatTime } from '../../../src-shared/domain/format.ts'
import type { BackupEntry } from '../../../src-shared/domain/kit-backups.ts'
import { momentOf } from '../../../src-shared/domain/newest.ts'
import { href } from '../../app/routes.ts'
import { Button, LinkButton } from '../../ui/button.tsx'
import { Select, TextField } from '../../ui/field.tsx'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Row, Section } from '../../ui/page.tsx'
import { Announce, ProgressBar } from '../../ui/progress.tsx'
import { Notice } from '../../ui/states.tsx'
import { Count, useNow } from '../../ui/time.tsx'
import css from './find-before.module.css'
import { type Compared, changeAccident } from './restore-memory.ts'
import { type Search, useSearch } from './use-search.ts'

const missed = [
  { value: 'unknown', label: 'Not sure' },
  { value: 'rows', label: 'Rows are missing' },
  { value: 'values', label: 'Rows have wrong values' },
] as const

export function FindBefore(props: {
  readonly overview: SiteOverview
  readonly backups: readonly BackupEntry[]
  /** Tables that the site is known to have. */
  readonly tables: readonly string[]
  readonly read: MomentOf
}) {
  const { overview, backups, tables, read } = props
  const { id: site, zone, clockOffset: offset } = overview
  const now = useNow(5000) + offset
  // Only backups from before the accident, where its time is known.
  const walk = candidates(backups, now).filter((entry) => read.moment === null || momentOf(entry) < read.moment)
  const search = useSearch(site, walk)
  const { accident } = search
  const busy = accident.searching !== null
  const change = (next: Partial<typeof accident>) =>
    changeAccident(site, () => ({ ...next, compared: [], since: 0, failure: '' }))
  const options = [{ value: '', label: 'Any table' }, ...tables.map((name) => ({ value: name, label: name }))]
  return (
    <Section title="What happened?" note="optional: helps to find the right backup">
      <form
        className={css.form}
        onSubmit={(event) => {
          event.preventDefault()
          if (!busy) search.start(false)
        }}
      >
        <TextField
          label="When did it happen?"
          value={accident.when}
          onChange={(when) => change({ when })}
          disabled={busy}
          maxLength={40}
          placeholder="14:07"
          error={read.problem}
          hint={`Server time (${zone}), now ${formatTime(now, zone).slice(11, 16)}. Leave empty if unknown.`}
        />
        <Select
          label="What is wrong?"
          value={accident.missed}
          options={missed}
          onChange={(value) => change({ missed: missed.find((one) => one.value === value)?.value ?? 'unknown' })}
        />
        <Select label="Where?" value={accident.table} options={options} onChange={(table) => change({ table })} />
        <div className={css.act}>
          {/* Two elements: one that becomes the other while it is pressed would submit what was just stopped. */}
          {busy ? (
            <Button key="stop" onClick={search.stop}>
              Stop
            </Button>
          ) : (
            <Button
              key="find"
              type="submit"
              icon={SearchIcon}
              disabled={walk.length === 0 || read.problem !== undefined}
            >
              Find a backup from before
            </Button>
          )}
        </div>
      </form>
      <Walked search={search} walk={walk} overview={overview} />
    </Section>
  )
}

function Walked({
  search,
  walk,
  overview,
}: {
  readonly search: Search
  readonly walk: readonly BackupEntry[]
  readonly overview: SiteOverview
}) {
  const { accident, view } = search
  const { compared, searching, since, failure } = accident
  const headings = useId()
  if (since === 0) return null
  const found = compared.at(-1)?.found === true ? compared.at(-1) : undefined
  const further = walk.some(({ path }) => !compared.some((one) => one.path === path))
  const step = view?.steps.findLast(({ state }) => state === 'started')?.title ?? 'Waiting for the server'
  const doing = `Comparing backup ${compared.length + 1} of ${walk.length}: ${step}`
  return (
    <div className={css.walked}>
      {searching !== null && (
        <>
          <Announce text={doing} />
          <p className={css.doing}>
            <HostileText text={doing} />
          </p>
          <ProgressBar thin label="Comparing backups with the live database" value={view?.progress ?? null} />
        </>
      )}
      {compared.length > 0 && (
        <table className={css.results} aria-labelledby={headings}>
          <caption id={headings} className="visually-hidden">
            Backups compared with the live database
          </caption>
          <thead>
            <tr>
              <th scope="col">Backup of</th>
              <th scope="col">Would come back</th>
              <th scope="col">Would change</th>
              <th scope="col">Would be lost</th>
              <th scope="col">Mostly in</th>
            </tr>
          </thead>
          <tbody>
            {compared.map((one) => (
              <Result key={one.path} one={one} walk={walk} overview={overview} />
            ))}
          </tbody>
        </table>
      )}
      {searching === null && (
        <Verdict found={found} further={further} failure={failure} search={search} overview={overview} walk={walk} />
      )}
    </div>
  )
}

type ResultProps = { readonly walk: readonly BackupEntry[]; readonly overview: SiteOverview }

function takenWords(path: string, { walk, overview }: ResultProps): string {
  const entry = walk.find((one) => one.path === path)
  return entry ? formatTime(momentOf(entry), overview.zone).slice(0, 19) : showName(path)
}

function Result({ one, ...props }: ResultProps & { readonly one: Compared }) {
  const { findings, path, planId } = one
  const plan = planId ?? undefined
  return (
    <tr data-found={one.found || undefined}>
      <th scope="row">
        <a href={href({ page: 'restore', site: props.overview.id, path, plan, step: 'changes' })}>
          {takenWords(path, props)}
        </a>
      </th>
      {findings ? (
        <>
          <td>
            {findings.unknown > 0 && 'at least '}
            <Count value={findings.back} />
          </td>
          <td>
            {findings.unknown > 0 && 'at least '}
            <Count value={findings.changed} />
          </td>
          <td>
            {findings.unknown > 0 && 'at least '}
            <Count value={findings.lost} />
          </td>
          <td>
            <HostileText text={findings.most ?? '–'} />
          </td>
        </>
      ) : (
        <td colSpan={4} className={css.problem}>
          <HostileText text={one.problem} />
        </td>
      )}
    </tr>
  )
}

/** How the search ended, and what to do next. */
function Verdict(
  props: ResultProps & {
    readonly found: Compared | undefined
    readonly further: boolean
    readonly failure: string
    readonly search: Search
  },
) {
  const { found, further, failure, search, overview } = props
  const on = further && (
    <Button onClick={() => search.start(true)}>{found ? 'Search further back' : 'Continue searching'}</Button>
  )
  if (failure !== '') {
    return (
      <Notice tone="bad" title="The search ended early." action={on}>
        <HostileText text={failure} />
      </Notice>
    )
  }
  if (found?.findings) {
    const { back, changed } = found.findings
    const plan = found.planId ?? undefined
    return (
      <Notice
        title={`The backup of ${takenWords(found.path, props)} contains ${missingWords(back, changed)}.`}
        action={
          <Row>
            {on}
            <LinkButton
              look="primary"
              href={href({ page: 'restore', site: overview.id, path: found.path, plan, step: 'changes' })}
            >
              Review its changes
            </LinkButton>
          </Row>
        }
      >
        Newer backups do not. Check the tables before you continue: ordinary work changes rows as well.
      </Notice>
    )
  }
  if (further) return <Notice title="The search was stopped." action={on} />
  return (
    <Notice tone="warn" title="No backup contains the missing data.">
      Backups that could not be compared with the live database are not ruled out.
    </Notice>
  )
}

function missingWords(back: number, changed: number): string {
  const rows = (count: number) => `${formatCount(count)} ${count === 1 ? 'row' : 'rows'}`
  const parts = [
    back > 0 ? `${rows(back)} missing now` : '',
    changed > 0 ? `${rows(changed)} with different values` : '',
  ]
  return parts.filter((part) => part !== '').join(' and ')
}
