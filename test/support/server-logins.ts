/** Who got into a test server, who did not, and by which keys it is known. */
import type { Server } from './servers/server.ts'

/** How often sshd, or sudo, has said something that fits, since the server was powered on. */
const said = async (server: Server, unit: string, pattern: string): Promise<number> =>
  Number(await server.must(`journalctl ${unit} -o cat | grep -acE '${pattern}' || true`))
export const logins = (server: Server) => said(server, '-u ssh', '^Accepted ')
export const failedLogins = (server: Server) => said(server, '-u ssh', '^Failed (password|keyboard-interactive)')
/** Passwords that sudo did not take. */
export const refusedPasswords = (server: Server) => said(server, '-t sudo', 'incorrect password attempt')

/** Gives a server other host keys, and ends its sessions; gives the old keys back when it is disposed of. */
export async function otherHostKeys(server: Server): Promise<AsyncDisposable> {
  const renew = "systemctl restart ssh; pkill -KILL -f 'sshd: (root|admin|clerk|deploy)' || true"
  await server.must(`set -e; mkdir /root/keys; mv /etc/ssh/ssh_host_* /root/keys; ssh-keygen -A > /dev/null; ${renew}`)
  return {
    [Symbol.asyncDispose]: async () => {
      await server.must(`set -e; rm /etc/ssh/ssh_host_*; mv /root/keys/* /etc/ssh; rmdir /root/keys; ${renew}`)
    },
  }
}
