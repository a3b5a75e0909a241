/** Copies the settings that are not about one server to other sites; what each would get is shown first, what it became after. */
import { useMemo, useState } from 'react'
import type { SiteOverview } from '../../../src-shared/contract/sites.ts'
import { copiedKeys } from '../../../src-shared/domain/policy-profiles.ts'
import type { OutputOf } from '../../api/hooks.ts'
import { useQuery, useSubscription } from '../../api/hooks.ts'
import { settingLabel, settingWords } from '../../shared/policy-settings.ts'
import { savePolicy } from '../../shared/save-policy.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Checkbox } from '../../ui/field.tsx'
import { HostileText } from '../../ui/hostile-text.tsx'
import { EmptyState, ErrorState, Loading } from '../../ui/states.tsx'
import { Mark, SiteColour } from '../../ui/verdict.tsx'
import css from './policy.module.css'

type Compared = OutputOf<'policy.compare'>['sites'][number]
/** Of each site that was asked: null where it was saved, otherwise why not. */
type Outcomes = ReadonlyMap<string, string | null>

export function CopyDialog({ overview, onClose }: { readonly overview: SiteOverview; readonly onClose: () => void }) {
  const fleet = useSubscription('sites.watch', {}).state
  const others = useMemo(() => fleet?.sites.filter(({ id }) => id !== overview.id) ?? [], [fleet, overview.id])
  const ids = others.map(({ id }) => id)
  const asked = useQuery('policy.compare', fleet ? { site: overview.id, keys: [...copiedKeys], others: ids } : null)
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const [outcomes, setOutcomes] = useState<Outcomes>(new Map())
  const [busy, setBusy] = useState(false)
  const compared = new Map(asked.data?.sites.map((one) => [one.site, one]))
  const due = [...chosen].filter((id) => (compared.get(id)?.changes?.length ?? 0) > 0 && outcomes.get(id) !== null)

  async function copy(): Promise<void> {
    setBusy(true)
    for (const id of due) {
      const changes = compared.get(id)?.changes ?? []
      const saved = await savePolicy(id, Object.fromEntries(changes.map(({ key, after }) => [key, after])), undefined)
      setOutcomes((now) => new Map(now).set(id, saved.ok ? null : saved.error.message))
    }
    setBusy(false)
    asked.reload()
  }

  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title={`Copy the policy of ${overview.name}`}
      lead="Schedules, retention, verification and warnings are copied. What belongs to one server is not: folders, services, health check, owner."
      onSubmit={() => due.length > 0 && !busy && void copy()}
      actions={
        <>
          <Button onClick={onClose}>{outcomes.size > 0 ? 'Close' : 'Cancel'}</Button>
          <Button look="primary" type="submit" disabled={due.length === 0} busy={busy}>
            {due.length <= 1 ? 'Copy to 1 site' : `Copy to ${due.length} sites`}
          </Button>
        </>
      }
    >
      {asked.failure && <ErrorState failure={asked.failure} />}
      {!asked.data && !asked.failure && <Loading what="the other sites" rows={4} />}
      {fleet && others.length === 0 && <EmptyState title="There is no other site">Add one first.</EmptyState>}
      {asked.data && others.length > 0 && (
        <ul className={css.others}>
          {others.map((other) => (
            <Other
              key={other.id}
              other={other}
              compared={compared.get(other.id)}
              chosen={chosen.has(other.id)}
              outcome={outcomes.get(other.id)}
              onChoose={(on) =>
                setChosen((now) => {
                  const next = new Set(now)
                  if (on) next.add(other.id)
                  else next.delete(other.id)
                  return next
                })
              }
            />
          ))}
        </ul>
      )}
    </Dialog>
  )
}

function Other(props: {
  readonly other: SiteOverview
  readonly compared: Compared | undefined
  readonly chosen: boolean
  readonly outcome: string | null | undefined
  readonly onChoose: (on: boolean) => void
}) {
  const { other, compared, chosen, outcome, onChoose } = props
  const changes = compared?.changes ?? null
  const same = changes !== null && changes.length === 0
  return (
    <li className={css.other}>
      <span className={css.otherHead}>
        <Checkbox
          label={
            <>
              <SiteColour colour={other.colour} /> <HostileText text={other.name} />
            </>
          }
          checked={chosen}
          disabled={changes === null || same}
          onChange={onChoose}
        />
        <span className={css.quiet}>
          {outcome === null ? (
            <Mark of="succeeded">Copied</Mark>
          ) : changes === null ? (
            'Never checked'
          ) : same ? (
            'The same already'
          ) : changes.length === 1 ? (
            '1 setting differs'
          ) : (
            `${changes.length} settings differ`
          )}
        </span>
      </span>
      {typeof outcome === 'string' && (
        <p className={css.bad}>
          <HostileText text={outcome} />
        </p>
      )}
      {chosen && outcome !== null && changes !== null && (
        <ul className={css.differences}>
          {changes.map(({ key, before, after }) => (
            <li key={key}>
              {settingLabel(key)}: <HostileText text={settingWords(key, before)} /> →{' '}
              <b>
                <HostileText text={settingWords(key, after)} />
              </b>
            </li>
          ))}
        </ul>
      )}
    </li>
  )
}
