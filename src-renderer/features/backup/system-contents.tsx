/** What is in a system backup, and the server it was made on. The server reads the whole file for it. */
import { FileSearch } from 'lucide-react'
import { useState } from 'react'
import { showPath } from '../../../src-shared/domain/backup-path.ts'
import { formatBytes, formatCount } from '../../../src-shared/domain/format.ts'
import type { BackupEntry } from '../../../src-shared/domain/kit-backups.ts'
import { type OutputOf, useQuery } from '../../api/hooks.ts'
import { useRefusal } from '../../api/session.tsx'
import { QUICK_TO_READ } from '../../shared/backup-words.ts'
import { Button } from '../../ui/button.tsx'
import { CodeBlock } from '../../ui/code-block.tsx'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Fact, Facts, Row, Section, Stack } from '../../ui/page.tsx'
import { ProgressBar } from '../../ui/progress.tsx'
import { EmptyState, ErrorState, Loading } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { elapsedWords, useNow } from '../../ui/time.tsx'
import { Mark } from '../../ui/verdict.tsx'
import css from './backup.module.css'
import { tableColumns } from './database-tables.tsx'

type Contents = OutputOf<'backup.contents'>
type Known = NonNullable<Contents['facts']>

export function SystemContents({ site, entry }: { readonly site: string; readonly entry: BackupEntry }) {
  const refusal = useRefusal()
  const [wanted, setWanted] = useState(entry.size <= QUICK_TO_READ)
  const reads = wanted && refusal === undefined
  const asked = useQuery('backup.contents', reads ? { site, path: entry.path } : null)
  if (!reads) {
    return (
      <Section title="Contents">
        <EmptyState
          icon={FileSearch}
          title="Not read yet"
          action={
            <Button icon={FileSearch} refusal={refusal} onClick={() => setWanted(true)}>
              Read the contents
            </Button>
          }
        >
          The server reads the whole file ({formatBytes(entry.size)}). That can take minutes, and changes nothing.
        </EmptyState>
      </Section>
    )
  }
  if (asked.failure) {
    return (
      <Section title="Contents">
        <ErrorState
          title="The contents could not be read."
          failure={asked.failure}
          action={<Button onClick={asked.reload}>Read again</Button>}
        />
      </Section>
    )
  }
  if (!asked.data) {
    return (
      <Section title="Contents">
        <Reading bytes={entry.size} onCancel={() => setWanted(false)} />
      </Section>
    )
  }
  return <Read contents={asked.data} />
}

/** How far it is, the server does not say; how long it takes, the clock does. */
function Reading({ bytes, onCancel }: { readonly bytes: number; readonly onCancel: () => void }) {
  const [since] = useState(() => Date.now())
  const now = useNow()
  return (
    <div className={css.reading}>
      <ProgressBar label="Reading the contents" value={null} />
      <Row end>
        <span className={css.readingWords}>
          The server is reading the file ({formatBytes(bytes)}).{' '}
          <span role="timer" aria-label="Elapsed time">
            {elapsedWords(Math.max(0, now - since))}
          </span>{' '}
          elapsed.
        </span>
        <Button onClick={onCancel}>Cancel reading</Button>
      </Row>
      <Loading what="the contents" rows={6} />
    </div>
  )
}

function Read({ contents }: { readonly contents: Contents }) {
  const { facts, manifest, proven } = contents
  return (
    <Stack>
      <Section title="Contents" note={proven ? 'read now, and equal to the fingerprint' : 'read now'}>
        <Table
          wrap
          label="Parts of the system backup"
          rows={partsOf(contents)}
          columns={partColumns}
          rowKey={({ part }) => part}
        />
      </Section>
      {facts && <MadeOn facts={facts} />}
      {facts?.database && (
        <Section title="Tables" note={`${formatCount(facts.database.tables.length)}, counted when the backup was made`}>
          <Table
            label="Tables in the backup"
            rows={facts.database.tables}
            columns={tableColumns}
            rowKey={({ table }) => table}
            rowHeight={32}
            initialSort={{ column: 'rows', descending: true }}
          />
        </Section>
      )}
      {manifest === null ? (
        <Section title="Manifest">
          <EmptyState title="No manifest">This backup has no MANIFEST.txt.</EmptyState>
        </Section>
      ) : (
        <Section title="Manifest" note="as it stands in the backup">
          <CodeBlock title="MANIFEST.txt" text={manifest} />
        </Section>
      )}
    </Stack>
  )
}

