/** The connection to a site: its state, changing it, and removing the site. */
import { Trash2 } from 'lucide-react'
import { useState } from 'react'
import type { SiteView } from '../../../src-shared/contract/sites.ts'
import { colours } from '../../../src-shared/contract/words.ts'
import { showPath } from '../../../src-shared/domain/backup-path.ts'
import { type InputOf, useCommand, useSubscription } from '../../api/hooks.ts'
import { useRefusal } from '../../api/session.tsx'
import { go } from '../../app/router.ts'
import { ConfirmDialog } from '../../shared/confirm-dialog.tsx'
import { SiteOver, SiteTabs } from '../../shared/site-heading.tsx'
import { UnloadedPage } from '../../shared/unloaded-page.tsx'
import { Button } from '../../ui/button.tsx'
import { Checkbox, TextField } from '../../ui/field.tsx'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Columns, Fact, Facts, Page, Row, Section, Stack } from '../../ui/page.tsx'
import { ErrorState, Notice } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { showToast } from '../../ui/toast.tsx'
import { AddressForm } from './address-form.tsx'
import { CheckList } from './check-list.tsx'
import { ColourChoice } from './colour-choice.tsx'
import { type Draft, draftOf, nameProblem, type Problems, policyOf, targetOf } from './draft.ts'

type Check = InputOf<'sites.check'>

export function ConnectionPage({ site }: { readonly site: string }) {
  const watched = useSubscription('site.watch', { site })
  const { state: view } = watched
  if (!view) {
    return <UnloadedPage name="Connection" failure={watched.failure} what="the connection" />
  }
  const { overview } = view
  const failure = overview.connection.failure ?? overview.failure
  return (
    <Page
      name={`Connection of ${overview.name}`}
      colour={overview.colour}
      over={<SiteOver overview={overview} />}
      title="Connection"
      tabs={<SiteTabs overview={overview} current="connection" />}
    >
      {failure && <ErrorState failure={failure} title="The site cannot be reached." />}
      <Columns>
        <Stack>
          <Pinned view={view} />
          <NameAndColour key={overview.name} view={view} />
          <Remove view={view} />
        </Stack>
        <Stack>
          <EditConnection key={view.settings.updatedAt} view={view} />
        </Stack>
      </Columns>
    </Page>
  )
}

function Pinned({ view: { overview, settings } }: { readonly view: SiteView }) {
  return (
    <Section title="Server">
      <Facts>
        <Fact name="Address">
          <HostileText text={overview.address} />
        </Fact>
        <Fact name="Host">
          <HostileText text={overview.hostName} />
        </Fact>
        <Fact name="Machine ID">
          <code>
            <HostileText text={settings.machineId} />
          </code>
        </Fact>
        <Fact name="CVD folder">
          <HostileText text={showPath(settings.root)} />
        </Fact>
        <Fact name="Added">
          <Time at={settings.createdAt} />
        </Fact>
      </Facts>
    </Section>
  )
}

function NameAndColour({ view: { overview } }: { readonly view: SiteView }) {
  const refusal = useRefusal()
  const edit = useCommand('sites.edit')
  const [name, setName] = useState(overview.name)
  const [colour, setColour] = useState(overview.colour)
  const problem = nameProblem(name)
  const same = name === overview.name && colour === overview.colour
  async function save(): Promise<void> {
    const chosen = colours.find((one) => one === colour)
    const saved = await edit.run({ site: overview.id, name, ...(chosen ? { colour: chosen } : {}) })
    if (saved.ok) showToast('Name and colour saved')
  }
  return (
    <Section title="Name and colour">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (!same && problem === undefined) void save()
        }}
      >
        <Stack>
          <TextField label="Site name" value={name} onChange={setName} error={problem} maxLength={80} />
          <ColourChoice value={colour} onChange={setColour} />
          {edit.failure && <ErrorState failure={edit.failure} />}
          <Row>
            <Button type="submit" refusal={refusal} disabled={same || problem !== undefined} busy={edit.busy}>
              Save
            </Button>
          </Row>
        </Stack>
      </form>
    </Section>
  )
}

