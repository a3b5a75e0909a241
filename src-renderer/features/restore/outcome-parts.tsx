/** What was restored, part by part, and where each keeps what it replaced. */
import type { OperationReport } from '../../../src-shared/contract/operations.ts'
import { showName, showPath } from '../../../src-shared/domain/backup-path.ts'
import { formatCount } from '../../../src-shared/domain/format.ts'
import { partTitle } from '../../../src-shared/domain/part-words.ts'
import { type SitePart, siteParts } from '../../../src-shared/domain/restored-parts.ts'
import { href } from '../../app/routes.ts'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Fact } from '../../ui/page.tsx'
import css from './restore.module.css'

type RestoreReport = Extract<OperationReport, { kind: 'restore' }>['report']
type Replaced = RestoreReport['parts'][number]

/** An older kit, which knows only the database, reports no parts. */
function replacedOf({ parts, safetyCopy }: RestoreReport): readonly Replaced[] {
  if (parts.length > 0) return parts
  return safetyCopy === null ? [] : [{ part: 'database', kind: 'database', safetyCopy }]
}

/** The parts of a report, each once, in their order. */
export function partsOfReport(report: RestoreReport): readonly SitePart[] {
  const replaced = replacedOf(report)
  return siteParts.filter((part) => replaced.some((one) => one.part === part))
}

export function RestoredParts({ report, site }: { readonly report: RestoreReport; readonly site: string }) {
  const parts = partsOfReport(report)
  const replaced = replacedOf(report)
  return parts.map((part) => {
    const things = replaced.filter((one) => one.part === part)
    const kept = things.filter(({ safetyCopy }) => safetyCopy !== null)
    // A restore that was rolled back keeps nothing; of a single part nothing more is to be said.
    if (kept.length === 0 && parts.length === 1) return null
    return (
      <Fact key={part} name={parts.length === 1 ? 'Safety copy' : partTitle(part)}>
        {kept.length === 0 && (
          <span className={css.more}>No safety copy: there was nothing before, or it is live again.</span>
        )}
        {kept.map((thing) => (
          <SafetyCopy key={thing.safetyCopy} thing={thing} site={site} />
        ))}
        {kept.length > 0 && things.length > kept.length && (
          <span className={css.more}>
            {formatCount(things.length - kept.length)} more{' '}
            {things.length - kept.length === 1 ? 'file was' : 'files were'} not there before.
          </span>
        )}
      </Fact>
    )
  })
}

const previous: Readonly<Record<Replaced['kind'], string>> = {
  database: 'the previous database',
  tree: 'the previous files',
  file: 'the previous file',
}

function SafetyCopy({ thing: { kind, safetyCopy }, site }: { readonly thing: Replaced; readonly site: string }) {
  const path = safetyCopy ?? ''
  return (
    <div>
      {kind === 'database' ? (
        <a href={href({ page: 'backup', site, path })}>
          <HostileText text={showName(path)} />
        </a>
      ) : (
        <HostileText text={showPath(path)} />
      )}{' '}
      <span className={css.more}>{previous[kind]}</span>
    </div>
  )
}
