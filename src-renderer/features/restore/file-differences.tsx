/** How one file differs from the one in the backup. Secrets are hidden until they are asked for. */
import { useCallback, useEffect, useState } from 'react'
import { differencesWords, type FileDifferences, hiddenWords } from '../../../src-shared/domain/file-differences.ts'
import { useCommand } from '../../api/hooks.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { HostileText } from '../../ui/hostile-text.tsx'
import { ErrorState, Notice } from '../../ui/states.tsx'
import css from './restore.module.css'

interface Shown {
  readonly planId: string
  /** Below the folder; encoded. */
  readonly file: string
  readonly name: string
}

export function FileDifferencesDialog({ planId, file, name, onClose }: Shown & { readonly onClose: () => void }) {
  const ask = useCommand('restore.differences')
  const { run } = ask
  const [found, setFound] = useState<FileDifferences | null>(null)
  const [asking, setAsking] = useState(false)
  const load = useCallback(
    async (showSecrets: boolean) => {
      const answer = await run({ planId, file, showSecrets })
      if (answer.ok) setFound(answer.value)
    },
    [run, planId, file],
  )
  useEffect(() => void load(false), [load])
  const show = () => {
    setAsking(false)
    void load(true)
  }
  const hidden = found === null ? '' : hiddenWords(found)
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title="Differences within the file"
      lead={<HostileText text={name} />}
      actions={
        <>
          <Button onClick={onClose}>Close</Button>
          {hidden !== '' && !asking && (
            <Button busy={ask.busy} onClick={() => setAsking(true)}>
              Show secrets
            </Button>
          )}
        </>
      }
    >
      {ask.failure && <ErrorState title="The file could not be compared." failure={ask.failure} />}
      {found === null && ask.busy && <p>Comparing the file on the server…</p>}
      {asking && (
        <Notice
          tone="warn"
          title="Show the secrets in this file?"
          action={
            <Button look="danger" onClick={show}>
              Show them
            </Button>
          }
        >
          Everyone who sees this screen can read them. The audits of the console and of the server record it.
        </Notice>
      )}
      {found !== null && (
        <>
          <p>{differencesWords(found)}</p>
          {found.text !== '' && <Lines text={found.text} />}
          {hidden !== '' && <p className={css.more}>{hidden}</p>}
        </>
      )}
    </Dialog>
  )
}

const marks = { '-': 'live', '+': 'backup', '@': 'place' } as const

function Lines({ text }: { readonly text: string }) {
  const lines = text.replace(/\n$/, '').split('\n').slice(2)
  return (
    <>
      <p className={css.more}>
        <span className={css.line} data-side="live">
          − live
        </span>{' '}
        <span className={css.line} data-side="backup">
          + backup
        </span>
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <pre className={css.lines} tabIndex={0}>
        {lines.map((line, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines have nothing else, and never move
          <span key={index} className={css.line} data-side={marks[line[0] as keyof typeof marks]}>
            <HostileText text={line} />
            {'\n'}
          </span>
        ))}
      </pre>
    </>
  )
}
