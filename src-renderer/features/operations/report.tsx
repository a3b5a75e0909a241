/** The evidence of an outcome. */
import type { ReactNode } from 'react'
import type { OperationReport } from '../../../src-shared/contract/operations.ts'
import { showName } from '../../../src-shared/domain/backup-path.ts'
import { formatBytes, formatDuration } from '../../../src-shared/domain/format.ts'
import { partTitle } from '../../../src-shared/domain/part-words.ts'
import { href } from '../../app/routes.ts'
import { evidenceValue } from '../../shared/operation-progress.tsx'
import { evidenceWord } from '../../shared/operation-steps.ts'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Fact, Facts, Section } from '../../ui/page.tsx'
import { Duration } from '../../ui/time.tsx'
import { Mark } from '../../ui/verdict.tsx'
import css from './operations.module.css'

type Of<K extends OperationReport['kind']> = Extract<OperationReport, { kind: K }>

export function ReportView({ report, site }: { readonly report: OperationReport; readonly site: string }) {
  if (report.kind === 'backup') return <Backup report={report.report} site={site} />
  if (report.kind === 'archive') return <Archive report={report.report} site={site} />
  if (report.kind === 'verify') return <Verified backups={report.backups} site={site} />
  return <Restored report={report.report} />
}

function Backup({ report, site }: { readonly report: Of<'backup'>['report']; readonly site: string }) {
  const { fingerprint, writersBlockedMs } = report
  const rows = fingerprint.tables.reduce((sum, table) => sum + table.rows, 0)
  return (
    <NewBackup {...report} site={site} uncompressed={fingerprint.databaseSize}>
      <Fact name="Content">
        {rows.toLocaleString('en-US')} rows in {fingerprint.tables.length} tables
      </Fact>
      <Fact name="Writers blocked">
        {writersBlockedMs === 0 ? 'Never' : `at most ${formatDuration(writersBlockedMs)}`}
      </Fact>
    </NewBackup>
  )
}

function Archive({ report, site }: { readonly report: Of<'archive'>['report']; readonly site: string }) {
  const { fingerprint, warnings } = report
  return (
    <NewBackup {...report} site={site} uncompressed={fingerprint.bytes}>
      <Fact name="Content">{fingerprint.members.toLocaleString('en-US')} files, folders and links</Fact>
      <Fact name="Warnings">
        {warnings.length === 0
          ? 'None'
          : warnings.map((warning) => (
              <div key={warning}>
                <HostileText text={warning} />
              </div>
            ))}
      </Fact>
    </NewBackup>
  )
}

/** What is known of every new backup; `children`: what it holds. */
function NewBackup(
  props: Pick<Of<'archive'>['report'], 'backup' | 'compressor' | 'ms'> & {
    readonly site: string
    readonly uncompressed: number
    readonly children: ReactNode
  },
) {
  const { backup, compressor, ms, site, uncompressed, children } = props
  return (
    <Section title="New backup">
      <Facts>
        <Fact name="Backup">
          <a href={href({ page: 'backup', site, path: backup.path })}>
            <HostileText text={showName(backup.path)} />
          </a>
        </Fact>
        <Fact name="Verdict">
          <Mark of={backup.verdict} />
        </Fact>
        <Fact name="Size">
          {formatBytes(backup.size)} <span className={css.under}>{formatBytes(uncompressed)} uncompressed</span>
        </Fact>
        {children}
        <Fact name="Compressor">
          <HostileText text={compressor} />
        </Fact>
        <Fact name="Time on the server">
          <Duration ms={ms} />
        </Fact>
      </Facts>
    </Section>
  )
}

function Verified({ backups, site }: { readonly backups: Of<'verify'>['backups']; readonly site: string }) {
  return (
    <Section title="Verdicts" note={`${backups.length}`}>
      <ul className={css.verdicts}>
        {backups.map((one) => (
          <li key={one.path} className={css.verdictLine}>
            <Mark of={one.verdict} />
            <div className={css.verdictText}>
              <a className={css.plain} href={href({ page: 'backup', site, path: one.path })}>
                <HostileText text={showName(one.path)} />
              </a>
              <p className={css.wrap}>
                <HostileText text={one.reason} />
              </p>
              <p className={css.wrap}>
                {Object.entries(one.evidence)
                  .filter(([, value]) => value !== null && value !== '')
                  .map(([key, value]) => (
                    <span key={key} className={css.pair}>
                      <span className={css.key}>{evidenceWord(key)}</span>{' '}
                      <HostileText text={evidenceValue(key, value)} />
                    </span>
                  ))}
              </p>
            </div>
          </li>
        ))}
      </ul>
    </Section>
  )
}

function Restored({ report }: { readonly report: Of<'restore'>['report'] }) {
  return (
    <Section title="Evidence">
      <Facts>
        <Fact name="Downtime">
          <Duration ms={report.downMs} />
        </Fact>
        {report.health && (
          <Fact name="Health">
            <Mark of={report.health.healthy ? 'passed' : 'failed'}>
              {report.health.healthy ? 'Healthy' : 'Not healthy'}
            </Mark>
          </Fact>
        )}
        {keptOf(report).map(({ name, path }) => (
          <Fact key={path} name={name}>
            <HostileText text={showName(path)} />
          </Fact>
        ))}
      </Facts>
    </Section>
  )
}

/** The safety copies: of several parts, each with its part. */
function keptOf({ parts, safetyCopy }: Of<'restore'>['report']): readonly { name: string; path: string }[] {
  const kept = parts.flatMap(({ part, safetyCopy: path }) => (path === null ? [] : [{ name: partTitle(part), path }]))
  if (kept.length > 1) return kept
  return safetyCopy === null ? [] : [{ name: 'Safety copy', path: safetyCopy }]
}
