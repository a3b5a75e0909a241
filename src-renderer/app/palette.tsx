/** Every page and command, found by typing. */
import { Dialog } from '@base-ui/react/dialog'
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from 'react'
import { useSubscription } from '../api/hooks.ts'
import { useSession } from '../api/session.tsx'
import { ModalPopup } from '../ui/dialog.tsx'
import { allCommands, keyWords } from './commands.ts'
import { type Command, findCommands } from './find-commands.ts'
import css from './palette.module.css'
import { ui, useUi } from './ui-state.ts'

const SHOWN = 50

export function Palette() {
  const open = useUi(({ overlay }) => overlay === 'palette')
  return (
    <Dialog.Root open={open} onOpenChange={(next) => !next && ui.close()}>
      <Dialog.Portal>
        <Dialog.Backdrop className={css.scrim} />
        <ModalPopup className={css.popup} aria-label="Search for anything">
          <Finder />
        </ModalPopup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

function Finder() {
  const id = useId()
  const fleet = useSubscription('sites.watch', {}).state
  const admin = useSession().role === 'admin'
  const [typed, setTyped] = useState('')
  const [index, setIndex] = useState(0)
  const list = useRef<HTMLDivElement>(null)
  const commands = useMemo(() => allCommands(fleet, admin), [fleet, admin])
  const found = useMemo(() => findCommands(commands, typed).slice(0, SHOWN), [commands, typed])
  const current = Math.min(index, Math.max(0, found.length - 1))
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' })
  })

  function run(one: Command | undefined): void {
    if (!one) return
    ui.close()
    one.run()
  }

  function onKeyDown(event: KeyboardEvent): void {
    const last = found.length - 1
    if (event.key === 'ArrowDown') setIndex(current >= last ? 0 : current + 1)
    else if (event.key === 'ArrowUp') setIndex(current <= 0 ? last : current - 1)
    else if (event.key === 'Enter') run(found[current])
    else return
    event.preventDefault()
  }

  return (
    <>
      <input
        // biome-ignore lint/a11y/noAutofocus: the palette is opened to type
        autoFocus
        className={css.input}
        role="combobox"
        aria-label="Search for anything"
        aria-expanded
        aria-controls={`${id}-list`}
        aria-activedescendant={found[current] ? `${id}-${current}` : undefined}
        placeholder="Go to a site, start a backup, find a page…"
        value={typed}
        spellCheck={false}
        onChange={(event) => {
          setTyped(event.currentTarget.value)
          setIndex(0)
        }}
        onKeyDown={onKeyDown}
      />
      <div ref={list} id={`${id}-list`} role="listbox" aria-label="Results" className={css.list}>
        {found.map((one, position) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the input handles the keys
          <div
            key={one.id}
            id={`${id}-${position}`}
            role="option"
            tabIndex={-1}
            aria-selected={position === current}
            className={css.option}
            onClick={() => run(one)}
            onPointerMove={() => setIndex(position)}
          >
            <span className={css.title}>{one.title}</span>
            <span className={css.group}>{one.group}</span>
            <kbd className={css.keys}>{one.keys === undefined ? '' : keyWords(one.keys)}</kbd>
          </div>
        ))}
        {found.length === 0 && <p className={css.none}>No results for “{typed}”.</p>}
      </div>
    </>
  )
}
