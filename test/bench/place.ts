import type { KitResult } from '../../src-shared/domain/kit-protocol.ts'
import type { Compressor } from '../support/servers/spec.ts'

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Transfers {
  /** Has the console know the site. Call before anything is measured. */
  ready(): Promise<unknown>
  scp(file: string, folder: string): Promise<void>
  /** As the console does it, with its verification. */
  download(backup: string, folder: string): Promise<void>
}

/** Where the benches run: a real server, or the demo site. */
export interface Place {
  /** What it is, in words. */
  readonly what: string
  /** The CVD root, the database and the service's health address. */
  readonly root: string
  readonly database: string
  readonly probe: string
  /** Command-line prefix that runs a program of this machine in the place's network. */
  inItsNetwork(words: readonly string[]): readonly string[]
  /** Runs bash text on the place as its administrator. */
  run(text: string, stdin?: string | Buffer): Promise<Finished>
  /** Runs the kit; returns its result, whatever the outcome, and the milliseconds from call to end. */
  kit(words: readonly string[]): Promise<{ readonly result: KitResult; readonly ms: number }>
  /** Logs in over SSH and runs the kit with this command, or nothing at all; undefined where there is no sshd. */
  readonly ssh?: (command: string | null) => Promise<void>
  /** Copies files of the place to folders of this machine; undefined where there is no sshd. */
  readonly transfers?: Transfers
  /** The same over a link that delays by so many milliseconds in each direction. */
  readonly delayed?: (milliseconds: number) => Promise<Transfers & AsyncDisposable>
  service(verb: 'start' | 'stop' | 'restart'): Promise<void>
  healthy(): Promise<void>
  /** Sets the time between two writes of the application. */
  writeEvery(milliseconds: number): Promise<void>
  /** Transactions of the application since the last `writeEvery`. */
  writes(): Promise<{ readonly succeeded: number; readonly failed: number }>
  /** Leaves only these compressors, always including gzip; null restores all. False if that is not possible. */
  compressors(only: readonly Compressor[] | null): Promise<boolean>
  /** Whether the runbook's own scripts, which need /opt/cvd and systemd, can run here. */
  readonly fitsRunbook: boolean
  remove(): Promise<void>
}

/** Like `place.run`, but returns stdout without its last line break, and throws if the command fails. */
export async function must(place: Place, text: string, stdin: string | Buffer = ''): Promise<string> {
  const { code, stdout, stderr } = await place.run(text, stdin)
  if (code !== 0) throw new Error(`on ${place.what}: ${text.slice(0, 200)}: ended with ${code}: ${stderr || stdout}`)
  return stdout.replace(/\n$/, '')
}

/** Runs the kit and throws unless it succeeds. */
export async function mustKit(
  place: Place,
  words: readonly string[],
): Promise<{ readonly result: KitResult; readonly ms: number }> {
  const answer = await place.kit(words)
  const { outcome, code, message } = answer.result
  if (outcome !== 'succeeded') throw new Error(`cvd-backup ${words.join(' ')}: ${outcome} (${code}): ${message}`)
  return answer
}

/** Quotes text as one word of a shell. */
export function shellWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
