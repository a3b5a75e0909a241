/** OpenSSH's known_hosts format: parsing, matching and writing lines. Pure; the files are in known-hosts-files.ts. */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

export interface KnownHostsEntry {
  readonly line: number
  /** `cert-authority` entries are read but never trusted: host certificates are not supported. */
  readonly marker: 'none' | 'cert-authority' | 'revoked'
  /** The first field as written: patterns separated by commas, or one hashed name. */
  readonly hosts: string
  readonly type: string
  readonly key: Buffer
}

export interface HostAddress {
  readonly host: string
  readonly port: number
}

/** The name of a host in known_hosts: bare for port 22, otherwise `[host]:port`; lower case. */
export function hostLabel({ host, port }: HostAddress): string {
  const name = host.toLowerCase()
  return port === 22 ? name : `[${name}]:${port}`
}

/** Parses a `hostLabel`. Null if it is not one. */
export function parseHostLabel(label: string): HostAddress | null {
  const match = /^\[([^\]]+)\]:(\d{1,5})$/.exec(label)
  if (match?.[1] && match[2]) return { host: match[1], port: Number(match[2]) }
  return /^[^\s[\],*?!|]+$/.test(label) ? { host: label, port: 22 } : null
}

/** The fingerprint as OpenSSH prints it: `SHA256:` and base64 without padding. */
export function keyFingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
}

/** The type named in a key blob; null if it is not a key blob. */
export function keyType(key: Buffer): string | null {
  if (key.length < 4) return null
  const length = key.readUInt32BE(0)
  if (length === 0 || length > 64 || key.length < 4 + length) return null
  const type = key.toString('latin1', 4, 4 + length)
  return /^[A-Za-z0-9@.-]+$/.test(type) ? type : null
}

function parseLine(text: string, line: number): KnownHostsEntry | null {
  const fields = text.trim().split(/[ \t]+/)
  let marker: KnownHostsEntry['marker'] = 'none'
  if (fields[0]?.startsWith('@')) {
    const word = fields.shift()
    if (word === '@revoked') marker = 'revoked'
    else if (word === '@cert-authority') marker = 'cert-authority'
    else return null
  }
  const [hosts, type, base64] = fields
  if (!hosts || !type || !base64 || hosts.startsWith('#')) return null
  const key = Buffer.from(base64, 'base64')
  // The type column must match the key. Like OpenSSH, skip the line otherwise.
  if (keyType(key) !== type) return null
  return { line, marker, hosts, type, key }
}

/** Returns all readable entries and, like OpenSSH, skips comments, blank and damaged lines. */
export function parseKnownHosts(text: string): KnownHostsEntry[] {
  const entries: KnownHostsEntry[] = []
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const entry = parseLine(line, index + 1)
    if (entry) entries.push(entry)
  }
  return entries
}

/** Matches `*` and `?` as OpenSSH does. Backtracks only to the last star, so it is linear in practice. */
function matchesPattern(pattern: string, name: string): boolean {
  let p = 0
  let n = 0
  let star = -1
  let mark = 0
  while (n < name.length) {
    if (p < pattern.length && (pattern[p] === '?' || pattern[p] === name[n]) && pattern[p] !== '*') {
      p += 1
      n += 1
    } else if (pattern[p] === '*') {
      star = p
      mark = n
      p += 1
    } else if (star >= 0) {
      p = star + 1
      mark += 1
      n = mark
    } else return false
  }
  while (pattern[p] === '*') p += 1
  return p === pattern.length
}

function matchesHashed(hosts: string, name: string): boolean {
  const [, version, salt, hash] = hosts.split('|')
  if (version !== '1' || !salt || !hash) return false
  const expected = Buffer.from(hash, 'base64')
  const actual = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest()
  return expected.length === actual.length && timingSafeEqual(expected, actual)
}

/** Whether the first field of an entry matches this host. A matching negated pattern overrides every other. */
export function matchesHost(hosts: string, address: HostAddress): boolean {
  const name = hostLabel(address)
  if (hosts.startsWith('|')) return matchesHashed(hosts, name)
  let matched = false
  for (const item of hosts.toLowerCase().split(',')) {
    const negated = item.startsWith('!')
    if (!matchesPattern(negated ? item.slice(1) : item, name)) continue
    if (negated) return false
    matched = true
  }
  return matched
}

/** One line for our own file. The name is hashed, so that the file does not reveal the fleet. */
export function knownHostsLine(address: HostAddress, key: Buffer): string {
  const salt = randomBytes(20)
  const hash = createHmac('sha1', salt).update(hostLabel(address)).digest('base64')
  return `|1|${salt.toString('base64')}|${hash} ${keyType(key) ?? 'unknown'} ${key.toString('base64')}`
}
