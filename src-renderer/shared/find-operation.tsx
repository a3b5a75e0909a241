/** For an operation whose progress is not received: follow one that was started elsewhere, or try to reconnect. */
import { RotateCw } from 'lucide-react'
import type { OperationView } from '../../src-shared/contract/operations.ts'
import { useCommand } from '../api/hooks.ts'
import { useRefusal } from '../api/session.tsx'
import { Button } from '../ui/button.tsx'
import { ErrorState } from '../ui/states.tsx'
import { connectionLost } from './connection-lost.ts'
import { operationHref } from './operation-line.tsx'

export function FindOperation({ view }: { readonly view: OperationView }) {
  const { row } = view
  const refusal = useRefusal()
  const importing = useCommand('operations.import')
  const reattach = useCommand('operations.reattach')
  const failure = importing.failure ?? reattach.failure
  async function follow(): Promise<void> {
    const found = await importing.run({ site: row.site, operation: row.id })
    if (found.ok) window.location.replace(operationHref({ ...row, id: found.value.operation }))
  }
  // While the console reconnects, there is nothing to do.
  if (!connectionLost(row) || row.link === 'searching') return null
  return (
    <>
      {failure && <ErrorState failure={failure} />}
      {row.elsewhere ? (
        <Button refusal={refusal} busy={importing.busy} onClick={() => void follow()}>
          Follow operation
        </Button>
      ) : (
        <Button
          icon={RotateCw}
          refusal={refusal}
          busy={reattach.busy}
          onClick={() => void reattach.run({ operation: row.id })}
        >
          Reconnect
        </Button>
      )}
    </>
  )
}
