import { KeyRound } from 'lucide-react'
import { useQuery } from '../../api/hooks.ts'
import { useRefusal } from '../../api/session.tsx'
import { Button } from '../../ui/button.tsx'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Section, Stack } from '../../ui/page.tsx'
import { EmptyState, ErrorState, Loading, Notice } from '../../ui/states.tsx'
import { Table } from '../../ui/table.tsx'
import { Mark } from '../../ui/verdict.tsx'
import css from './settings.module.css'

/** The keys of the agent, and the key files that sites name. */
export function IdentitySettings() {
  const refusal = useRefusal()
  const asked = useQuery('settings.identities', refusal === undefined ? {} : null)
  if (refusal !== undefined) return <Notice title="Only administrators can see SSH keys.">{refusal}</Notice>
  if (asked.failure) return <ErrorState failure={asked.failure} />
  if (!asked.data) return <Loading what="the keys" />
  const { agent, keyFiles } = asked.data
  return (
    <Stack>
      <Section
        title="SSH agent"
        note={agent.running ? 'running' : 'not running'}
        actions={
          <Button size="small" busy={asked.loading} onClick={asked.reload}>
            Refresh
          </Button>
        }
      >
        {agent.keys.length > 0 ? (
          <Table
            label="Keys in the agent"
            rows={agent.keys}
            rowKey={({ fingerprint }) => fingerprint}
            foldedHeight={58}
            columns={[
              {
                id: 'comment',
                header: 'Comment',
                width: 'minmax(9rem, 1fr)',
                cell: ({ comment }) => <HostileText text={comment} />,
              },
              { id: 'type', header: 'Type', width: '9rem', cell: ({ type }) => <HostileText text={type} /> },
              {
                id: 'fingerprint',
                header: 'Fingerprint',
                width: 'minmax(26rem, 2fr)',
                folded: { from: 1, to: 2 },
                cell: ({ fingerprint }) => <code className={css.code}>{fingerprint}</code>,
              },
            ]}
          />
        ) : (
          <EmptyState icon={KeyRound} title={agent.running ? 'The agent holds no keys' : 'No SSH agent is running'}>
            {agent.running
              ? (agent.problem ?? 'Add one with ssh-add.')
              : 'Sites that use a key file or a password do not need one.'}
          </EmptyState>
        )}
      </Section>
      <Section title="Key files used by sites">
        <Table
          label="Key files"
          rows={keyFiles}
          wrap
          rowKey={({ path }) => path}
          columns={[
            {
              id: 'path',
              header: 'File',
              width: 'minmax(14rem, 2fr)',
              cell: ({ path }) => <HostileText text={path} />,
            },
            {
              id: 'present',
              header: 'State',
              width: '8rem',
              cell: ({ present }) => (present ? <Mark of="passed">Found</Mark> : <Mark of="failed">Missing</Mark>),
            },
            {
              id: 'sites',
              header: 'Used by',
              width: 'minmax(9rem, 1fr)',
              cell: ({ sites }) => <HostileText text={sites.join(', ')} />,
            },
          ]}
          empty={<EmptyState title="No site uses a key file" />}
        />
      </Section>
    </Stack>
  )
}
