/** The host keys that are trusted. The only place where one can be removed. */
import { ShieldQuestion } from 'lucide-react'
import { useMemo, useState } from 'react'
import { type OutputOf, useCommand, useQuery } from '../../api/hooks.ts'
import { useRefusal } from '../../api/session.tsx'
import { ConfirmDialog } from '../../shared/confirm-dialog.tsx'
import { Button } from '../../ui/button.tsx'
import { SearchField } from '../../ui/field.tsx'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Section } from '../../ui/page.tsx'
import { EmptyState, ErrorState, Loading } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { showToast } from '../../ui/toast.tsx'
import { Badge } from '../../ui/verdict.tsx'
import css from './settings.module.css'

type Host = OutputOf<'settings.knownHosts'>['hosts'][number]

export function HostSettings() {
  const refusal = useRefusal()
  const asked = useQuery('settings.knownHosts', {})
  const forget = useCommand('settings.forgetHost')
  const [search, setSearch] = useState('')
  const [asking, setAsking] = useState<string | null>(null)
  const columns = useMemo(() => hostColumns(refusal, setAsking), [refusal])
  if (asked.failure) return <ErrorState failure={asked.failure} />
  if (!asked.data) return <Loading what="the known hosts" />
  const words = search.toLowerCase().trim()
  const hosts = asked.data.hosts.filter((one) =>
    `${one.host ?? ''} ${one.fingerprint} ${one.sites.join(' ')}`.toLowerCase().includes(words),
  )
  return (
    <Section
      title="Known hosts"
      note="the console refuses a server with any other key"
      actions={<SearchField label="Search known hosts" value={search} onChange={setSearch} />}
    >
      <Table
        label="Known hosts"
        rows={hosts}
        columns={columns}
        rowHeight={50}
        wrap
        rowKey={(one) => `${one.file}:${one.line} ${one.fingerprint}`}
        empty={
          <EmptyState icon={ShieldQuestion} title="No known hosts yet">
            A host key is stored once you have compared and accepted it.
          </EmptyState>
        }
      />
      {asking !== null && (
        <ConfirmDialog
          title={`Forget the host keys of ${asking}?`}
          lead="Do this only if the server was reinstalled and you know its new key. At the next connection, its key must be compared and accepted again."
          type={{ what: 'host', name: asking }}
          action="Forget the keys"
          busy={forget.busy}
          failure={forget.failure}
          onClose={() => {
            setAsking(null)
            forget.reset()
          }}
          onConfirm={(confirm) =>
            void forget.run({ host: asking, confirm }).then((done) => {
              if (!done.ok) return
              showToast(`Host keys of ${asking} forgotten`)
              setAsking(null)
              asked.reload()
            })
          }
        />
      )}
    </Section>
  )
}

function hostColumns(refusal: string | undefined, onForget: (host: string) => void): readonly Column<Host>[] {
  return [
    {
      id: 'host',
      header: 'Host',
      width: 'minmax(8rem, 1fr)',
      sort: ({ host }) => host,
      cell: ({ host, sites }) => (
        <span className={css.two}>
          <span>{host === null ? 'hashed name' : <HostileText text={host} />}</span>
          <span className={css.note}>
            <HostileText text={sites.join(', ')} />
          </span>
        </span>
      ),
    },
    {
      id: 'key',
      header: 'Key',
      width: 'minmax(26rem, 2fr)',
      folded: { from: 1, to: 3 },
      cell: ({ type, fingerprint, marker }) => (
        <span className={css.two}>
          <code className={css.code}>{fingerprint}</code>
          <span className={css.note}>
            {type} {marker !== 'none' && <Badge tone={marker === 'revoked' ? 'bad' : 'quiet'}>{marker}</Badge>}
          </span>
        </span>
      ),
    },
    {
      id: 'file',
      header: 'Stored in',
      width: 'minmax(6rem, 1fr)',
      cell: ({ file, line }) => (
        <span className={css.note}>
          <HostileText text={file} />, line {line}
        </span>
      ),
    },
    {
      id: 'forget',
      header: 'Forget',
      hiddenHeader: true,
      width: '6.5rem',
      align: 'end',
      cell: ({ host, own }) => (
        <Button
          size="small"
          label={`Forget ${host ?? 'this host'}`}
          refusal={
            refusal ?? (own && host !== null ? undefined : 'Only keys in the console’s own file can be forgotten here.')
          }
          onClick={() => host !== null && onForget(host)}
        >
          Forget…
        </Button>
      ),
    },
  ]
}
