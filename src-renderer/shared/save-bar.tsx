/** What is changed and not saved: it stays in sight; what was and what will be is shown before it is saved. */
import { useState } from 'react'
import type { WireFailure } from '../../src-shared/contract/failure.ts'
import { useRefusal } from '../api/session.tsx'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { HostileText } from '../ui/hostile-text.tsx'
import { ErrorState, Notice } from '../ui/states.tsx'
import { showToast } from '../ui/toast.tsx'
import { settingLabel, settingWords } from './policy-settings.ts'
import css from './save-bar.module.css'
import type { PolicyChange, PolicyDraft } from './use-policy-draft.ts'

export function SaveBar(props: {
  readonly draft: PolicyDraft
  readonly siteName: string
  /** Why it cannot be saved as it is; empty if it can. */
  readonly problem: string
  /** What the changes would do, in a sentence. */
  readonly effect?: string
}) {
  const { draft, siteName, problem, effect = '' } = props
  const refusal = useRefusal()
  const [asking, setAsking] = useState(false)
  const { changes } = draft
  if (changes.length === 0) return null
  const count = changes.length === 1 ? '1 change is not saved.' : `${changes.length} changes are not saved.`
  return (
    <section className={css.bar} aria-label="Changes that are not saved">
      <p className={css.words} role="status">
        <b>{count}</b> {problem === '' ? effect : problem}
      </p>
      <Button onClick={draft.discard}>Discard</Button>
      <Button
        look="primary"
        refusal={refusal ?? (problem === '' ? undefined : problem)}
        onClick={() => setAsking(true)}
      >
        Save…
      </Button>
      {asking && <SaveDialog draft={draft} siteName={siteName} effect={effect} onClose={() => setAsking(false)} />}
    </section>
  )
}

function SaveDialog(props: {
  readonly draft: PolicyDraft
  readonly siteName: string
  readonly effect: string
  readonly onClose: () => void
}) {
  const { draft, siteName, effect, onClose } = props
  const [failure, setFailure] = useState<WireFailure | null>(null)
  async function save(): Promise<void> {
    setFailure(null)
    const refused = await draft.save()
    if (refused) return setFailure(refused)
    showToast(`The policy of ${siteName} was saved`)
    onClose()
  }
  const blocked = draft.meanwhile.length > 0 || failure?.code === 'conflict'
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title={`Save the policy of ${siteName}?`}
      lead={effect === '' ? 'It applies at once, also while every console is off.' : effect}
      onSubmit={() => !blocked && !draft.saving && void save()}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" disabled={blocked} busy={draft.saving}>
            Save
          </Button>
        </>
      }
    >
      <Changes changes={draft.changes} />
      <Meanwhile draft={draft} onResolved={() => setFailure(null)} />
      {failure && (failure.code !== 'conflict' || draft.meanwhile.length === 0) && <ErrorState failure={failure} />}
    </Dialog>
  )
}

/** Somebody else was faster: what they changed, and going on from there. */
export function Meanwhile({ draft, onResolved }: { readonly draft: PolicyDraft; readonly onResolved?: () => void }) {
  const { meanwhile, view } = draft
  if (meanwhile.length === 0) return null
  const who = view?.changedBy ?? ''
  const ours = new Set(draft.changes.map(({ key }) => key))
  const both = meanwhile.filter(({ key }) => ours.has(key)).map(({ key }) => settingLabel(key))
  const goOn = (how: () => void) => () => {
    how()
    onResolved?.()
  }
  return (
    <Notice
      tone="warn"
      title={
        <>
          <HostileText text={who === '' ? 'Somebody else' : who} /> has changed the policy while you were at it.
        </>
      }
      action={
        <>
          {both.length > 0 && (
            <Button size="small" onClick={goOn(draft.yieldTo)}>
              Keep theirs
            </Button>
          )}
          <Button size="small" onClick={goOn(draft.rebase)}>
            Keep theirs, and my changes on top
          </Button>
        </>
      }
    >
      <p>Nothing of yours is saved yet. They changed:</p>
      <Changes changes={meanwhile} />
      {both.length > 0 && (
        <p>
          You both changed: {both.join(', ')}. <i>Keep theirs</i> drops your changes to these;{' '}
          <i>Keep theirs, and my changes on top</i> replaces theirs by yours when you save.
        </p>
      )}
    </Notice>
  )
}

function Changes({ changes }: { readonly changes: readonly PolicyChange[] }) {
  return (
    <table className={css.changes}>
      <thead>
        <tr>
          <th scope="col">Setting</th>
          <th scope="col">Before</th>
          <th scope="col">After</th>
        </tr>
      </thead>
      <tbody>
        {changes.map(({ key, before, after }) => (
          <tr key={key}>
            <th scope="row">{settingLabel(key)}</th>
            <td>
              <HostileText text={settingWords(key, before)} />
            </td>
            <td>
              <HostileText text={settingWords(key, after)} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
