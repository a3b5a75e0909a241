/** Passwords and passphrases that the console needs now. What is typed goes to it, and is not kept here. */
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
  password: 'Login password',
  passphrase: 'Key passphrase',
  sudo: 'sudo password',
  question: 'Question from the server',
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
          <Button onClick={() => give(null)}>Cancel</Button>
          <Button look="primary" type="submit" disabled={secret === '' && !question} busy={answer.busy}>
            Submit
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
        hint={question ? 'The server asks this. Your answer is sent to it once, and never stored.' : secrets.words}
      />
      <p>
        Expires <Time at={prompt.expiresAt} />
        {more > 0 && `; ${more} more to answer`}.
      </p>
      {answer.failure && <ErrorState failure={answer.failure} />}
    </Dialog>
  )
}
