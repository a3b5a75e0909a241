/** Downloads and uploads: of a site at length, and all that run in a line each. */
import { Download, RotateCw, X } from 'lucide-react'
import { useState } from 'react'
import type { WireFailure } from '../../src-shared/contract/failure.ts'
import type { Transfer } from '../../src-shared/contract/transfers.ts'
import { command } from '../api/hooks.ts'
import { useSession } from '../api/session.tsx'
import { href } from '../app/routes.ts'
import { Button, IconButton } from '../ui/button.tsx'
import { HostileText } from '../ui/hostile-text.tsx'
import { Section } from '../ui/page.tsx'
import { Announce, ProgressBar } from '../ui/progress.tsx'
import { ErrorState } from '../ui/states.tsx'
import { Mark } from '../ui/verdict.tsx'
import line from './operation-line.module.css'
import { basisWords, runningWords, shortWords } from './transfer-words.ts'
import css from './transfers.module.css'
import { saveDownload, useTransfers } from './use-transfers.ts'

const nouns = { download: 'Download', upload: 'Upload' } as const

/** What travels to and from a site, or only one backup of it, until it is dismissed. Nothing where nothing does. */
export function SiteTransfers({ site, path }: { readonly site: string; readonly path?: string }) {
  const mine = useTransfers().filter((one) => one.site === site && (path === undefined || one.path === path))
  if (mine.length === 0) return null
  return (
    <Section title="Transfers">
      <ul className={css.list}>
        {mine.map((transfer) => (
          <li key={transfer.id} className={css.transfer}>
            <OneTransfer transfer={transfer} />
          </li>
        ))}
      </ul>
    </Section>
  )
}

function OneTransfer({ transfer }: { readonly transfer: Transfer }) {
  const { id, direction, name, state, outcome, failure, repeatable, phase, done, total } = transfer
  const [refused, setRefused] = useState<WireFailure | null>(null)
  const act = async (path: 'transfers.cancel' | 'transfers.again' | 'transfers.dismiss') => {
    const result = await command(path, { transfer: id })
    setRefused(result.ok ? null : result.error)
  }
  const save = async () => {
    const saved = await saveDownload(id)
    setRefused(saved.ok ? null : saved.error)
  }
  const title = `${nouns[direction]} ${name}`
  const known = phase !== 'connecting' && !(direction === 'upload' && phase === 'verifying')
  return (
    <>
      <div className={css.head}>
        <span className={css.name}>
          <span className={css.noun}>{nouns[direction]}</span> <HostileText text={name} />
        </span>
        {outcome !== null && <Mark of={marks[outcome].of}>{marks[outcome].word}</Mark>}
        <span className={css.actions}>
          {state === 'running' && (
            <Button size="small" icon={X} label={`Cancel: ${title}`} onClick={() => void act('transfers.cancel')}>
              Cancel
            </Button>
          )}
          {state === 'ready' && (
            <Button size="small" icon={Download} label={`Save ${name}`} onClick={() => void save()}>
              Save file
            </Button>
          )}
          {state === 'ended' && outcome !== 'succeeded' && repeatable && (
            <Button
              size="small"
              icon={RotateCw}
              label={`Try again: ${title}`}
              onClick={() => void act('transfers.again')}
            >
              Try again
            </Button>
          )}
          {state !== 'running' && (
            <IconButton
              size="small"
              icon={X}
              label={`Dismiss: ${title}`}
              onClick={() => void act('transfers.dismiss')}
            />
          )}
        </span>
      </div>
      {state === 'running' && (
        <>
          <ProgressBar label={title} value={known ? { done, total, unit: 'bytes' } : null} />
          <p className={css.words}>{runningWords(transfer)}</p>
          <Announce text={runningWords(transfer)} />
        </>
      )}
      {state !== 'running' && <Arrived transfer={transfer} />}
      {failure && <ErrorState failure={failure} tone={outcome === 'cancelled' ? 'quiet' : 'bad'} />}
      {refused && <ErrorState failure={refused} />}
    </>
  )
}

const marks = {
  succeeded: { of: 'succeeded', word: 'Succeeded' },
  failed: { of: 'failed', word: 'Failed' },
  cancelled: { of: 'cancelled', word: 'Cancelled' },
} as const

/** What is proven about the file, and where it is. */
function Arrived({ transfer }: { readonly transfer: Transfer }) {
  const { sha256, direction, state, file, site, path } = transfer
  const { host } = useSession()
  if (sha256 === null) return null
  return (
    <p className={css.words}>
      {state === 'ready' && 'Verified and waiting for the browser. '}
      {state === 'ended' && direction === 'download' && (host === 'electron' ? 'Saved as ' : 'Saved by the browser. ')}
      {file !== '' && (
        <>
          <HostileText text={file} />.{' '}
        </>
      )}
      {direction === 'upload' && path !== null && (
        <>
          <a href={href({ page: 'backup', site, path })}>Open the backup</a>.{' '}
        </>
      )}
      SHA-256 <code className={css.hash}>{sha256}</code>, {basisWords(transfer)}.
    </p>
  )
}

/** One that runs, in the list of what runs on every page. */
export function RunningTransfer({ transfer }: { readonly transfer: Transfer }) {
  const { id, direction, name } = transfer
  const [asked, setAsked] = useState(false)
  return (
    <>
      <TransferLine transfer={transfer} />
      <IconButton
        size="small"
        icon={X}
        label={`Cancel: ${nouns[direction]} ${name}`}
        busy={asked}
        onClick={() => {
          setAsked(true)
          void command('transfers.cancel', { transfer: id })
        }}
      />
    </>
  )
}

/** One that did not succeed, until somebody looks at it. */
export function FailedTransfer({ transfer }: { readonly transfer: Transfer }) {
  const { id, direction, name, site } = transfer
  return (
    <>
      <a href={href({ page: 'backups', site })}>
        <Where transfer={transfer} />
        <Mark of="failed">Failed</Mark>
      </a>
      <IconButton
        size="small"
        icon={X}
        label={`Dismiss: ${nouns[direction]} ${name}`}
        onClick={() => void command('transfers.dismiss', { transfer: id })}
      />
    </>
  )
}

function Where({ transfer: { direction, name, siteName } }: { readonly transfer: Transfer }) {
  return (
    <>
      <span className={line.title}>
        {direction === 'download' ? 'Download from ' : 'Upload to '}
        <HostileText text={siteName} />
      </span>{' '}
      <span className={css.file}>
        <HostileText text={name} />
      </span>{' '}
    </>
  )
}

function TransferLine({ transfer }: { readonly transfer: Transfer }) {
  const { direction, name, site, siteName, phase, done, total } = transfer
  const known = phase !== 'connecting' && !(direction === 'upload' && phase === 'verifying')
  return (
    <a className={line.running} href={href({ page: 'backups', site })}>
      <Where transfer={transfer} />
      <ProgressBar
        thin
        label={`${nouns[direction]} of ${name}, ${siteName}`}
        value={known ? { done, total, unit: 'bytes' } : null}
      />
      <span className={line.detail}>{shortWords(transfer)}</span>
    </a>
  )
}
