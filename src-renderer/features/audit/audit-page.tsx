/** Who did what, where and why; and whether the record is unchanged. */
import { ScrollText } from 'lucide-react'
import { useEffect, useMemo, useState } from 'react'
import { z } from 'zod'
import { isRedo, titleOf } from '../../../src-shared/domain/operation-title.ts'
import { type OutputOf, useQuery, useSubscription } from '../../api/hooks.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { SearchField } from '../../ui/field.tsx'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Fact, Facts, Page, Section } from '../../ui/page.tsx'
import { EmptyState, ErrorState, Loading, Notice } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { localZone, Time } from '../../ui/time.tsx'
import css from './audit.module.css'

type Entry = OutputOf<'audit.list'>['entries'][number]

const PAGE = 200

/** The chain holds a command of the kit with `asked` or `ended`, or words. */
function wordsOf({ action, outcome, detail }: Pick<Entry, 'action' | 'outcome' | 'detail'>): {
  readonly what: string
  readonly became: string
} {
  const [, command, end] = /^([a-z]+) (asked|ended)$/.exec(action) ?? []
  if (command === undefined) return { what: capital(action), became: capital(outcome) }
  const request = requestOf(detail)
  const what = command === 'cancel' ? 'Cancellation' : titleOf(command, isRedo(request), request)
  return { what, became: capital(end === 'asked' && outcome === '' ? 'requested' : outcome) }
}

const asked = z.object({ request: z.array(z.unknown()) })

/** What was requested; empty where the entry does not say. */
function requestOf(detail: string): readonly unknown[] {
  try {
    return asked.parse(JSON.parse(detail)).request
  } catch {
    return []
  }
}

function capital(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`
}

export function AuditPage() {
  const [limit, setLimit] = useState(PAGE)
  const asked = useQuery('audit.list', { limit: Math.min(limit, 1000) })
  const [search, setSearch] = useState('')
  const [open, setOpen] = useState<Entry | null>(null)
  // Whatever is written to the audit shows in the operations as well.
  const operations = useSubscription('operations.watch', { limit: 20 }).state
  const { reload } = asked
  useEffect(() => {
    if (operations) reload()
  }, [operations, reload])
  const shown = useMemo(() => {
    const words = search.toLowerCase().split(/\s+/).filter(Boolean)
    return (asked.data?.entries ?? []).filter((entry) => {
      const { what, became } = wordsOf(entry)
      const text = `${entry.who} ${what} ${entry.site} ${became} ${entry.reason}`.toLowerCase()
      return words.every((word) => text.includes(word))
    })
  }, [asked.data, search])
  return (
    <Page name="Audit" title="Audit" lead="Who did what, where and why, from this console.">
      {asked.failure && <ErrorState failure={asked.failure} />}
      {!asked.data && !asked.failure && <Loading what="the audit" />}
      {asked.data && (
        <>
          {asked.data.entries.length > 0 && <Chain chain={asked.data.chain} />}
          <Section
            title="Entries"
            note={`times in ${localZone}`}
            actions={<SearchField label="Search the audit" value={search} onChange={setSearch} />}
          >
            <Table
              label="Audit"
              rows={shown}
              columns={columns}
              rowKey={({ seq }) => String(seq)}
              wrap
              onOpen={setOpen}
              empty={<EmptyState icon={ScrollText} title={search === '' ? 'No entries yet' : 'No matching entries'} />}
            />
            {asked.data.entries.length === limit && limit < 1000 && (
              <Button busy={asked.loading} onClick={() => setLimit((now) => now + PAGE)}>
                Show older entries
              </Button>
            )}
          </Section>
          {open && <EntryDialog entry={open} onClose={() => setOpen(null)} />}
        </>
      )}
    </Page>
  )
}

function Chain({ chain }: { readonly chain: OutputOf<'audit.list'>['chain'] }) {
  if (chain.intact) {
    return (
      <Notice tone="good" title={`The chain of ${chain.entries.toLocaleString('en-US')} entries is intact.`}>
        Each entry holds the hash of the one before it; the last one is{' '}
        <code className={css.hash}>{chain.head.slice(0, 16)}</code>.
      </Notice>
    )
  }
  return (
    <Notice tone="bad" title={`The chain is broken at entry ${chain.seq}.`}>
      <HostileText text={chain.reason} /> Entries from there on may have been changed. Compare them with the audit that
      each server keeps.
    </Notice>
  )
}

/** Everything that an entry holds: the table has no room for it. */
function EntryDialog({ entry, onClose }: { readonly entry: Entry; readonly onClose: () => void }) {
  const { what, became } = wordsOf(entry)
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title={`Entry ${entry.seq}`}
      lead={<Time exact at={entry.at} />}
      actions={<Button onClick={onClose}>Close</Button>}
    >
      <Facts>
        <Text name="Who" text={entry.who} />
        <Text name="Action" text={what} />
        <Text name="Site" text={entry.site} />
        <Text name="Outcome" text={became} />
        <Text name="Reason" text={entry.reason} />
        <Text name="Operation" text={entry.operation} />
        {detailsOf(entry.detail).map(([name, text]) => (
          <Text key={name} name={name} text={text} />
        ))}
        <Text name="Hash" text={entry.hash} />
      </Facts>
    </Dialog>
  )
}

function Text({ name, text }: { readonly name: string; readonly text: string }) {
  if (text === '') return null
  return (
    <Fact name={name}>
      <HostileText text={text} />
    </Fact>
  )
}

/** The detail by its names; what is no object, as it stands. */
function detailsOf(detail: string): readonly (readonly [string, string])[] {
  try {
    const parsed: unknown = JSON.parse(detail)
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) {
      return Object.entries(parsed).map(([name, value]) => {
        return [capital(name), typeof value === 'string' ? value : JSON.stringify(value)] as const
      })
    }
  } catch {
    // Shown as it stands.
  }
  return [['Detail', detail]]
}

const columns: readonly Column<Entry>[] = [
  {
    id: 'seq',
    header: 'No.',
    width: '3.5rem',
    // In the order of the times, and in the title of what a row opens.
    folded: 'hidden',
    align: 'end',
    sort: ({ seq }) => seq,
    cell: ({ seq }) => seq,
  },
  {
    id: 'at',
    header: 'When',
    width: '10.5rem',
    sort: ({ at }) => at,
    descendingFirst: true,
    cell: ({ at }) => <Time at={at} exact zoneless />,
  },
  {
    id: 'who',
    header: 'Who',
    width: 'minmax(6rem, 0.6fr)',
    sort: ({ who }) => who,
    cell: ({ who }) => <HostileText text={who} />,
  },
  {
    id: 'action',
    header: 'Action',
    width: 'minmax(9rem, 0.9fr)',
    sort: (entry) => wordsOf(entry).what,
    cell: (entry) => <HostileText text={wordsOf(entry).what} />,
  },
  {
    id: 'site',
    header: 'Site',
    width: 'minmax(7.5rem, 0.8fr)',
    folded: { from: 1, to: 1 },
    sort: ({ site }) => site,
    cell: ({ site }) => <HostileText text={site} />,
  },
  {
    id: 'outcome',
    header: 'Outcome',
    width: '6.5rem',
    sort: (entry) => wordsOf(entry).became,
    cell: (entry) => <HostileText text={wordsOf(entry).became} />,
  },
  {
    id: 'reason',
    header: 'Reason',
    width: 'minmax(9rem, 2fr)',
    folded: { from: 2, to: 4 },
    sort: ({ reason }) => reason,
    cell: ({ reason }) => <HostileText text={reason} />,
  },
]
