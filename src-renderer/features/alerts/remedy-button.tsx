/** The button that does something about an alert, or leads to where that can be done. */
import type { AlertRow } from '../../../src-shared/contract/alerts.ts'
import { useCommand } from '../../api/hooks.ts'
import { useRefusal } from '../../api/session.tsx'
import { href } from '../../app/routes.ts'
import { kindNouns } from '../../shared/backup-words.ts'
import type { Start } from '../../shared/use-start.ts'
import { Button, LinkButton } from '../../ui/button.tsx'
import { remedyOf } from './alert-remedies.ts'

const ways = {
  site: 'See the site',
  backups: 'See the backups',
  restore: 'Restore…',
  connection: 'See the connection',
  'site-operations': 'See the operations',
  schedule: 'See the schedule',
  retention: 'See what is kept',
  policy: 'See the policy',
} as const

export function RemedyButton({ row, start }: { readonly row: AlertRow; readonly start: Start }) {
  const refusal = useRefusal()
  const refresh = useCommand('site.refresh')
  const { deed } = remedyOf(row)
  if (!deed) return null
  const { site } = row
  if ('goes' in deed) {
    // Their pages have nothing for a viewer.
    if (deed.goes === 'restore' && refusal !== undefined) return null
    return (
      <LinkButton size="small" href={href({ page: deed.goes, site })}>
        {ways[deed.goes]}
      </LinkButton>
    )
  }
  switch (deed.does) {
    case 'back-up': {
      const { kind } = deed
      return (
        <Button
          size="small"
          refusal={refusal}
          busy={start.busy}
          onClick={() => void start.begin('backups.make', { site, kind })}
        >
          Make a {kindNouns[kind]}
        </Button>
      )
    }
    case 'verify':
      return (
        <Button
          size="small"
          refusal={refusal}
          busy={start.busy}
          onClick={() => void start.begin('backups.verify', { site, which: { kind: 'all' } })}
        >
          Verify all backups
        </Button>
      )
    case 'recover':
      return (
        <Button
          size="small"
          refusal={refusal}
          busy={start.busy}
          onClick={() => void start.begin('operations.recover', { site, reason: 'requested at its alert' })}
        >
          Recover
        </Button>
      )
    case 'monitor':
      return (
        <Button
          size="small"
          refusal={refusal}
          busy={start.busy}
          onClick={() => void start.begin('alerts.check', { site })}
        >
          Check now
        </Button>
      )
    // It changes nothing, so viewers may do it as well.
    case 'contact':
      return (
        <Button size="small" busy={refresh.busy} onClick={() => void refresh.run({ site })}>
          Try again
        </Button>
      )
  }
}
