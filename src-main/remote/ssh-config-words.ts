/**
 * The syntax of ssh_config(5): lines, quoted arguments and patterns, as in OpenSSH's readconf.c, misc.c and match.c.
 */

/** Cuts off the first word, which may be in double quotes; one `=` may follow it. Null at the end of the line. */
export function firstWord(text: string): { readonly word: string; readonly rest: string } | null {
  const line = text.replace(/^[ \t\r\n]+/, '')
  if (line === '') return null
  const quoted = /^"([^"]*)"[ \t\r\n]*([\s\S]*)$/.exec(line)
  if (quoted) return { word: quoted[1] ?? '', rest: quoted[2] ?? '' }
  const [, word = '', rest = ''] = /^([^ \t\r\n"=]*)(?:[ \t\r\n]*=?[ \t\r\n]*)([\s\S]*)$/.exec(line) ?? []
  return { word, rest }
}

/** Splits arguments, with both kinds of quotes, backslashes and a trailing comment. Null if a quote is not closed. */
export function splitArguments(text: string): string[] | null {
  const found: string[] = []
  let word: string | null = null
  let quote = ''
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at)
    const next = text.charAt(at + 1)
    const isBlank = character === ' ' || character === '\t'
    if (word === null && isBlank) continue
    if (word === null && character === '#') break
    word ??= ''
    if (character === '\\' && (/['"\\]/.test(next) || (quote === '' && next === ' '))) {
      word += next
      at += 1
    } else if (quote === '' && isBlank) {
      found.push(word)
      word = null
    } else if (quote === '' && /["']/.test(character)) quote = character
    else if (quote !== '' && character === quote) quote = ''
    else word += character
  }
  if (quote !== '') return null
  if (word !== null) found.push(word)
  return found
}

/** `*` matches anything, `?` one character. */
export function matchesPattern(text: string, pattern: string): boolean {
  const source = pattern
    .replace(/[\\^$.|+()[\]{}]/g, '\\$&')
    .replace(/\*+/g, '[\\s\\S]*')
    .replaceAll('?', '[\\s\\S]')
  return new RegExp(`^${source}$`, 'u').test(text)
}

/** A comma-separated list, in which `!` excludes. */
export function matchesList(text: string, list: string): boolean {
  let found = false
  for (const entry of list.split(',')) {
    const negated = entry.startsWith('!')
    if (!matchesPattern(text, negated ? entry.slice(1) : entry)) continue
    if (negated) return false
    found = true
  }
  return found
}

/** Matches a name against the arguments of a `Host` line. */
export function matchesHostLine(name: string, patterns: readonly string[]): boolean {
  const positive = patterns.filter((pattern) => !pattern.startsWith('!'))
  const negative = patterns.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1))
  return (
    positive.some((pattern) => matchesPattern(name, pattern)) &&
    !negative.some((pattern) => matchesPattern(name, pattern))
  )
}

/** Replaces `%x` by the table; unknown tokens stay. */
export function expandTokens(text: string, tokens: Readonly<Record<string, string>>): string {
  return text.replace(/%(.)/g, (whole, token: string) => (token === '%' ? '%' : (tokens[token] ?? whole)))
}
