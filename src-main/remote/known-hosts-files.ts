/** The known_hosts files in use: our own, which is written, and the user's and the system's, which are only read. */
import { randomBytes } from 'node:crypto'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import {
  type HostAddress,
  type KnownHostsEntry,
  keyFingerprint,
  keyType,
  knownHostsLine,
  matchesHost,
  parseKnownHosts,
} from './known-hosts.ts'

interface KnownKey {
  readonly file: string
  readonly line: number
  readonly type: string
  readonly fingerprint: string
}

/** How a key compares with what is known of its host. `known` lists the entries that contradict or revoke it. */
export interface HostKeyStanding {
  readonly state: 'unknown' | 'match' | 'changed' | 'revoked'
  readonly type: string
  readonly fingerprint: string
  readonly known: readonly KnownKey[]
}

/** A key as returned by `list`. `hosts` is as written: patterns, or one hashed name. */
export interface ListedKey extends KnownKey {
  readonly own: boolean
  readonly hosts: string
  readonly marker: KnownHostsEntry['marker']
}

interface Located {
  readonly file: string
  readonly entry: KnownHostsEntry
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    // Refuse to connect if known_hosts cannot be read: a pinned host would look unknown.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

async function readOthers(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch {
    return ''
  }
}

async function replaceFile(file: string, text: string): Promise<void> {
  const temporary = `${file}.${randomBytes(6).toString('hex')}`
  try {
    const handle = await open(temporary, 'wx', 0o600)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, file)
  } finally {
    await rm(temporary, { force: true })
  }
  // Windows cannot open a folder to sync it; the rename must do.
  if (process.platform === 'win32') return
  const folder = await open(dirname(file), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

const located = ({ file, entry }: Located): KnownKey => ({
  file,
  line: entry.line,
  type: entry.type,
  fingerprint: keyFingerprint(entry.key),
})

export class KnownHostsFiles {
  readonly #own: string
  readonly #others: readonly string[]
  #writing: Promise<unknown> = Promise.resolve()

  /**
   * @param own our file, created on first use with mode 0600.
   * @param others read-only files; they may be missing.
   */
  constructor(own: string, others: readonly string[] = defaultKnownHosts()) {
    this.#own = own
    this.#others = others
  }

  async #entries(address: HostAddress): Promise<{ own: Located[]; others: Located[] }> {
    const find = (file: string, text: string) =>
      parseKnownHosts(text)
        .filter((entry) => matchesHost(entry.hosts, address))
        .map((entry) => ({ file, entry }))
    const own = find(this.#own, await readText(this.#own))
    const others: Located[] = []
    for (const file of this.#others) others.push(...find(file, await readOthers(file)))
    return { own, others }
  }

  /**
   * Looks a key up. A revocation in any file wins. Otherwise our own file decides if it knows the host, and the
   * read-only files if it does not. A host known only by other keys is `changed`, whatever their types: otherwise a
   * server could evade the pin by offering another type.
   */
  async standing(address: HostAddress, key: Buffer): Promise<HostKeyStanding> {
    const { own, others } = await this.#entries(address)
    const about = { type: keyType(key) ?? 'unknown', fingerprint: keyFingerprint(key) }
    const same = ({ entry }: Located) => entry.key.equals(key)
    const revoked = [...own, ...others].filter((found) => found.entry.marker === 'revoked' && same(found))
    if (revoked.length > 0) return { state: 'revoked', ...about, known: revoked.map(located) }
    const pinned = [own, others]
      .map((list) => list.filter((found) => found.entry.marker === 'none'))
      .find((list) => list.length > 0)
    if (!pinned) return { state: 'unknown', ...about, known: [] }
    if (pinned.some(same)) return { state: 'match', ...about, known: pinned.filter(same).map(located) }
    return { state: 'changed', ...about, known: pinned.map(located) }
  }

  /** Every entry of every file, in reading order. */
  async list(): Promise<ListedKey[]> {
    const list = (file: string, own: boolean, text: string) =>
      parseKnownHosts(text).map((entry) => ({
        ...located({ file, entry }),
        own,
        hosts: entry.hosts,
        marker: entry.marker,
      }))
    const own = list(this.#own, true, await readText(this.#own))
    const others = await Promise.all(this.#others.map(async (file) => list(file, false, await readOthers(file))))
    return [...own, ...others.flat()]
  }

  /** Types of the keys pinned for a host, so that the server is asked for these first. */
  async knownTypes(address: HostAddress): Promise<string[]> {
    const { own, others } = await this.#entries(address)
    const pinned = [own, others]
      .map((list) => list.filter((found) => found.entry.marker === 'none'))
      .find((list) => list.length > 0)
    return [...new Set((pinned ?? []).map((found) => found.entry.type))]
  }

  /** Pins a key in our own file. Does nothing if it is pinned already. */
  async remember(address: HostAddress, key: Buffer): Promise<void> {
    await this.#rewrite((text) => {
      const there = parseKnownHosts(text).some(
        (entry) => entry.marker === 'none' && entry.key.equals(key) && matchesHost(entry.hosts, address),
      )
      if (there) return text
      const start = text === '' || text.endsWith('\n') ? text : `${text}\n`
      return `${start}${knownHostsLine(address, key)}\n`
    })
  }

  /** Removes the pins of a host from our own file only; revocations stay. Returns the number of lines removed. */
  async forget(address: HostAddress): Promise<number> {
    let removed = 0
    await this.#rewrite((text) => {
      const gone = new Set(
        parseKnownHosts(text)
          .filter((entry) => entry.marker === 'none' && matchesHost(entry.hosts, address))
          .map((entry) => entry.line),
      )
      removed = gone.size
      return text
        .split('\n')
        .filter((_, index) => !gone.has(index + 1))
        .join('\n')
    })
    return removed
  }

  async #rewrite(change: (text: string) => string): Promise<void> {
    const next = this.#writing.then(async () => {
      const before = await readText(this.#own)
      const after = change(before)
      if (after === before) return
      await mkdir(dirname(this.#own), { recursive: true, mode: 0o700 })
      await replaceFile(this.#own, after)
    })
    this.#writing = next.catch(() => undefined)
    await next
  }
}

/** The user's and the system's known_hosts. */
function defaultKnownHosts(): string[] {
  const user = join(homedir(), '.ssh', 'known_hosts')
  if (process.platform === 'win32') {
    return [user, join(process.env.ProgramData ?? 'C:\\ProgramData', 'ssh', 'ssh_known_hosts')]
  }
  return [user, '/etc/ssh/ssh_known_hosts']
}
