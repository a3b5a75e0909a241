/** Programs that the site needs and the server lacks: installed when that is confirmed, and planned again afterwards. */
import { Download } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useCommand, useSubscription } from '../../api/hooks.ts'
import { useRefusal } from '../../api/session.tsx'
import { replace } from '../../app/router.ts'
import { ConfirmDialog } from '../../shared/confirm-dialog.tsx'
import { RunningOperation } from '../../shared/operation-line.tsx'
import { Button } from '../../ui/button.tsx'
import { CodeBlock } from '../../ui/code-block.tsx'
import { ErrorState } from '../../ui/states.tsx'
import css from './new-server.module.css'
import type { PlanStepProps } from './restore-page.tsx'

export function MissingPrograms({ overview, path, parts, owner, plan }: PlanStepProps) {
  const { id: site, name } = overview
  const refusal = useRefusal()
  const [asking, setAsking] = useState(false)
  const [operation, setOperation] = useState<string | null>(null)
  const install = useCommand('site.installPackages')
  const watched = useSubscription('operation.watch', operation === null ? null : { operation })
  const row = watched.state?.row
  const outcome = row?.state === 'ended' ? row.outcome : null
  useEffect(() => {
    if (outcome === 'succeeded') replace({ page: 'restore', site, path, parts, owner, step: 'checks' })
  }, [outcome, site, path, parts, owner])
  const { missing = [], commands = [] } = plan.packages ?? {}
  if (commands.length === 0) return null
  if (row && outcome === null) return <RunningOperation row={row} withSite={false} />
  return (
    <>
      {row && outcome !== null && outcome !== 'succeeded' && (
        <ErrorState title="The programs were not installed." failure={row} />
      )}
      <p>
        <Button icon={Download} refusal={refusal} onClick={() => setAsking(true)}>
          Install what is missing…
        </Button>
      </p>
      {asking && (
        <ConfirmDialog
          title={`Install programs on ${overview.hostName === '' ? name : overview.hostName}?`}
          lead={
            <div className={css.lead}>
              <p>
                The server installs {missing.length === 1 ? 'this package' : 'these packages'}, and what{' '}
                {missing.length === 1 ? 'it needs' : 'they need'}, by its distribution’s own commands, as root.
              </p>
              <CodeBlock title="Runs on the server" text={commands.join('\n')} />
            </div>
          }
          type={{ what: 'name of the site', name }}
          reason
          action="Install"
          busy={install.busy}
          failure={install.failure}
          onClose={() => {
            setAsking(false)
            install.reset()
          }}
          onConfirm={(confirm, reason) =>
            void install.run({ site, confirm, reason }).then((begun) => {
              if (!begun.ok) return
              setOperation(begun.value.operation)
              setAsking(false)
            })
          }
        />
      )}
    </>
  )
}