/** A new connection is tested before it replaces the old one. */
function EditConnection({ view: { overview, settings, inspection } }: { readonly view: SiteView }) {
  const refusal = useRefusal()
  const edit = useCommand('sites.edit')
  const [draft, setDraft] = useState<Draft>(() => draftOf(settings.target, { sudo: settings.sudo }))
  const [problems, setProblems] = useState<Problems>({})
  const [check, setCheck] = useState<Check | null>(null)
  const [exchanged, setExchanged] = useState(false)
  const checked = useSubscription('sites.check', check)
  const view = check === null ? undefined : checked.state
  const found = view?.found ?? null
  const otherMachine = found !== null && found.host.machineId !== settings.machineId
  const change = (next: Partial<Draft>) => {
    setDraft((now) => ({ ...now, ...next }))
    setCheck(null)
    setProblems({})
  }
  function begin(accept: readonly string[]): void {
    const made = targetOf(draft)
    if (made.target === null) {
      setProblems(made.problems)
      return
    }
    setCheck({ target: made.target, sudo: draft.sudo, policy: policyOf(draft), accept: [...accept], site: overview.id })
    checked.again()
  }
  async function save(): Promise<void> {
    if (!check || !found) return
    const { target, sudo, policy, accept } = check
    const machine = otherMachine ? { acceptMachine: found.host.machineId } : {}
    const saved = await edit.run({
      site: overview.id,
      target,
      sudo,
      ...(policy === undefined ? {} : { policy }),
      ...(accept === undefined ? {} : { accept }),
      ...machine,
    })
    if (!saved.ok) return
    showToast('Connection saved')
    setCheck(null)
  }
  return (
    <>
      <Section title="Edit connection">
        <form
          onSubmit={(event) => {
            event.preventDefault()
            begin(check?.accept ?? [])
          }}
        >
          <Stack>
            <AddressForm draft={draft} problems={problems} onChange={change} />
            <TextField
              label="CVD folder on the server"
              mono
              value={draft.root}
              placeholder={inspection?.layout.root ?? settings.root}
              hint="Leave empty to keep it."
              onChange={(root) => change({ root })}
            />
            <TextField
              label="Health check URL, as seen from the server"
              mono
              value={draft.health}
              placeholder={inspection?.policy.health ?? ''}
              hint="Leave empty to keep it."
              onChange={(health) => change({ health })}
            />
            <Row>
              <Button type="submit" refusal={refusal} busy={view?.running ?? false}>
                Test connection
              </Button>
              {view?.passed && !view.running && (
                <Button
                  look="primary"
                  busy={edit.busy}
                  disabled={otherMachine && !exchanged}
                  onClick={() => void save()}
                >
                  Save connection
                </Button>
              )}
            </Row>
          </Stack>
        </form>
      </Section>
      {otherMachine && (
        <Notice tone="warn" title="Another machine answers at this address.">
          <p>
            This site is machine <code>{settings.machineId}</code>. The server that answered is{' '}
            <code>
              <HostileText text={found.host.machineId} />
            </code>
            , called <HostileText text={found.host.name} />.
          </p>
          <Checkbox checked={exchanged} onChange={setExchanged} label="The server was replaced on purpose" />
        </Notice>
      )}
      {edit.failure && <ErrorState title="The connection was not saved." failure={edit.failure} />}
      {check !== null && checked.failure && <ErrorState failure={checked.failure} />}
      {view && <CheckList view={view} onAccept={(key) => begin([...(check?.accept ?? []), key])} />}
    </>
  )
}

function Remove({ view: { overview } }: { readonly view: SiteView }) {
  const refusal = useRefusal()
  const remove = useCommand('sites.remove')
  const [asking, setAsking] = useState(false)
  return (
    <Section title="Remove this site">
      <p>
        Removes the site from this console. The audit is kept. Nothing changes on the server, and all its backups stay.
      </p>
      <Row>
        <Button icon={Trash2} refusal={refusal} onClick={() => setAsking(true)}>
          Remove {overview.name}…
        </Button>
      </Row>
      {asking && (
        <ConfirmDialog
          title={`Remove ${overview.name}?`}
          lead="Nothing changes on the server. You can add the site again at any time."
          type={{ what: 'name of the site', name: overview.name }}
          action="Remove site"
          busy={remove.busy}
          failure={remove.failure}
          onClose={() => setAsking(false)}
          onConfirm={(confirm) =>
            void remove.run({ site: overview.id, confirm }).then(({ ok }) => {
              if (ok) go({ page: 'fleet' })
            })
          }
        />
      )}
    </Section>
  )
}
