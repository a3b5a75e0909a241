/** The desktop's user: an ordinary one, because Electron does not run as root. Created if we are root. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { chownSync } from 'node:fs'
import { userInfo } from 'node:os'
import { must } from '../command.ts'
import { makeUser } from '../sshd.ts'

/** Plain data: it is passed to every file of the suite. */
export interface Account {
  readonly name: string
  readonly uid: number
  readonly gid: number
  /** Command-line prefix that runs a program as this user; empty if we are this user. */
  readonly become: readonly string[]
}

export interface MadeAccount extends Account {
  remove(): Promise<void>
}

export async function ordinaryAccount(): Promise<MadeAccount> {
  const { uid, gid, username } = userInfo()
  if (uid !== 0) return { name: username, uid, gid, become: [], remove: async () => undefined }
  const user = await makeUser()
  const [made, group] = await Promise.all([must('id', ['-u', user.name]), must('id', ['-g', user.name])])
  const become = ['setpriv', `--reuid=${made}`, `--regid=${group}`, '--init-groups', '--']
  return { name: user.name, uid: Number(made), gid: Number(group), become, remove: user.remove }
}

/** Gives a file or folder to the account. */
export function give({ uid, gid, become }: Account, path: string): void {
  if (become.length > 0) chownSync(path, uid, gid)
}

/** Starts a program as the account. */
export function spawnAs({ become }: Account, words: readonly string[], options: SpawnOptions): ChildProcess {
  const [program = '', ...rest] = [...become, ...words]
  return spawn(program, rest, options)
}
