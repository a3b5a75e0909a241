/** In the demo: what to try, one click away. */
import { Lightbulb } from 'lucide-react'
import { useState } from 'react'
import { useSession } from '../api/session.tsx'
import { Button } from '../ui/button.tsx'
import { CodeBlock } from '../ui/code-block.tsx'
import { Dialog } from '../ui/dialog.tsx'
import css from './shell.module.css'

export function DemoHints() {
  const { demo } = useSession()
  const [open, setOpen] = useState(false)
  if (!demo || demo.hints.length === 0) return null
  const close = () => setOpen(false)
  return (
    <>
      <Button icon={Lightbulb} onClick={() => setOpen(true)}>
        What to try
      </Button>
      <Dialog
        open={open}
        wide
        onClose={close}
        title="What to try on the demo site"
        lead="It is a real CVD server on this computer, made for this demo alone. Nothing you do here reaches anything else."
        actions={<Button onClick={close}>Close</Button>}
      >
        <ol className={css.hintList}>
          {demo.hints.map((hint) => (
            <li key={hint.title}>
              <Hint {...hint} />
            </li>
          ))}
        </ol>
      </Dialog>
    </>
  )
}

const IN_A_TERMINAL = 'In a terminal: '

function Hint({ title, text }: { readonly title: string; readonly text: string }) {
  if (text.startsWith(IN_A_TERMINAL)) {
    return <CodeBlock title={`${title}: in a terminal`} text={text.slice(IN_A_TERMINAL.length)} />
  }
  return (
    <p>
      <strong>{title}.</strong> {text}
    </p>
  )
}
