/** Adds a channel, or changes one. Secrets can be written here, and never read. */
import { useState } from 'react'
import type { ChannelEntry } from '../../../src-shared/domain/channels.ts'
import { scheduleKinds } from '../../../src-shared/domain/schedule.ts'
import { scheduledTitle } from '../../../src-shared/domain/schedule-words.ts'
import { useCommand } from '../../api/hooks.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Select, TextField } from '../../ui/field.tsx'
import { ErrorState } from '../../ui/states.tsx'
import { showToast } from '../../ui/toast.tsx'
import {
  changeOf,
  type Draft,
  draftOf,
  type FieldName,
  fieldProblem,
  fieldsOf,
  freeName,
  isSecret,
  nameProblem,
  type Way,
  wayOf,
  ways,
} from './channel-form.ts'
import css from './channels.module.css'

const about: Readonly<Record<Way, string>> = {
  mail: 'The server needs sendmail or mail, set up to reach the recipients.',
  smtp: 'The server logs in at a mail server, and sends through it.',
  slack: 'Create an incoming webhook in Slack, and enter its address.',
  teams: 'Create a webhook in a workflow of Teams, and enter its address.',
  ntfy: 'Enter the address of a topic, such as https://ntfy.sh/my-depot.',
  healthchecks:
    'Each run of one kind reports its start and its end there. When the reports stop, Healthchecks tells you: even if the whole server is down.',
  json: 'The server sends a POST request with the alerts as JSON.',
}

export function ChannelDialog(props: {
  readonly site: string
  /** Null adds one. */
  readonly entry: ChannelEntry | null
  /** Names of the others. */
  readonly taken: readonly string[]
  readonly onClose: () => void
}) {
  const { site, entry, taken, onClose } = props
  const save = useCommand('channels.set')
  const [way, setWay] = useState<Way>(entry ? wayOf(entry) : 'mail')
  const [named, setNamed] = useState<string | null>(null)
  const [draft, setDraft] = useState<Draft>(() => draftOf(entry))
  const [tried, setTried] = useState(false)
  const name = entry?.name ?? named ?? freeName(way, taken)
  const set = entry && wayOf(entry) === way ? entry.secrets : []
  const wrongName = entry ? undefined : nameProblem(name, taken)
  const problems = new Map(fieldsOf(way).map((field) => [field, fieldProblem(way, field, draft, set)]))
  const ready = wrongName === undefined && [...problems.values()].every((one) => one === undefined)
  async function submit(): Promise<void> {
    setTried(true)
    if (!ready || save.busy) return
    const done = await save.run({ site, name, ...changeOf(way, draft) })
    if (!done.ok) return
    showToast(entry ? `${name} changed` : `${name} added`, 'Send a test, to be sure that it arrives.')
    onClose()
  }
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title={entry ? `Change ${entry.name}` : 'Add a channel'}
      lead="The server itself sends the alerts, with every console off. Addresses and passwords stay there, where only root can read them."
      onSubmit={() => void submit()}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" busy={save.busy}>
            {entry ? 'Save' : 'Add channel'}
          </Button>
        </>
      }
    >
      <Select
        label="How"
        value={way}
        options={ways}
        hint={about[way]}
        onChange={(value) => setWay(ways.find((one) => one.value === value)?.value ?? 'mail')}
      />
      {!entry && (
        <TextField label="Name of the channel" value={name} maxLength={31} onChange={setNamed} error={wrongName} />
      )}
      <div className={css.fields} data-single={fieldsOf(way).length < 4 || undefined}>
        {fieldsOf(way).map((field) => (
          <ChannelField
            key={`${way} ${field}`}
            way={way}
            field={field}
            draft={draft}
            isSet={set.includes(field)}
            problem={tried || draft[field] !== '' ? problems.get(field) : undefined}
            onChange={(value) => setDraft({ ...draft, [field]: value })}
          />
        ))}
      </div>
      {save.failure && <ErrorState failure={save.failure} title="The channel was not saved." />}
    </Dialog>
  )
}

const choices: Partial<Readonly<Record<FieldName, readonly { value: string; label: string }[]>>> = {
  level: [
    { value: 'all', label: 'Errors and warnings' },
    { value: 'errors', label: 'Errors only' },
  ],
  tls: [
    { value: 'starttls', label: 'STARTTLS' },
    { value: 'tls', label: 'TLS from the beginning' },
    { value: 'none', label: 'None' },
  ],
  watch: scheduleKinds.map((kind) => ({ value: kind, label: scheduledTitle(kind) })),
}

const labels: Readonly<Record<FieldName, string>> = {
  level: 'What is sent',
  to: 'To',
  from: 'From',
  host: 'Mail server',
  tls: 'Encryption',
  port: 'Port',
  user: 'User',
  password: 'Password',
  url: 'Address',
  header: 'Header',
  secret: 'Value of the header',
  watch: 'Runs of',
}

const ports: Readonly<Record<string, string>> = { starttls: '587', tls: '465', none: '25' }

function hintOf(way: Way, field: FieldName, isSet: boolean): string | undefined {
  if (isSet) return 'It is set. Leave this empty to keep it.'
  if (field === 'to')
    return way === 'mail' ? 'Addresses, or users of the server, with commas between them.' : 'Addresses, with commas.'
  if (field === 'from' && way === 'mail') return 'Without one, the server uses its own.'
  if (field === 'user') return 'Without one, there is no login.'
  if (field === 'header') return 'Only if the receiver asks for one, such as Authorization.'
  if (field === 'url') return 'It is kept secret: whoever knows it can send messages there.'
  return undefined
}

function ChannelField(props: {
  readonly way: Way
  readonly field: FieldName
  readonly draft: Draft
  readonly isSet: boolean
  readonly problem: string | undefined
  readonly onChange: (value: string) => void
}) {
  const { way, field, draft, isSet, problem, onChange } = props
  const options = choices[field]
  if (options) return <Select label={labels[field]} value={draft[field]} options={options} onChange={onChange} />
  const placeholder = isSet ? '••••••••' : field === 'port' ? ports[draft.tls] : undefined
  return (
    <TextField
      label={labels[field]}
      type={isSecret(field) ? 'password' : 'text'}
      value={draft[field]}
      onChange={onChange}
      maxLength={2000}
      hint={hintOf(way, field, isSet)}
      error={problem}
      {...(placeholder === undefined ? {} : { placeholder })}
    />
  )
}
