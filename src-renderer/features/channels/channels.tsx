/** Who is told when something is wrong on a site: each channel, whether it works, and a test of it. */
import { Plus } from 'lucide-react'
import { useState } from 'react'
import type { ChannelEntry } from '../../../src-shared/domain/channels.ts'
import { useCommand, useSubscription } from '../../api/hooks.ts'
import { useRefusal } from '../../api/session.tsx'
import { ConfirmDialog } from '../../shared/confirm-dialog.tsx'
import { Button } from '../../ui/button.tsx'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Section } from '../../ui/page.tsx'
import { ErrorState, Loading, Notice } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { showToast } from '../../ui/toast.tsx'
import { Mark } from '../../ui/verdict.tsx'
import { ChannelDialog } from './channel-dialog.tsx'
import { wayOf, ways } from './channel-form.ts'
import css from './channels.module.css'

type Asking = { readonly what: 'edit' | 'remove'; readonly entry: ChannelEntry } | { readonly what: 'add' }

export function Channels({ site }: { readonly site: string }) {
  const watched = useSubscription('channels.watch', { site })
  const refusal = useRefusal()
  const [asking, setAsking] = useState<Asking | null>(null)
  const { data = null, at = null, failure = null } = watched.state ?? {}
  const problem = failure ?? watched.failure
  const channels = data?.channels ?? []
  const others = channels.map(({ name }) => name)
  return (
    <Section
      title="Who is told"
      note={
        data && at !== null && problem ? (
          <>
            as of <Time at={at} />
          </>
        ) : undefined
      }
      actions={
        data && (
          <Button size="small" icon={Plus} refusal={refusal} onClick={() => setAsking({ what: 'add' })}>
            Add a channel…
          </Button>
        )
      }
    >
      {problem && (
        <ErrorState
          tone="warn"
          failure={problem}
          title={data ? 'The server could not be asked again.' : 'Who is told is not known now.'}
        />
      )}
      {!data && !problem && <Loading what="the channels" rows={2} />}
      {data && channels.length === 0 && (
        <Notice tone="warn" title="Nobody is told">
          What goes wrong is seen only by those who open a console. With a channel, the server tells somebody by itself:
          by mail, or in Slack, Teams or ntfy.
        </Notice>
      )}
      {data && channels.length > 0 && (
        <ul className={css.channels}>
          {channels.map((entry) => (
            <ChannelItem
              key={entry.name}
              site={site}
              entry={entry}
              offset={at === null ? 0 : data.now - at}
              onEdit={() => setAsking({ what: 'edit', entry })}
              onRemove={() => setAsking({ what: 'remove', entry })}
            />
          ))}
        </ul>
      )}
      {asking?.what === 'add' && (
        <ChannelDialog site={site} entry={null} taken={others} onClose={() => setAsking(null)} />
      )}
      {asking?.what === 'edit' && (
        <ChannelDialog site={site} entry={asking.entry} taken={[]} onClose={() => setAsking(null)} />
      )}
      {asking?.what === 'remove' && (
        <RemoveDialog site={site} entry={asking.entry} last={channels.length === 1} onClose={() => setAsking(null)} />
      )}
    </Section>
  )
}

function ChannelItem(props: {
  readonly site: string
  readonly entry: ChannelEntry
  readonly offset: number
  readonly onEdit: () => void
  readonly onRemove: () => void
}) {
  const { site, entry, offset, onEdit, onRemove } = props
  const refusal = useRefusal()
  const test = useCommand('channels.test')
  const [why, setWhy] = useState<string | null>(null)
  const { name, to, form, settings } = entry
  async function send(): Promise<void> {
    setWhy(null)
    const done = await test.run({ site, name })
    if (!done.ok) return
    if (done.value.sent) showToast(`Test sent by ${name}`, 'See whether it has arrived.', 'good')
    else setWhy(done.value.why)
  }
  const way = ways.find(({ value }) => value === wayOf(entry))?.label
  const level = settings.level === 'errors' ? ', errors only' : ''
  const watches = settings.watch === undefined || settings.watch === '' ? '' : `, runs of ${settings.watch}`
  return (
    <li className={css.channel}>
      <div className={css.words}>
        <p>
          <b>
            <HostileText text={name} />
          </b>{' '}
          <span className={css.way}>
            {form === '' ? 'Its file is damaged: remove it, and add it again' : `${way}${level}${watches}`}
          </span>
        </p>
        <p className={css.to}>
          <HostileText text={to} />
        </p>
        <State entry={entry} offset={offset} />
        {why !== null && entry.failure === '' && (
          <ErrorState tone="warn" title="The test was not sent." failure={{ code: 'not-sent', message: why }} />
        )}
        {test.failure && <ErrorState tone="warn" failure={test.failure} title="The test was not sent." />}
      </div>
      <div className={css.actions}>
        <Button
          size="small"
          refusal={refusal}
          busy={test.busy}
          disabled={form === ''}
          label={`Send a test by ${name}`}
          onClick={() => void send()}
        >
          {test.busy ? 'Sending…' : 'Send a test'}
        </Button>
        <Button size="small" refusal={refusal} disabled={form === ''} label={`Change ${name}`} onClick={onEdit}>
          Change…
        </Button>
        <Button size="small" look="quiet" refusal={refusal} label={`Remove ${name}`} onClick={onRemove}>
          Remove…
        </Button>
      </div>
    </li>
  )
}

/** Whether what was sent last has left the server. */
function State({ entry, offset }: { readonly entry: ChannelEntry; readonly offset: number }) {
  const { failure, failures, lastSentAt, lastFailedAt } = entry
  const sent = (
    <>
      last sent <Time at={lastSentAt} offset={offset} none="never" />
    </>
  )
  if (failure !== '') {
    return (
      <p className={css.state}>
        <Mark of="failed">
          {failures === 1 ? 'The last message did not leave' : `${failures} messages did not leave`}
        </Mark>{' '}
        {lastFailedAt !== null && <Time at={lastFailedAt} offset={offset} />}: <HostileText text={failure} /> ({sent})
      </p>
    )
  }
  return (
    <p className={css.state}>
      {lastSentAt === null ? (
        'Nothing was sent by it yet: send a test.'
      ) : (
        <>
          <Mark of="passed">Works</Mark>, {sent}
        </>
      )}
    </p>
  )
}

function RemoveDialog(props: {
  readonly site: string
  readonly entry: ChannelEntry
  readonly last: boolean
  readonly onClose: () => void
}) {
  const { site, entry, last, onClose } = props
  const remove = useCommand('channels.remove')
  return (
    <ConfirmDialog
      title={`Remove the channel ${entry.name}?`}
      lead={
        last
          ? 'It is the last one: nobody is told of an alert any more. Its secrets are deleted on the server.'
          : 'Alerts are told by the other channels only. Its secrets are deleted on the server.'
      }
      type={null}
      action="Remove"
      busy={remove.busy}
      failure={remove.failure}
      onClose={onClose}
      onConfirm={() =>
        void remove.run({ site, name: entry.name }).then((done) => {
          if (!done.ok) return
          showToast(`${entry.name} removed`)
          onClose()
        })
      }
    />
  )
}
