/** On a server without the site: who is to own its data. The plan says whom the backup names; another one is planned again. */
import { useState } from 'react'
import { ownerNames } from '../../../src-shared/domain/restored-parts.ts'
import { replace } from '../../app/router.ts'
import { Button } from '../../ui/button.tsx'
import { TextField } from '../../ui/field.tsx'
import css from './new-server.module.css'
import type { PlanStepProps } from './restore-page.tsx'

export function NewOwner({ overview, path, parts, owner, plan }: PlanStepProps) {
  const failed = plan.checks.some(({ check, state }) => check === 'new-server' && state === 'failed')
  const said = plan.owner ?? ''
  // What was just refused is nothing to start from.
  const [names, setNames] = useState(failed && owner === undefined ? '' : said)
  if (plan.owner === null) return null
  const wanted = names.trim()
  const problem = wanted === '' || ownerNames.test(wanted) ? undefined : 'Write user:group, such as cvdapp:www-data.'
  return (
    <form
      className={css.owner}
      onSubmit={(event) => {
        event.preventDefault()
        if (wanted === '' || problem !== undefined) return
        replace({ page: 'restore', site: overview.id, path, parts, owner: wanted, step: 'checks' })
      }}
    >
      <TextField
        label="Owner of the CVD data"
        value={names}
        onChange={setNames}
        maxLength={100}
        error={problem}
        hint={hintOf(failed, owner)}
      />
      <div className={css.act}>
        <Button type="submit" disabled={wanted === '' || problem !== undefined || (wanted === said && !failed)}>
          Plan with this owner
        </Button>
      </div>
    </form>
  )
}

function hintOf(failed: boolean, owner: string | undefined): string {
  if (failed) return 'User and group. What does not exist is created, and cannot log in.'
  return owner === undefined ? 'User and group, by the policy of the site or the backup.' : 'As you named them.'
}
