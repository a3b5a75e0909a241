/** A site that nothing backs up by itself: one click installs its schedule and makes the first backup. */
import { ShieldPlus } from 'lucide-react'
import type { SiteOverview } from '../../../src-shared/contract/sites.ts'
import { useSubscription } from '../../api/hooks.ts'
import { useRefusal } from '../../api/session.tsx'
import { href } from '../../app/routes.ts'
import { useOperation } from '../../shared/use-operation.ts'
import { Button, LinkButton } from '../../ui/button.tsx'
import { Stack } from '../../ui/page.tsx'
import { ErrorState, Notice } from '../../ui/states.tsx'

export function ProtectNotice({ overview }: { readonly overview: SiteOverview }) {
  const { id: site } = overview
  const refusal = useRefusal()
  const protect = useOperation(site)
  const report = useSubscription('schedule.watch', { site }).state?.data
  // Jobs of others can be replaced: that is asked on the page of the schedule.
  const foreign = report?.foreign.length ?? 0
  return (
    <Stack>
      <Notice
        tone="warn"
        title={foreign === 0 ? 'Nothing backs this site up by itself.' : 'Only jobs of others back this site up.'}
        action={
          foreign === 0 ? (
            <Button
              look="primary"
              icon={ShieldPlus}
              refusal={refusal ?? (report ? undefined : 'The server is being asked what runs there.')}
              busy={protect.busy}
              onClick={() => void protect.begin('schedule.install', { site, protect: true })}
            >
              {protect.busy ? 'Protecting…' : 'Protect it now'}
            </Button>
          ) : (
            <LinkButton look="primary" icon={ShieldPlus} href={href({ page: 'schedule', site })}>
              Protect it…
            </LinkButton>
          )
        }
      >
        {foreign === 0
          ? 'One click installs the schedule on the server and makes the first backup. From then on it is backed up, verified and watched with every console off.'
          : `The server has ${foreign === 1 ? 'a job' : `${foreign} jobs`} that this console did not install. See what they do, and replace them.`}
      </Notice>
      {protect.failure && <ErrorState failure={protect.failure} title="The site is not protected." />}
    </Stack>
  )
}
