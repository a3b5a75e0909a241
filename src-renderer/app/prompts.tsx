/** Passwords and passphrases that the console needs now. What is typed goes there and is kept nowhere here. */
import { useState } from 'react'
import type { Prompt } from '../../src-shared/contract/prompts.ts'
import { useCommand, useSubscription } from '../api/hooks.ts'
import { useSession } from '../api/session.tsx'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { TextField } from '../ui/field.tsx'
import { HostileText } from '../ui/hostile-text.tsx'
import { ErrorState } from '../ui/states.tsx'
import { Time } from '../ui/time.tsx'

export function Prompts() {
  const admin = useSession().role === 'admin'
  const prompts = useSubscription('prompts.watch', admin ? {} : null).state?.prompts ?? []
  const [first] = prompts
  return first ? <Ask key={first.requestId} prompt={first} more={prompts.length - 1} /> : null
}

const titles: Record<Prompt['kind'], string> = {
  password: 'Password for the login',
  passphrase: 'Passphrase of the key',
  sudo: 'Password for sudo',
  question: 'The server asks',
}

function Ask({ prompt, more }: { readonly prompt: Prompt; readonly more: number }) {
  const [secret, setSecret] = useState('')
  const answer = useCommand('prompts.answer')
  const { secrets } = useSession()
  const { question } = prompt
  const give = (value: string | null) => {
    setSecret('')
    void answer.run({ requestId: prompt.requestId, secret: value })
  }
  return (
    <Dialog
      open
      onClose={() => give(null)}
      title={titles[prompt.kind]}
      lead={
        <>
          <HostileText text={prompt.about} />
          {prompt.sites.length > 0 && (
            <>
              {' '}
              for <HostileText text={prompt.sites.join(', ')} />
            </>
          )}
        </>
      }
      onSubmit={() => give(secret)}
      actions={
        <>
          <Button onClick={() => give(null)}>Do not give it</Button>
          <Button look="primary" type="submit" disabled={secret === '' && !question} busy={answer.busy}>
            Give it
          </Button>
        </>
      }
    >
      {question && question.instructions !== '' && (
        <p>
          <HostileText text={question.instructions} />
        </p>
      )}
      <TextField
        label={question ? question.text || 'Answer' : titles[prompt.kind]}
        type={question?.echo ? 'text' : 'password'}
        value={secret}
        onChange={setSecret}
        autoFocus
        hint={
          question
            ? 'These are the words of the server. The answer is sent to it once, and kept nowhere.'
            : secrets.words
        }
      />
      <p>
        Counts as not given <Time at={prompt.expiresAt} />
        {more > 0 && `; ${more} more to answer`}.
      </p>
      {answer.failure && <ErrorState failure={answer.failure} />}
    </Dialog>
  )
}
