/** Step two for a folder: which files would be gone, come back or change. */
import { useState } from 'react'
import { showPath } from '../../../src-shared/domain/backup-path.ts'
import { formatBytes, formatCount } from '../../../src-shared/domain/format.ts'
import { partWords } from '../../../src-shared/domain/part-words.ts'
import type { RestorablePart, SitePart } from '../../../src-shared/domain/restored-parts.ts'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Fact, Facts, Section } from '../../ui/page.tsx'
import { Announce } from '../../ui/progress.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { Count } from '../../ui/time.tsx'
import { Mark } from '../../ui/verdict.tsx'
import { choose, useChoices } from './choices.ts'
import { Environment } from './environment.tsx'
import { FileDifferencesDialog } from './file-differences.tsx'
import { PlanHeadline } from './plan-headline.tsx'
import { OpenConnections, PlanWay } from './plan-way.tsx'
import css from './restore.module.css'
import type { PlanStepProps } from './restore-page.tsx'

type Tree = NonNullable<PlanStepProps['plan']['tree']>

interface Difference {
  readonly what: 'live' | 'backup' | 'changed'
  /** Below the folder; encoded. */
  readonly file: string
  readonly path: string
}

/** `changed: ./app.py`, as the server words it. */
function differencesOf(tree: Tree): readonly Difference[] {
  return tree.differences.flatMap((one) => {
    const [, what, path = ''] = /^(live|backup|changed): (.+)$/s.exec(one) ?? []
    return what === 'live' || what === 'backup' || what === 'changed'
      ? [{ what, file: path.replace(/^\.\//, ''), path: showPath(path) }]
      : []
  })
}

function files(count: number): string {
  return `${formatCount(count)} ${count === 1 ? 'file' : 'files'}`
}

export function sentenceOf(tree: Tree, part: string): string {
  if (!tree.known) return 'The live files could not be compared.'
  if (tree.onlyLive + tree.onlyBackup + tree.changed === 0) return `The files of ${part} are the same in both.`
  return `${files(tree.changed)} would change, ${formatCount(tree.onlyBackup)} would come back, ${formatCount(tree.onlyLive)} would be gone.`
}

export function FilesChanged({
  overview,
  path,
  parts,
  owner,
  view,
  plan,
  again,
  tree,
}: PlanStepProps & { readonly tree: Tree }) {
  const { id: site } = overview
  const sentence = sentenceOf(tree, partWords[plan.part])
  return (
    <>
      <Announce text={sentence} />
      <p className={css.sentence}>
        <strong>{sentence}</strong>
      </p>
      <PlanHeadline
        overview={overview}
        plan={plan}
        lost="the changes of the last"
        bad={!tree.known || tree.onlyLive + tree.changed > 0}
      >
        <p className={css.figureName}>Files that would be lost or change</p>
        <p className={css.figure}>{tree.known ? <Count value={tree.onlyLive + tree.changed} /> : 'Unknown'}</p>
        {tree.known && (
          <p className={css.more}>
            <Count value={tree.onlyBackup} /> would come back
          </p>
        )}
      </PlanHeadline>
      <TreeDifferences tree={tree} part={plan.part} planId={view.planId} alone />
      <OpenConnections plan={plan} what={partWords[plan.part]} />
      <PlanWay site={site} path={path} parts={parts} owner={owner} view={view} again={again} />
    </>
  )
}

/** Which files differ, and what the backup holds. `title`: the first section's, where there are several parts. */
export function TreeDifferences(props: {
  readonly tree: Tree
  readonly part: RestorablePart | SitePart
  readonly title?: string
  readonly planId: string | null
  /** It is all that the plan restores: files open their differences, and those of the configuration can be chosen. */
  readonly alone?: boolean
}) {
  const { tree, part, title, planId, alone = false } = props
  const { only } = useChoices(planId)
  const [open, setOpen] = useState<Difference | null>(null)
  const single = alone && part === 'config' && planId !== null
  const rows = differencesOf(tree)
  const all = tree.onlyLive + tree.onlyBackup + tree.changed
  const sentence = sentenceOf(tree, partWords[part])
  return (
    <>
      <Section
        title={title ?? 'File by file'}
        note={`live folder compared with the backup${alone ? '; open a file to see what differs in it' : ''}`}
      >
        <Table
          label={title === undefined ? 'Differences of files' : `Differences of files: ${title}`}
          rows={rows}
          columns={columns}
          rowKey={({ file }) => file}
          onOpen={alone && planId !== null ? setOpen : undefined}
          {...(single && {
            selection: {
              selected: new Set(only),
              onChange: (selected: ReadonlySet<string>) => choose(planId, { only: [...selected] }),
              nameOf: (row: Difference) => row.path,
            },
          })}
          rowHeight={32}
          wrap
          empty={<p className={css.none}>{sentence}</p>}
        />
        {single && rows.length > 0 && (
          <p className={css.more} aria-live="polite">
            {only.length === 0
              ? 'Select files to restore only these.'
              : `Only ${files(only.length)} will be restored; all others stay as they are.`}
          </p>
        )}
        {all > rows.length && (
          <p className={css.more}>
            The first {formatCount(rows.length)} of {formatCount(all)} differences.
          </p>
        )}
      </Section>
      <Section title={title === undefined ? 'What the backup holds' : `${title}: what the backup holds`}>
        <Facts>
          <Fact name="Members">
            {formatCount(tree.members)} files, folders and links, {formatBytes(tree.bytes)}
          </Fact>
          {tree.kept.length > 0 && (
            <Fact name="Kept">
              <HostileText text={tree.kept.join(', ')} /> <span className={css.more}>from the live folder</span>
            </Fact>
          )}
        </Facts>
      </Section>
      {tree.venv !== null && <Environment venv={tree.venv} planId={planId} />}
      {open !== null && planId !== null && (
        <FileDifferencesDialog planId={planId} file={open.file} name={open.path} onClose={() => setOpen(null)} />
      )}
    </>
  )
}

const words = { live: 'Would be gone', backup: 'Would come back', changed: 'Would change' } as const

const columns: readonly Column<Difference>[] = [
  {
    id: 'path',
    header: 'File',
    width: 'minmax(10rem, 1fr)',
    sort: ({ path }) => path,
    cell: ({ path }) => <HostileText text={path} />,
  },
  {
    id: 'what',
    header: 'Change',
    width: '10rem',
    sort: ({ what }) => what,
    cell: ({ what }) => (
      <>
        <Mark of={what === 'backup' ? 'passed' : 'warning'} bare /> {words[what]}
      </>
    ),
  },
]
