/** The way to a site, proven step by step: each step says what it found, or what to do. */
import type { CheckView } from '../../../src-shared/contract/sites.ts'
import { formatBytes } from '../../../src-shared/domain/format.ts'
import { useRefusal } from '../../api/session.tsx'
import { href } from '../../app/routes.ts'
import { Button, LinkButton } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/code-block.tsx'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Section } from '../../ui/page.tsx'
import { Announce } from '../../ui/progress.tsx'
import { ErrorState, Notice } from '../../ui/states.tsx'
import { Mark, type MarkName } from '../../ui/verdict.tsx'
import css from './add-site.module.css'

/** Where the question below says it all. */
function asks({ hostKey }: CheckView, { step }: CheckView['steps'][number]): boolean {
  return step === 'host-key' && hostKey?.state === 'unknown'
}

type HostKey = NonNullable<CheckView['hostKey']>

const marks: Record<CheckView['steps'][number]['state'], MarkName> = {
  waiting: 'waiting',
  running: 'running',
  passed: 'passed',
  warning: 'warning',
  failed: 'failed',
  skipped: 'skipped',
}

export function CheckList({
  view,
  onAccept,
}: {
  readonly view: CheckView
  readonly onAccept: (fingerprint: string) => void
}) {
  const current = view.steps.find(({ state }) => state === 'running' || state === 'failed')
  return (
    <Section title="The way to it" note={view.running ? 'being checked; nothing is kept yet' : undefined}>
      <Announce text={current ? `${current.title}: ${current.state}. ${current.evidence}` : saidOf(view)} />
      <ol className={css.steps} aria-label="Checks">
        {view.steps.map((step) => (
          <li key={step.step} className={css.step} data-state={step.state}>
            {asks(view, step) ? <Mark of="warning">Compare it</Mark> : <StateMark state={step.state} />}
            <div className={css.stepText}>
              <p className={css.stepTitle}>{step.title}</p>
              {step.evidence !== '' && !asks(view, step) && (
                <p className={css.note}>
                  <HostileText text={step.evidence} />
                </p>
              )}
              {step.fix !== '' && !asks(view, step) && (step.state === 'failed' || step.state === 'warning') && (
                <p>
                  <span className={css.fixWord}>What to do: </span>
                  <HostileText text={step.fix} />
                </p>
              )}
              {step.step === 'host-key' && view.hostKey && (
                <HostKeyQuestion hostKey={view.hostKey} onAccept={onAccept} />
              )}
            </div>
          </li>
        ))}
      </ol>
      {!view.running && view.failure && !view.hostKey && !view.steps.some(({ state }) => state === 'failed') && (
        <ErrorState failure={view.failure} />
      )}
      {view.found && view.passed && <Found found={view.found} />}
    </Section>
  )
}

/** Before anything was checked there is nothing to announce. */
function saidOf({ running, passed }: CheckView): string {
  return !running && passed ? 'All checks passed' : ''
}

function StateMark({ state }: { readonly state: CheckView['steps'][number]['state'] }) {
  return <Mark of={marks[state]}>{state === 'skipped' ? 'Not run' : undefined}</Mark>
}

/** An unknown key can be accepted once it was compared; a changed or revoked one cannot be accepted here at all. */
function HostKeyQuestion({
  hostKey,
  onAccept,
}: {
  readonly hostKey: HostKey
  readonly onAccept: (fingerprint: string) => void
}) {
  const refusal = useRefusal()
  const where = `${hostKey.host}, port ${hostKey.port}`
  const shown = (
    <div className={css.key}>
      <span className={css.keyType}>{hostKey.type}</span>
      <code className={css.fingerprint}>{hostKey.fingerprint}</code>
      <CopyButton text={hostKey.fingerprint} />
    </div>
  )
  if (hostKey.state === 'unknown') {
    return (
      <div className={css.question}>
        <p className={css.questionTitle}>This computer has never met {where}.</p>
        <p>Compare its key with what somebody at the server sees, letter for letter:</p>
        {shown}
        <p className={css.note}>
          On the server: <code>ssh-keygen -lf /etc/ssh/ssh_host_{keyName(hostKey.type)}_key.pub</code>
        </p>
        <div>
          <Button look="primary" refusal={refusal} onClick={() => onAccept(hostKey.fingerprint)}>
            I compared it: it is the same
          </Button>
        </div>
      </div>
    )
  }
  return (
    <Notice
      tone="bad"
      title={
        hostKey.state === 'revoked'
          ? `The key of ${where} is revoked.`
          : `${where} shows another key than the one that is known.`
      }
      action={<LinkButton href={href({ page: 'settings', section: 'hosts' })}>Known hosts</LinkButton>}
    >
      <p>
        It was refused, and nothing was sent. Either the server was installed anew, or somebody else answers in its
        place.
      </p>
      {shown}
      {hostKey.known.map((one) => (
        <p key={`${one.file} ${one.line}`} className={css.note}>
          Known: {one.type} <code>{one.fingerprint}</code> in <HostileText text={one.file} />, line {one.line}
        </p>
      ))}
      <p>
        Ask whoever keeps the server. Only if the change was meant, forget the old key on the page of known hosts, and
        come back.
      </p>
    </Notice>
  )
}

function keyName(type: string): string {
  return /ed25519|ecdsa|rsa/.exec(type)?.[0] ?? 'ed25519'
}

function Found({ found }: { readonly found: NonNullable<CheckView['found']> }) {
  const { host, database, layout } = found
  return (
    <Notice tone="good" title={<HostileText text={`${host.name} is a CVD server.`} />}>
      <HostileText text={`${host.os}; CVD in ${layout.root}`} />
      {database.present && <>; database of {formatBytes(database.size)}</>}
    </Notice>
  )
}
