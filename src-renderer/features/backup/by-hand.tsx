/** How the backup is used without the console. */
import type { OutputOf } from '../../api/hooks.ts'
import { CodeBlock } from '../../ui/code-block.tsx'
import { Section } from '../../ui/page.tsx'
import { Notice } from '../../ui/states.tsx'
import css from './backup.module.css'

type Shown = OutputOf<'backup.show'>

export function ByHand({ commands, noCommands }: Pick<Shown, 'commands' | 'noCommands'>) {
  return (
    <Section title="Manual commands" note={noCommands === '' ? 'safe to paste on the server' : undefined}>
      {noCommands !== '' && <Notice title="No commands available.">{noCommands}</Notice>}
      <div className={css.commands}>
        {commands.map(({ title, command }) => (
          <CodeBlock key={title} title={title} text={command} />
        ))}
      </div>
    </Section>
  )
}
