/** Step two: what would be lost, come back and change, and who has the database open. */
import { RotateCw } from 'lucide-react'
import { useMemo, useState } from 'react'
import { formatBytes, formatClock } from '../../../src-shared/domain/format.ts'
import { lossOf, lossSentence, momentSpan, type TableDifference } from '../../../src-shared/domain/loss.ts'
import { href } from '../../app/routes.ts'
import { Button, LinkButton } from '../../ui/button.tsx'
import { Checkbox } from '../../ui/field.tsx'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Fact, Facts, Row, Section } from '../../ui/page.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { Count, Since, Time } from '../../ui/time.tsx'
import { Mark } from '../../ui/verdict.tsx'
import css from './restore.module.css'
import type { PlanStepProps } from './restore-page.tsx'
import { SchemaFacts } from './schema-facts.tsx'

export function ChangesStep({ overview, path, view, plan, again }: PlanStepProps) {
  const { id: site, zone, clockOffset: offset } = overview
  const loss = useMemo(() => lossOf(plan), [plan])
  const [all, setAll] = useState(false)
  const foreign = plan.holders.filter(({ service }) => service === null)
  const least = loss.unknown.length > 0 && 'at least '
  const notes = plan.tables.filter(({ reason }) => reason !== '')
  return (
    <>
      <p className={css.sentence}>
        <strong>
          <HostileText text={lossSentence(plan)} />
        </strong>
      </p>
      <div className={css.headline}>
        <div>
          <p className={css.figureName}>The database would be as it was</p>
          <p className={css.figure}>
            {plan.recoveryPoint === null ? 'at a time nobody knows' : formatClock(plan.recoveryPoint, zone)}
          </p>
          <p className={css.more}>
            {plan.recoveryPoint !== null && <Time at={plan.recoveryPoint} offset={offset} zone={zone} />}
            {' · '}
            {zone}
          </p>
        </div>
        <div>
          <p className={css.figureName}>You would lose the last</p>
          <p className={css.figure}>
            {plan.recoveryPoint === null ? 'not known' : <Since at={plan.recoveryPoint} offset={offset} />}
          </p>
          <p className={css.more}>until now</p>
        </div>
        <div data-tone={loss.lost + loss.changed === 0 ? undefined : 'bad'}>
          <p className={css.figureName}>Rows that would be lost</p>
          <p className={css.figure}>
            {least}
            <Count value={plan.comparison.known ? loss.lost : null} />
          </p>
          {plan.comparison.known && (
            <p className={css.more}>
              {least}
              <Count value={loss.back} /> would come back, {least}
              <Count value={loss.changed} /> would go back to old values
            </p>
          )}
        </div>
      </div>
      <Section
        title="Table by table"
        note="live database against backup; moments as the rows bear them"
        actions={
          loss.same > 0 && (
            <Checkbox label={`Show the ${loss.same} without a difference`} checked={all} onChange={setAll} />
          )
        }
      >
        <Table
          label="Differences of tables"
          rows={all ? plan.tables : loss.differing}
          columns={columns}
          rowKey={({ table }) => table}
          rowHeight={32}
          empty={<p className={css.none}>{sameWords(plan.comparison.known, loss.same)}</p>}
        />
      </Section>
      {notes.length > 0 && (
        <Section title="Not compared as usual" note={`${loss.unknown.length} of ${plan.tables.length} not compared`}>
          <Facts>
            {notes.map(({ table, basis, reason }) => (
              <Fact key={table} name={basis === 'none' ? 'Not compared' : 'By content'}>
                <Mark of={basis === 'none' ? 'warning' : 'passed'} bare /> <HostileText text={table} />{' '}
                <span className={css.more}>
                  <HostileText text={reason} />
                </span>
              </Fact>
            ))}
          </Facts>
        </Section>
      )}
      <SchemaFacts plan={plan} />
      <Section title="Open connections">
        <Facts>
          {plan.holders.length === 0 && <Fact name="Open by">Nobody has the database open.</Fact>}
          {plan.holders.map(({ pid, user, command, service }) => (
            <Fact key={pid} name={service === null ? 'In the way' : 'Will be stopped'}>
              <Mark of={service === null ? 'warning' : 'passed'} bare /> <HostileText text={service ?? command} />{' '}
              <span className={css.more}>
                process {pid} of <HostileText text={user} />
              </span>
            </Fact>
          ))}
          <Fact name="Space">
            {formatBytes(plan.space.needed)} needed, {formatBytes(plan.space.free)} free
          </Fact>
        </Facts>
        {foreign.length > 0 && <p className={css.more}>What is in the way has to be closed first; see the checks.</p>}
      </Section>
      <Row end>
        <span className={css.planned}>
          Planned <Time at={view.plannedAt} />
        </span>
        <Button look="quiet" icon={RotateCw} onClick={again}>
          Plan again
        </Button>
        <LinkButton href={href({ page: 'site', site })}>Cancel</LinkButton>
        <LinkButton
          look="primary"
          href={href({ page: 'restore', site, path, plan: view.planId ?? undefined, step: 'checks' })}
        >
          Continue to the checks
        </LinkButton>
      </Row>
    </>
  )
}

function sameWords(known: boolean, tables: number): string {
  return known ? `All ${tables} tables have the same rows on both sides.` : 'Nothing was compared.'
}

function Rows({ value, tone }: { readonly value: number | null; readonly tone?: 'bad' | 'good' }) {
  return (
    <span className={css.rows} data-tone={value === 0 ? undefined : tone}>
      <Count value={value} />
    </span>
  )
}

const columns: readonly Column<TableDifference>[] = [
  {
    id: 'table',
    header: 'Table',
    width: 'minmax(7rem, 1fr)',
    sort: ({ table }) => table,
    cell: ({ table }) => <HostileText text={table} />,
  },
  {
    id: 'live',
    header: 'Live',
    width: '4.25rem',
    align: 'end',
    sort: ({ live }) => live,
    cell: ({ live }) => <Count value={live} />,
  },
  {
    id: 'backup',
    header: 'Backup',
    width: '4.5rem',
    align: 'end',
    sort: ({ backup }) => backup,
    cell: ({ backup }) => <Count value={backup} />,
  },
  {
    id: 'lost',
    header: 'Would be lost',
    width: '6.5rem',
    align: 'end',
    sort: ({ onlyLive }) => onlyLive,
    descendingFirst: true,
    cell: ({ onlyLive }) => <Rows value={onlyLive} tone="bad" />,
  },
  {
    id: 'back',
    header: 'Would come back',
    width: '7.75rem',
    align: 'end',
    sort: ({ onlyBackup }) => onlyBackup,
    descendingFirst: true,
    cell: ({ onlyBackup }) => <Rows value={onlyBackup} tone="good" />,
  },
  {
    id: 'changed',
    header: 'Changed',
    width: '4.75rem',
    align: 'end',
    sort: ({ changed }) => changed,
    descendingFirst: true,
    cell: ({ changed }) => <Rows value={changed} tone="bad" />,
  },
  {
    id: 'moments',
    header: 'Moments',
    width: '14rem',
    sort: ({ newest }) => newest,
    descendingFirst: true,
    cell: (row) => (
      <span className={css.more}>
        <HostileText text={momentSpan(row)} />
      </span>
    ),
  },
]
