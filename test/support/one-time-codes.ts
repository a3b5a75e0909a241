/** An sshd whose PAM asks for one-time codes (HOTP, by pam_oath), as on sites with two factors. */
import { createHmac, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { scratch } from './remote.ts'
import { pamFolders } from './run/prerequisites.ts'
import { type Sshd, sshdNeeds, startSshd } from './sshd.ts'

const pamOath = pamFolders.map((folder) => join(folder, 'pam_oath.so')).find(existsSync) ?? 'pam_oath.so'
export const oneTimeCodeNeeds = { ...sshdNeeds, programs: [...sshdNeeds.programs, pamOath] }

/** RFC 4226. */
function hotp(secret: Buffer, counter: number): string {
  const moment = Buffer.alloc(8)
  moment.writeUInt32BE(counter, 4)
  const mac = createHmac('sha1', secret).update(moment).digest()
  const at = (mac.at(-1) ?? 0) & 0x0f
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

export interface CodeServer extends Sshd {
  /** The next code; each works for one login. */
  code(): string
  /** Resets the counter, so that the next login starts afresh. */
  again(): Promise<void>
}

/**
 * @param methods as in sshd_config: AuthenticationMethods.
 * @param rounds `one`: PAM asks for the code only; `both`: for password and code in one conversation; `apart`: first
 * for the password, in the next method for the code.
 */
export async function startCodeServer(
  user: string,
  methods: string,
  rounds: 'one' | 'both' | 'apart',
): Promise<CodeServer> {
  const folder = await scratch()
  // PAM converts service names to lower case.
  const service = `cvdt-${randomBytes(6).toString('hex')}`
  const secret = randomBytes(20)
  const users = join(folder.path, 'users')
  const begun = join(folder.path, 'begun')
  const first = join(folder.path, 'first')
  await writeFile(users, `HOTP ${user} - ${secret.toString('hex')}\n`, { mode: 0o600 })
  await writeFile(first, `#!/bin/sh\n[ ! -e ${begun} ] && : > ${begun}\n`, { mode: 0o755 })
  const oath = `pam_oath.so usersfile=${users} window=20 digits=6`
  const stacks = {
    one: [`auth required ${oath}`],
    both: ['auth requisite pam_unix.so', `auth required ${oath}`],
    apart: [
      `auth [success=1 default=ignore] pam_exec.so quiet ${first}`,
      `auth [success=done default=die] ${oath}`,
      'auth required pam_unix.so',
    ],
  }
  const stack = [...stacks[rounds], 'account required pam_permit.so', 'session required pam_permit.so']
  await writeFile(`/etc/pam.d/${service}`, `${stack.join('\n')}\n`)
  // PAM uses the program's name as the service name.
  const program = join(folder.path, service)
  await symlink('/usr/sbin/sshd', program)
  const config = ['KbdInteractiveAuthentication yes', `AuthenticationMethods ${methods}`]
  const sshd = await startSshd({ program, config })
  let counter = 0
  const stop = async () => {
    await sshd.stop()
    await rm(`/etc/pam.d/${service}`, { force: true })
    await folder[Symbol.asyncDispose]()
  }
  const code = () => {
    counter += 1
    return hotp(secret, counter - 1)
  }
  return {
    ...sshd,
    code,
    again: () => rm(begun, { force: true }),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
