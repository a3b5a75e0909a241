import { LockKeyhole } from 'lucide-react'
import { useCommand, useQuery } from '../../api/hooks.ts'
import { useRefusal } from '../../api/session.tsx'
import { Button } from '../../ui/button.tsx'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Section, Stack } from '../../ui/page.tsx'
import { EmptyState, ErrorState, Loading, Notice } from '../../ui/states.tsx'
import { Table } from '../../ui/table.tsx'

const kinds = { password: 'Login password', passphrase: 'Key passphrase', sudo: 'sudo password' }

/** Where secrets are stored, which ones, and how to delete one. Never a secret itself. */
export function SecretSettings() {
  const refusal = useRefusal()
  const asked = useQuery('settings.secrets', refusal === undefined ? {} : null)
  const forget = useCommand('settings.forgetSecret')
  if (refusal !== undefined) return <Notice title="Only administrators can see stored secrets.">{refusal}</Notice>
  if (asked.failure) return <ErrorState failure={asked.failure} />
  if (!asked.data) return <Loading what="the secrets" />
  const { keeps, words, kept } = asked.data
  return (
    <Stack>
      <Notice
        tone={keeps === 'os-store' ? 'good' : 'warn'}
        title={
          keeps === 'os-store' ? 'Secrets are encrypted by the operating system.' : 'Secrets are stored in memory only.'
        }
      >
        {words}
      </Notice>
      {forget.failure && <ErrorState failure={forget.failure} />}
      <Section title="Stored now" note={String(kept.length)}>
        <Table
          label="Stored secrets"
          rows={kept}
          rowKey={({ id }) => id}
          rowHeight={42}
          columns={[
            { id: 'kind', header: 'Kind', width: '12rem', cell: ({ kind }) => kinds[kind] },
            {
              id: 'about',
              header: 'For',
              width: 'minmax(12rem, 1fr)',
              cell: ({ about }) => <HostileText text={about} />,
            },
            {
              id: 'forget',
              header: 'Forget',
              hiddenHeader: true,
              width: '6.5rem',
              align: 'end',
              cell: ({ id, about }) => (
                <Button
                  size="small"
                  label={`Forget the secret of ${about}`}
                  busy={forget.busy}
                  onClick={() => void forget.run({ id }).then(({ ok }) => ok && asked.reload())}
                >
                  Forget
                </Button>
              ),
            },
          ]}
          empty={
            <EmptyState icon={LockKeyhole} title="No stored secrets">
              The console asks for passwords and passphrases when it needs them.
            </EmptyState>
          }
        />
      </Section>
    </Stack>
  )
}
