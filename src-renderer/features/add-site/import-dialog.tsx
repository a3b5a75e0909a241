/** Hosts in the user's own SSH config, to start from. */
import { useState } from 'react'
import type { SshTarget } from '../../../src-shared/domain/ssh-target.ts'
import { type OutputOf, useQuery } from '../../api/hooks.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { SearchField } from '../../ui/field.tsx'
import { HostileText } from '../../ui/hostile-text.tsx'
import { EmptyState, ErrorState, Loading } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import css from './add-site.module.css'

type Host = OutputOf<'sites.importable'>['hosts'][number]

export function ImportDialog(props: {
  readonly onTake: (alias: string, target: SshTarget) => void
  readonly onClose: () => void
}) {
  const asked = useQuery('sites.importable', {})
  const [search, setSearch] = useState('')
  const hosts = (asked.data?.hosts ?? []).filter(({ alias, address }) =>
    `${alias} ${address}`.toLowerCase().includes(search.toLowerCase().trim()),
  )
  const columns: readonly Column<Host>[] = [
    {
      id: 'alias',
      header: 'Host',
      width: 'minmax(8rem, 1fr)',
      sort: ({ alias }) => alias,
      cell: ({ alias }) => <HostileText text={alias} />,
    },
    { id: 'address', header: 'Address', width: 'minmax(10rem, 1.4fr)', cell: (host) => <Address host={host} /> },
    {
      id: 'take',
      header: 'Import',
      hiddenHeader: true,
      width: '6rem',
      align: 'end',
      cell: ({ alias, target, problem }) => (
        <Button
          size="small"
          refusal={target === null ? (problem ?? 'This host cannot be used.') : undefined}
          label={`Import ${alias}`}
          onClick={() => target && props.onTake(alias, target)}
        >
          Import
        </Button>
      ),
    },
  ]
  return (
    <Dialog
      open
      wide
      onClose={props.onClose}
      title="Import from SSH config"
      lead="The host is copied into the form, where you can change it. The file stays as it is, and no key is copied."
      actions={<Button onClick={props.onClose}>Close</Button>}
    >
      {asked.failure && <ErrorState failure={asked.failure} />}
      {!asked.data && !asked.failure && <Loading what="the SSH config" rows={4} />}
      {asked.data && (
        <>
          <SearchField label="Search hosts" value={search} onChange={setSearch} />
          <div className={css.hosts}>
            <Table
              label="Hosts in the SSH config"
              rows={hosts}
              columns={columns}
              rowKey={({ alias }) => alias}
              rowHeight={42}
              wrap
              empty={<EmptyState title="No hosts found" />}
            />
          </div>
        </>
      )}
    </Dialog>
  )
}

function Address({ host }: { readonly host: Host }) {
  const { address, problem, known } = host
  return (
    <>
      <HostileText text={address} />{' '}
      <span className={css.note}>{known !== null ? `already the site ${known}` : (problem ?? '')}</span>
    </>
  )
}
