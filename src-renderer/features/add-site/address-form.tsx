/** The connection to a site: host, login, jump hosts, permissions. */
import { Plus, Trash2 } from 'lucide-react'
import { useEffect, useRef } from 'react'
import { useQuery } from '../../api/hooks.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { Select, TextField } from '../../ui/field.tsx'
import css from './add-site.module.css'
import { alsoTried, type Draft, emptyHop, type HopDraft, type Problems } from './draft.ts'

const methods = [
  { value: 'agent', label: 'SSH agent' },
  { value: 'key', label: 'Key file' },
  { value: 'password', label: 'Password' },
] as const

const sudoModes = [
  { value: 'none', label: 'Not needed: the user has all permissions' },
  { value: 'passwordless', label: 'sudo without a password' },
  { value: 'password', label: 'sudo with a password (asked when needed)' },
] as const

export function AddressForm(props: {
  readonly draft: Draft
  readonly problems: Problems
  readonly onChange: (change: Partial<Draft>) => void
}) {
  const { draft, problems, onChange } = props
  const form = useRef<HTMLDivElement>(null)
  // The focus goes to what is missing.
  useEffect(() => {
    if (Object.keys(problems).length > 0) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
  }, [problems])
  const changeJump = (index: number, change: Partial<HopDraft>) =>
    onChange({ jumps: draft.jumps.map((hop, at) => (at === index ? { ...hop, ...change } : hop)) })
  return (
    <div ref={form} className={css.form}>
      <Hop hop={draft} problems={problems} prefix="" onChange={onChange} />
      <Select
        label="sudo"
        value={draft.sudo}
        options={sudoModes}
        onChange={(value) => onChange({ sudo: sudoModes.find((one) => one.value === value)?.value ?? 'none' })}
      />
      {draft.jumps.map((hop, index) => (
        // Jump hosts have no other name than their place.
        // biome-ignore lint/suspicious/noArrayIndexKey: see above
        <fieldset key={index} className={css.jump}>
          <legend className={css.jumpTitle}>
            Jump host {index + 1}
            <IconButton
              size="small"
              icon={Trash2}
              label={`Remove jump host ${index + 1}`}
              onClick={() => onChange({ jumps: draft.jumps.filter((_, at) => at !== index) })}
            />
          </legend>
          <Hop
            hop={hop}
            problems={problems}
            prefix={`jumps.${index}.`}
            onChange={(change) => changeJump(index, change)}
          />
        </fieldset>
      ))}
      <div>
        <Button look="quiet" size="small" icon={Plus} onClick={() => onChange({ jumps: [...draft.jumps, emptyHop] })}>
          Use a jump host
        </Button>
      </div>
    </div>
  )
}

function Hop(props: {
  readonly hop: HopDraft
  readonly problems: Problems
  readonly prefix: string
  readonly onChange: (change: Partial<HopDraft>) => void
}) {
  const { hop, problems, prefix, onChange } = props
  const problem = (field: string) => problems[`${prefix}${field}`]
  return (
    <>
      <div className={css.hostLine}>
        <TextField
          label="Host"
          value={hop.host}
          placeholder="server.example.org or 192.0.2.10"
          error={problem('host')}
          onChange={(host) => onChange({ host })}
        />
        <TextField label="Port" value={hop.port} error={problem('port')} onChange={(port) => onChange({ port })} />
        <TextField label="User" value={hop.user} error={problem('user')} onChange={(user) => onChange({ user })} />
      </div>
      <div className={css.authLine}>
        <Select
          label="Authentication"
          value={hop.method}
          options={methods}
          onChange={(value) => onChange({ method: methods.find((one) => one.value === value)?.value ?? 'agent' })}
        />
        {hop.method === 'key' && (
          <TextField
            label="Key file on this computer"
            mono
            value={hop.keyFile}
            placeholder="/home/you/.ssh/id_ed25519"
            error={problem('auth.keyFile')}
            hint={`You are asked for the passphrase when it is needed. ${alsoTried(hop)}`.trim()}
            // What the SSH config names beside the first key was not meant for another one.
            onChange={(keyFile) => onChange({ keyFile, also: {} })}
          />
        )}
        {hop.method === 'agent' && <AgentKey hop={hop} onChange={onChange} />}
        {hop.method === 'password' && (
          <p className={css.note}>
            You are asked for the password when it is needed. It is stored only as the settings allow.
          </p>
        )}
      </div>
    </>
  )
}

function AgentKey({
  hop,
  onChange,
}: {
  readonly hop: HopDraft
  readonly onChange: (change: Partial<HopDraft>) => void
}) {
  const agent = useQuery('settings.identities', {}).data?.agent
  if (!agent) return <p className={css.note}>Reading keys from the agent…</p>
  if (!agent.running || agent.keys.length === 0) {
    return (
      <p className={css.note}>
        {agent.problem ?? (agent.running ? 'The agent holds no keys.' : 'No SSH agent is running.')}
      </p>
    )
  }
  const options = [
    { value: '', label: 'Any key in the agent' },
    ...agent.keys.map(({ fingerprint, comment, type }) => ({
      value: fingerprint,
      label: `${comment || type} ${fingerprint.slice(0, 18)}…`,
    })),
  ]
  return <Select label="Key" value={hop.identity} options={options} onChange={(identity) => onChange({ identity })} />
}
