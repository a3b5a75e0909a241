/** From keys to shortcuts. Pure. */

interface Pressed {
  readonly key: string
  readonly mod: boolean
  readonly other: boolean
}

/** Which shortcut the pressed keys amount to, or which keys wait for a further one. Pure. */
export function matchKeys(
  known: readonly string[],
  waiting: string,
  { key, mod, other }: Pressed,
): { readonly hit?: string; readonly waiting: string } {
  if (other) return { waiting: '' }
  const pressed = mod ? `Mod+${key.toLowerCase()}` : key.length === 1 ? key.toLowerCase() : key
  const sequence = waiting === '' ? pressed : `${waiting} ${pressed}`
  for (const candidate of [sequence, pressed]) {
    if (known.includes(candidate)) return { hit: candidate, waiting: '' }
    if (known.some((keys) => keys.startsWith(`${candidate} `))) return { waiting: candidate }
  }
  return { waiting: '' }
}
