/** The way back to an operation that nothing is heard of: listened to where it was started elsewhere, else looked for. */
import { RotateCw } from 'lucide-react'
import type { OperationView } from '../../src-shared/contract/operations.ts'
import { useCommand } from '../api/hooks.ts'
import { useRefusal } from '../api/session.tsx'
import { Button } from '../ui/button.tsx'
import { ErrorState } from '../ui/states.tsx'
import { operationHref } from './operation-line.tsx'
import { outOfSight } from './out-of-sight.ts'

export function FindOperation({ view }: { readonly view: OperationView }) {
  const { row, link } = view
  const refusal = useRefusal()
  const importing = useCommand('operations.import')
  const reattach = useCommand('operations.reattach')
  const failure = importing.failure ?? reattach.failure
  async function listen(): Promise<void> {
    const found = await importing.run({ site: row.site, operation: row.id })
    if (found.ok) window.location.replace(operationHref({ ...row, id: found.value.operation }))
  }
  // While it is searched for, that is what is done already.
  if (!outOfSight(view) || link.state === 'searching') return null
  return (
    <>
      {failure && <ErrorState failure={failure} />}
      {row.elsewhere ? (
        <Button refusal={refusal} busy={importing.busy} onClick={() => void listen()}>
          Listen to it
        </Button>
      ) : (
        <Button
          icon={RotateCw}
          refusal={refusal}
          busy={reattach.busy}
          onClick={() => void reattach.run({ operation: row.id })}
        >
          Look for it again
        </Button>
      )}
    </>
  )
}
