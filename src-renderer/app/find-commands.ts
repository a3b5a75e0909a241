/** What a command is, and which ones are meant by what was typed. Pure. */

export interface Command {
  readonly id: string
  readonly title: string
  readonly group: string
  /** What else it may be looked for by. */
  readonly words?: string
  /** Keys of a shortcut: `Mod+k`, or a sequence as `g f`. */
  readonly keys?: string
  /** Keys of the desktop's menu for the same. */
  readonly accelerator?: string
  readonly admin?: boolean
  readonly run: () => void
}

/** Commands that have every word of what was typed, those with it in the title first. */
export function findCommands<C extends Pick<Command, 'title' | 'group' | 'words'>>(
  commands: readonly C[],
  typed: string,
): C[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean)
  const has = (text: string) => words.every((word) => text.includes(word))
  const inTitle = commands.filter(({ title }) => has(title.toLowerCase()))
  const known = new Set(inTitle)
  const elsewhere = commands.filter(
    (one) => !known.has(one) && has(`${one.title} ${one.group} ${one.words ?? ''}`.toLowerCase()),
  )
  return [...inTitle, ...elsewhere]
}
