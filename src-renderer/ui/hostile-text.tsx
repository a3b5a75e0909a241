/** Text of a server or of a file name: shown as text, with what could deceive made visible. */
import { Fragment } from 'react'
import css from './hostile-text.module.css'
import { visibleParts } from './visible.ts'

export function HostileText({ text, lines = false }: { readonly text: string; readonly lines?: boolean }) {
  return (
    <bdi className={lines ? css.lines : undefined}>
      {visibleParts(text, lines).map((part, index) => (
        // The parts of one text never change places.
        // biome-ignore lint/suspicious/noArrayIndexKey: see above
        <Fragment key={index}>
          {part.hidden ? (
            <span className={css.hidden} title="A character that cannot be seen">
              {part.text}
            </span>
          ) : (
            part.text
          )}
        </Fragment>
      ))}
    </bdi>
  )
}
