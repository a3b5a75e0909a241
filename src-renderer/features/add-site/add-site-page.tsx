/** Adds a site: enter the connection, test it step by step, name the site. Nothing is saved before the end. */
import { FileInput } from 'lucide-react'
import { useMemo, useState } from 'react'
import { colours } from '../../../src-shared/contract/words.ts'
import type { SshTarget } from '../../../src-shared/domain/ssh-target.ts'
import { type InputOf, useCommand, useSubscription } from '../../api/hooks.ts'
import { useRefusal } from '../../api/session.tsx'
import { go } from '../../app/router.ts'
import { Button } from '../../ui/button.tsx'
import { TextField } from '../../ui/field.tsx'
import { Page, Row, Section, Stack } from '../../ui/page.tsx'
import { ErrorState, Notice } from '../../ui/states.tsx'
import { showToast } from '../../ui/toast.tsx'
import css from './add-site.module.css'
import { AddressForm } from './address-form.tsx'
import { CheckList } from './check-list.tsx'
import { ColourChoice } from './colour-choice.tsx'
import { type Draft, draftOf, emptyDraft, nameProblem, type Problems, policyOf, targetOf } from './draft.ts'
import { ImportDialog } from './import-dialog.tsx'

type Check = InputOf<'sites.check'>

export function AddSitePage() {
  const refusal = useRefusal()
  const [draft, setDraft] = useState<Draft>(emptyDraft)
  const [problems, setProblems] = useState<Problems>({})
  const [check, setCheck] = useState<Check | null>(null)
  const [importing, setImporting] = useState(false)
  const checked = useSubscription('sites.check', check)
  const change = (next: Partial<Draft>) => {
    setDraft((now) => ({ ...now, ...next }))
    // What was tested was another connection.
    setCheck(null)
    setProblems({})
  }
  const begin = (accept: readonly string[]) => {
    const made = targetOf(draft)
    if (made.target === null) {
      setProblems(made.problems)
      return
    }
    setCheck({ target: made.target, sudo: draft.sudo, policy: policyOf(draft), accept: [...accept] })
    checked.again()
  }
  const take = (alias: string, target: SshTarget) => {
    change(draftOf(target, { name: alias, sudo: draft.sudo, root: draft.root, health: draft.health }))
    setImporting(false)
  }
  if (refusal !== undefined) {
    return (
      <Page narrow name="Add a site" title="Add a site">
        <Notice tone="warn" title="Viewers cannot add sites.">
          {refusal}
        </Notice>
      </Page>
    )
  }
  const view = check === null ? undefined : checked.state
  return (
    <Page
      narrow
      name="Add a site"
      title="Add a site"
      lead="The connection is tested before the site is saved. The test stores one program on the server, cvd-backup, and changes nothing else there."
      actions={
        <Button icon={FileInput} onClick={() => setImporting(true)}>
          Import from SSH config…
        </Button>
      }
    >
      <form
        className={css.columns}
        onSubmit={(event) => {
          event.preventDefault()
          begin(check?.accept ?? [])
        }}
      >
        <Section title="Connection">
          <AddressForm draft={draft} problems={problems} onChange={change} />
          <details className={css.more}>
            <summary>CVD is not in /opt/cvd, or uses another health check</summary>
            <div className={css.form}>
              <TextField
                label="CVD folder on the server"
                mono
                value={draft.root}
                placeholder="/opt/cvd"
                onChange={(root) => change({ root })}
              />
              <TextField
                label="Health check URL, as seen from the server"
                mono
                value={draft.health}
                placeholder="http://127.0.0.1:5000/api/health"
                hint="The test requests it and shows the answer. If empty, the usual addresses are tried."
                onChange={(health) => change({ health })}
              />
            </div>
          </details>
          <Row>
            <Button look={view?.passed ? 'plain' : 'primary'} type="submit" busy={view?.running ?? false}>
              {check === null ? 'Test connection' : 'Test again'}
            </Button>
          </Row>
        </Section>
      </form>
      {check !== null && checked.failure && <ErrorState failure={checked.failure} />}
      {view && <CheckList view={view} onAccept={(fingerprint) => begin([...(check?.accept ?? []), fingerprint])} />}
      {check !== null && view?.passed && !view.running && (
        <Keep check={check} proposed={draft.name === '' ? (view.found?.host.name ?? '') : draft.name} />
      )}
      {importing && <ImportDialog onTake={take} onClose={() => setImporting(false)} />}
    </Page>
  )
}

/** The last step: its name and colour. */
function Keep({ check, proposed }: { readonly check: Check; readonly proposed: string }) {
  const add = useCommand('sites.add')
  const sites = useSubscription('sites.watch', {}).state?.sites
  const [name, setName] = useState(proposed)
  const free = useMemo(() => colours.find((one) => !sites?.some(({ colour }) => colour === one)) ?? 'teal', [sites])
  const [colour, setColour] = useState<string | null>(null)
  const problem = nameProblem(name)
  async function keep(): Promise<void> {
    if (problem !== undefined) return
    const chosen = colours.find((one) => one === colour) ?? free
    const added = await add.run({ ...check, name, colour: chosen })
    if (!added.ok) return
    showToast(`${name} added`, '', 'good')
    go({ page: 'site', site: added.value.site })
  }
  return (
    <Section title="Name">
      <form
        className={css.keep}
        onSubmit={(event) => {
          event.preventDefault()
          void keep()
        }}
      >
        <Stack>
          <TextField
            label="Site name"
            value={name}
            maxLength={80}
            onChange={setName}
            error={name === '' ? undefined : problem}
            hint="You type this name to confirm a restore, so choose one that cannot be mistaken for another."
          />
          <ColourChoice value={colour ?? free} onChange={setColour} />
          {add.failure && <ErrorState title="The site was not added." failure={add.failure} />}
          <Row>
            <Button look="primary" type="submit" busy={add.busy} disabled={problem !== undefined}>
              Add site
            </Button>
          </Row>
        </Stack>
      </form>
    </Section>
  )
}
