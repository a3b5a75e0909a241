/** Counts logins and refusals on a test server, and changes its host keys. */
import type { Server } from './servers/server.ts'
import { waitUntil } from './wait.ts'

/** Number of matching log entries since the server was powered on. */
const logged = async (server: Server, unit: string, pattern: string): Promise<number> =>
  Number(await server.must(`journalctl --sync; journalctl ${unit} -o cat | grep -acE '${pattern}' || true`))
export const logins = (server: Server) => logged(server, '-u ssh', '^Accepted ')
export const failedLogins = (server: Server) => logged(server, '-u ssh', '^Failed (password|keyboard-interactive)')
/** Number of passwords that sudo refused. */
export const refusedPasswords = (server: Server) => logged(server, '-t sudo', 'incorrect password attempt')

/** Waits for one more log entry, because a server answers before it writes its log. Returns the new count. */
export async function saidMore(count: () => Promise<number>, before: number): Promise<number> {
  return await waitUntil('it to be in the log', async () => {
    const now = await count()
    return now > before && now
  })
}

/** Gives a server new host keys and ends its sessions; restores the old keys when disposed. */
export async function otherHostKeys(server: Server): Promise<AsyncDisposable> {
  const renew = "systemctl restart ssh; pkill -KILL -f 'sshd: (root|admin|clerk|deploy)' || true"
  await server.must(`set -e; mkdir /root/keys; mv /etc/ssh/ssh_host_* /root/keys; ssh-keygen -A > /dev/null; ${renew}`)
  return {
    [Symbol.asyncDispose]: async () => {
      await server.must(`set -e; rm /etc/ssh/ssh_host_*; mv /root/keys/* /etc/ssh; rmdir /root/keys; ${renew}`)
    },
  }
}
