import { Check, Copy } from 'lucide-react'
import { useEffect, useState } from 'react'
import { Button } from './button.tsx'
import css from './code-block.module.css'
import { HostileText } from './hostile-text.tsx'

/** Copies a text; says for a moment that it did, or that it could not. */
export function CopyButton({ text, label = 'Copy' }: { readonly text: string; readonly label?: string }) {
  const [state, setState] = useState<'idle' | 'copied' | 'refused'>('idle')
  useEffect(() => {
    if (state === 'idle') return
    const timer = setTimeout(() => setState('idle'), 2000)
    return () => clearTimeout(timer)
  }, [state])
  const copy = () => {
    navigator.clipboard.writeText(text).then(
      () => setState('copied'),
      () => setState('refused'),
    )
  }
  const words = { idle: label, copied: 'Copied', refused: 'Copying was refused' }[state]
  return (
    <Button look="quiet" size="small" icon={state === 'copied' ? Check : Copy} onClick={copy}>
      <span aria-live="polite">{words}</span>
    </Button>
  )
}

/** Lines to be read or copied, never run from here. */
export function CodeBlock({ title, text }: { readonly title?: string; readonly text: string }) {
  return (
    <figure className={css.block}>
      <figcaption className={css.head}>
        <span>{title}</span>
        <CopyButton text={text} />
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <pre className={css.text} tabIndex={0}>
        <HostileText text={text} lines />
      </pre>
    </figure>
  )
}