interface Part {
  readonly part: Contents['parts'][number]['part']
  readonly name: string
  readonly there: boolean
  readonly words: string
}

const partNames: Readonly<Record<Part['part'], string>> = {
  database: 'Database',
  application: 'Application',
  venv: 'Virtual environment',
  config: 'Configuration',
  systemd: 'Unit files',
  nginx: 'nginx site',
}

/** All parts that a system backup can have, also those that this one lacks. */
function partsOf({ parts, facts }: Contents): Part[] {
  return Object.entries(partNames).map(([part, name]) => {
    const found = parts.find((one) => one.part === part)
    const there = found !== undefined
    return { part: part as Part['part'], name, there, words: there ? partWords(found, facts) : '' }
  })
}

function partWords({ part, bytes }: Contents['parts'][number], facts: Known | null): string {
  const words = bytes === null ? [] : [`${formatBytes(bytes)} compressed`]
  const { database = null, commit = null } = facts ?? {}
  const versions: Known['versions'] = facts?.versions ?? {}
  if (part === 'database' && database) {
    const rows = database.tables.reduce((sum, table) => sum + table.rows, 0)
    words.unshift(`${formatBytes(database.size)}, ${formatCount(rows)} rows, schema version ${database.userVersion}`)
  }
  if (part === 'application' && commit !== null) words.push(`commit ${commit.slice(0, 12)}`)
  if (part === 'venv' && versions.venv !== undefined) words.push(`Python ${versions.venv}`)
  if (part === 'nginx' && versions.nginx !== undefined) words.push(`of nginx ${versions.nginx}`)
  return words.join(', ')
}

const partColumns: readonly Column<Part>[] = [
  { id: 'part', header: 'Part', width: 'minmax(8rem, 1fr)', cell: ({ name }) => name },
  {
    id: 'there',
    header: 'In the backup',
    width: '7rem',
    cell: ({ there }) => <Mark of={there ? 'passed' : 'skipped'}>{there ? 'Yes' : 'No'}</Mark>,
  },
  {
    id: 'what',
    header: 'What it holds',
    width: 'minmax(9rem, 2fr)',
    cell: ({ words }) => <HostileText text={words} />,
  },
]

function MadeOn({ facts }: { readonly facts: Known }) {
  const { host, root, owner, services, links, versions, packages } = facts
  const known = Object.entries(versions).filter(([name]) => name !== 'venv')
  return (
    <Section title="Made on" note="what a server needs to run this backup">
      <Facts>
        {host !== '' && (
          <Fact name="Server">
            <HostileText text={host} />
          </Fact>
        )}
        {root !== '' && (
          <Fact name="CVD folder">
            <HostileText text={showPath(root)} />
          </Fact>
        )}
        {owner && (
          <Fact name="User and group">
            <HostileText text={`${owner.user} (${owner.uid}), ${owner.group} (${owner.gid})`} />
          </Fact>
        )}
        {services.length > 0 && (
          <Fact name="Services">
            <HostileText text={services.map(({ name }) => name).join(', ')} />
          </Fact>
        )}
        {links.length > 0 && (
          <Fact name="Enabled links">
            <ul className={css.lines}>
              {links.map(({ path, target }) => (
                <li key={path}>
                  <HostileText text={`${showPath(path)} → ${showPath(target)}`} />
                </li>
              ))}
            </ul>
          </Fact>
        )}
        {known.length > 0 && (
          <Fact name="Versions">
            <HostileText text={known.map(([name, version]) => `${name} ${version}`).join(', ')} />
          </Fact>
        )}
        {packages.length > 0 && (
          <Fact name="Packages">
            <details>
              <summary>{formatCount(packages.length)} that matter to CVD</summary>
              <ul className={css.lines}>
                {packages.map(({ name, version }) => (
                  <li key={name}>
                    <HostileText text={`${name} ${version}`} />
                  </li>
                ))}
              </ul>
            </details>
          </Fact>
        )}
      </Facts>
    </Section>
  )
}
