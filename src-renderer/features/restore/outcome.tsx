/** Step six: the outcome, its evidence, and what can be done now. */
import type { ReactNode } from 'react'
import type { OperationView } from '../../../src-shared/contract/operations.ts'
import type { SiteOverview } from '../../../src-shared/contract/sites.ts'
import { showName } from '../../../src-shared/domain/backup-path.ts'
import { formatCount } from '../../../src-shared/domain/format.ts'
import { href } from '../../app/routes.ts'
import { OperationMark } from '../../shared/operation-line.tsx'
import { downtimeOf, downWords } from '../../shared/operation-steps.ts'
import { outcomeTone } from '../../shared/operation-words.ts'
import { LinkButton } from '../../ui/button.tsx'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Fact, Facts, Row, Section } from '../../ui/page.tsx'
import { ErrorState, Notice } from '../../ui/states.tsx'
import { Mark } from '../../ui/verdict.tsx'
import { RestoredParts } from './outcome-parts.tsx'
import css from './restore.module.css'

export function OutcomePart(props: {
  readonly view: OperationView
  readonly overview: SiteOverview
  readonly actions: ReactNode
}) {
  const { view, overview } = props
  const { row } = view
  return (
    <>
      {row.outcome === 'succeeded' ? (
        <Notice tone="good" title={<HostileText text={row.message} />}>
          {row.next !== '' && <HostileText text={row.next} />}
        </Notice>
      ) : (
        <ErrorState failure={row} tone={outcomeTone(row.outcome)} />
      )}
      <Row>
        <LinkButton look="primary" href={href({ page: 'site', site: overview.id })}>
          Back to the site
        </LinkButton>
        {props.actions}
      </Row>
      <Evidence view={view} overview={overview} />
    </>
  )
}

function Evidence({ view, overview }: { readonly view: OperationView; readonly overview: SiteOverview }) {
  const report = view.report?.kind === 'restore' ? view.report.report : null
  const rows = report?.tables.reduce((sum, table) => sum + table.rows, 0) ?? 0
  return (
    <Section title="Evidence">
      <Facts>
        <Fact name="Outcome">
          <OperationMark row={view.row} />
        </Fact>
        <Fact name="Downtime">
          <strong className={css.downtime}>
            {downWords(view.row.outcome, report?.downMs ?? null, downtimeOf(view.events))}
          </strong>
        </Fact>
        {report?.health && (
          <Fact name="Health">
            <Mark of={report.health.healthy ? 'passed' : 'failed'}>
              {report.health.healthy ? 'Healthy' : 'Not healthy'}
            </Mark>{' '}
            <span className={css.more}>
              <HostileText text={report.health.probe ?? ''} />
              {report.health.status !== null && ` answered ${report.health.status}`}
            </span>
          </Fact>
        )}
        {report && report.tables.length > 0 && (
          <Fact name="Running database">
            {formatCount(rows)} rows in {report.tables.length} tables
          </Fact>
        )}
        {report?.backup && (
          <Fact name="Restored from">
            <a href={href({ page: 'backup', site: overview.id, path: report.backup })}>
              <HostileText text={showName(report.backup)} />
            </a>
          </Fact>
        )}
        {report && <RestoredParts report={report} site={overview.id} />}
      </Facts>
    </Section>
  )
}
