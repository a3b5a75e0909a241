/** Makes characters visible that could hide something: controls, direction marks, invisible and odd blanks. */

export interface Part {
  readonly text: string
  /** The character itself is invisible; this is its name. */
  readonly hidden: boolean
}

const deceiving = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\u115F\u1160\u3164\uFFA0]/u

/** With `lines`, line ends and tabs stay what they are. */
export function visibleParts(text: string, lines = false): Part[] {
  const parts: Part[] = []
  let plain = ''
  for (const character of text) {
    if (!deceiving.test(character) || (lines && /[\n\t]/.test(character))) {
      plain += character
      continue
    }
    if (plain !== '') parts.push({ text: plain, hidden: false })
    plain = ''
    parts.push({ text: nameOf(character), hidden: true })
  }
  if (plain !== '') parts.push({ text: plain, hidden: false })
  return parts
}

/** `U+202E`, or the picture of a control character. */
function nameOf(character: string): string {
  const code = character.codePointAt(0) ?? 0
  if (code < 0x20) return String.fromCodePoint(0x2400 + code)
  return code === 0x7f ? '␡' : `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
}

/** The same as one string, for attributes. */
export function visibleText(text: string): string {
  return visibleParts(text)
    .map((part) => part.text)
    .join('')
}
