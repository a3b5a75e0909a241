/** Decides about host keys. No connection is made without a decision. */
import { type Failure, fail, ok, type Result } from '../../src-shared/result.ts'
import { type HostAddress, hostLabel, keyFingerprint } from './known-hosts.ts'
import type { HostKeyStanding, KnownHostsFiles } from './known-hosts-files.ts'

type HostKeyCode = 'host-key-unknown' | 'host-key-changed' | 'host-key-revoked'

/** Carries what the user needs for a comparison: the host, the key's type and its fingerprint. */
export interface HostKeyFailure extends Failure {
  readonly code: HostKeyCode
  readonly hostKey: HostAddress & Pick<HostKeyStanding, 'type' | 'fingerprint' | 'known'>
}

/** An accepted key. Call `remember` once the server has proven that it holds the private key. */
export interface AcceptedHostKey {
  readonly fingerprint: string
  readonly remember: () => Promise<void>
}

function refusal(address: HostAddress, standing: HostKeyStanding): HostKeyFailure {
  const { type, fingerprint, known } = standing
  const name = hostLabel(address)
  const hostKey = { host: address.host, port: address.port, type, fingerprint, known }
  const unchanged = 'Only the greeting was sent; no login was attempted.'
  if (standing.state === 'unknown') {
    return {
      code: 'host-key-unknown',
      message: `The host key of ${name} is unknown: ${type} ${fingerprint}.`,
      unchanged,
      next: `Compare the fingerprint with the one shown on the server itself, then accept exactly this one.`,
      hostKey,
    }
  }
  const where = known.map((key) => `${key.file} line ${key.line} (${key.type} ${key.fingerprint})`).join(', ')
  if (standing.state === 'revoked') {
    return {
      code: 'host-key-revoked',
      message: `The host key of ${name}, ${type} ${fingerprint}, is revoked by ${where}.`,
      unchanged,
      next: 'Do not connect. Find out who revoked this key, and give the server a new one.',
      hostKey,
    }
  }
  return {
    code: 'host-key-changed',
    message: `The host key of ${name} has changed: it is now ${type} ${fingerprint}; the known key is ${where}.`,
    unchanged,
    next: 'Do not connect. Find out on the server itself why its key changed; only then forget the old one.',
    hostKey,
  }
}

/**
 * Decides about host keys by the known_hosts files and the fingerprints that the user accepted beforehand. `connect`
 * requires an instance; its private fields keep other objects from passing the type check.
 */
export class HostKeyDecision {
  readonly #files: KnownHostsFiles
  readonly #accepted: ReadonlySet<string>

  /** @param accept fingerprints (`SHA256:…`); an unknown key is pinned only if its fingerprint is one of them. */
  constructor(files: KnownHostsFiles, accept: Iterable<string> = []) {
    this.#files = files
    this.#accepted = new Set(accept)
  }

  /** Types of the keys pinned for a host. */
  knownTypes(address: HostAddress): Promise<string[]> {
    return this.#files.knownTypes(address)
  }

  /** Accepts a pinned key, or an unknown one whose fingerprint was accepted; never a changed or revoked one. */
  async decide(address: HostAddress, key: Buffer): Promise<Result<AcceptedHostKey, HostKeyFailure>> {
    const standing = await this.#files.standing(address, key)
    const fingerprint = keyFingerprint(key)
    if (standing.state === 'match') return ok({ fingerprint, remember: async () => undefined })
    if (standing.state === 'unknown' && this.#accepted.has(fingerprint)) {
      return ok({ fingerprint, remember: () => this.#files.remember(address, key) })
    }
    return fail(refusal(address, standing))
  }
}
