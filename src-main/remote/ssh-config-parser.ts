/**
 * Evaluates an ssh configuration for a host when no ssh program is available: the keywords needed to reach it, in the
 * form that `ssh -G` prints. Runs no commands: a host that depends on one (`Match exec`) is reported as a problem.
 */
import { isIP } from 'node:net'
import { type IncludeBase, includedFiles, maxDepth, readLines } from './ssh-config-files.ts'
import { expandTokens, firstWord, matchesHostLine, matchesList, splitArguments } from './ssh-config-words.ts'

/** Values by lower-case keyword, in order; as from `ssh -G`, without defaults. */
export type Values = ReadonlyMap<string, readonly string[]>

export interface ConfigSource extends IncludeBase {
  readonly file: string
  readonly isOptional?: boolean
}

export interface ParserOptions {
  /** The user's file first: the first value of a keyword wins. */
  readonly sources: readonly ConfigSource[]
  /** The local user. */
  readonly localUser: string
  /** Runs a `Match exec` command. Without it, a host that depends on one is refused. */
  readonly exec?: (command: string) => Promise<boolean>
}

const single = new Set([
  'hostname',
  'port',
  'user',
  'identitiesonly',
  'identityagent',
  'addressfamily',
  'canonicalizehostname',
  'hostkeyalias',
])
const many = new Set(['identityfile', 'certificatefile'])

class Evaluation {
  readonly values = new Map<string, string[]>()
  wantsFinal = false
  readonly #options: ParserOptions
  readonly #alias: string
  /** What `Host` lines are matched against: the alias, and the host name in the last pass. */
  readonly #host: string
  readonly #isFinal: boolean

  constructor(options: ParserOptions, alias: string, before: Evaluation | null) {
    this.#options = options
    this.#alias = alias
    this.#host = before?.hostName ?? alias
    this.#isFinal = before !== null
    for (const [name, values] of before?.values ?? []) this.values.set(name, [...values])
    if (before) this.values.set('hostname', [before.hostName])
  }

  /** The host name found so far; names in lower case, addresses unchanged. */
  get hostName(): string {
    const given = this.values.get('hostname')?.[0]
    const name = given === undefined ? this.#host : expandTokens(given, { h: this.#host })
    return isIP(name) ? name : name.toLowerCase()
  }

  async read(): Promise<void> {
    for (const source of this.#options.sources) {
      const lines = await readLines(source.file).catch((error: Error) => {
        if (source.isOptional) return []
        throw error
      })
      await this.#lines(lines, source, true, 0)
    }
  }

  /** @param mayMatch false in a file included from a block that does not match: nothing in it applies. */
  async #lines(
    lines: Awaited<ReturnType<typeof readLines>>,
    base: IncludeBase,
    mayMatch: boolean,
    depth: number,
  ): Promise<void> {
    let applies = mayMatch
    for (const { keyword, rest } of lines) {
      if (keyword === 'host') applies = mayMatch && matchesHostLine(this.#host, this.#words(keyword, rest))
      else if (keyword === 'match') applies = await this.#matches(rest, mayMatch)
      else if (keyword === 'include') {
        if (depth >= maxDepth) throw new Error('its Include lines are nested too deeply')
        for (const { path, refused } of await includedFiles(rest, base)) {
          // Like ssh, refuse the whole configuration if others can write one of its files.
          if (refused !== null) throw new Error(`${path} is not used, because ${refused}`)
          await this.#lines(await readLines(path), base, applies, depth + 1)
        }
      } else if (applies) this.#take(keyword, rest)
    }
  }

  #words(keyword: string, rest: string): string[] {
    const words = splitArguments(rest)
    if (!words) throw new Error(`a quote is not closed after ${keyword}`)
    return words
  }

  #take(keyword: string, rest: string): void {
    if (keyword === 'proxyjump' || keyword === 'proxycommand') {
      // Whichever of the two comes first wins.
      if (!this.values.has('proxyjump') && !this.values.has('proxycommand')) this.values.set(keyword, [rest])
      return
    }
    if (!single.has(keyword) && !many.has(keyword)) return
    const [value, ...more] = this.#words(keyword, rest)
    if (value === undefined || value === '') throw new Error(`there is no value after ${keyword}`)
    if (more.length > 0) throw new Error(`there is more than one value after ${keyword}`)
    const before = this.values.get(keyword)
    if (many.has(keyword)) {
      if (!before?.includes(value)) this.values.set(keyword, [...(before ?? []), value])
    } else if (!before) this.values.set(keyword, [value])
  }

  /** Evaluates a `Match` line. Checks every criterion, but runs no command once one has failed. */
  async #matches(rest: string, mayMatch: boolean): Promise<boolean> {
    let result = mayMatch
    let text = rest
    for (;;) {
      const criterion = firstWord(text)
      if (!criterion || criterion.word === '' || criterion.word.startsWith('#')) return result
      text = criterion.rest
      const negated = criterion.word.startsWith('!')
      const name = criterion.word.slice(negated ? 1 : 0).toLowerCase()
      let met: boolean
      if (name === 'all') met = true
      else if (name === 'final' || name === 'canonical') {
        if (name === 'final') this.wantsFinal = true
        met = this.#isFinal
      } else {
        const argument = firstWord(text)
        if (!argument || argument.word === '') throw new Error(`there is no value after Match ${name}`)
        text = argument.rest
        met = await this.#meets(name, argument.word, result)
      }
      if (met === negated) result = false
    }
  }

  async #meets(name: string, value: string, needed: boolean): Promise<boolean> {
    const { localUser, exec } = this.#options
    if (name === 'host') return matchesList(this.hostName.toLowerCase(), value.toLowerCase())
    if (name === 'originalhost') return matchesList(this.#alias.toLowerCase(), value.toLowerCase())
    if (name === 'user') return matchesList(this.values.get('user')?.[0] ?? localUser, value)
    if (name === 'localuser') return matchesList(localUser, value)
    if (!needed) return false
    if (name === 'exec' && exec) return exec(expandTokens(value, this.#tokens()))
    throw new Error(`it depends on “Match ${name}”, which only ssh itself can decide`)
  }

  #tokens(): Record<string, string> {
    const { localUser, sources } = this.#options
    return {
      d: sources[0]?.home ?? '',
      h: this.hostName,
      n: this.#alias,
      p: this.values.get('port')?.[0] ?? '22',
      r: this.values.get('user')?.[0] ?? localUser,
      u: localUser,
    }
  }
}

/** The configuration of one host. Throws, with a reason for the user, if it cannot be determined. */
export async function computeHost(options: ParserOptions, alias: string): Promise<Values> {
  const first = new Evaluation(options, alias, null)
  await first.read()
  // Names are not resolved: canonicalization leaves the name unchanged, as when the lookup finds nothing.
  const canonical = first.values.get('canonicalizehostname')?.[0]?.toLowerCase() ?? 'no'
  if (!first.wantsFinal && ['no', 'false', 'none'].includes(canonical)) return finished(first)
  const last = new Evaluation(options, alias, first)
  await last.read()
  return finished(last)
}

function finished(evaluation: Evaluation): Values {
  return new Map(evaluation.values).set('hostname', [evaluation.hostName])
}
