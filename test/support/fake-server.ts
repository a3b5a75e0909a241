/** Our own SSH server, for behaviour that a real one would not show. */
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { type AuthContext, type Connection, Server, type ServerChannel, utils } from 'ssh2'
import { keyFingerprint } from '../../src-main/remote/known-hosts.ts'

export interface FakeServer extends AsyncDisposable {
  readonly host: string
  readonly port: number
  readonly fingerprint: string
  /** The methods tried, without `none`. */
  readonly tries: string[]
  /** Number of connections so far. */
  connections(): number
  /** Cuts every connection abruptly. */
  cut(): void
  /** Answers nothing from now on, on old connections and new ones. */
  freeze(): void
}

export interface FakeBehaviour {
  readonly authenticate?: (context: AuthContext) => void
  /** Handles an exec request; `socket` is the connection's. */
  readonly exec?: (channel: ServerChannel, command: string) => void
  /** Maximum number of open sessions. */
  readonly maxSessions?: number
  readonly onClient?: (client: Connection) => void
}

/** About one in 200 ed25519 keys made by ssh2 1.17 is unreadable for itself (measured: 11 of 2000). */
function makeHostKey(): { readonly private: string; readonly public: string } {
  for (;;) {
    const pair = utils.generateKeyPairSync('ed25519')
    if (!(utils.parseKey(pair.private) instanceof Error)) return pair
  }
}

/** Starts a server on loopback that by default accepts any login. */
export async function fakeServer(behaviour: FakeBehaviour = {}): Promise<FakeServer> {
  const hostKey = makeHostKey()
  const tries: string[] = []
  const sockets = new Set<Socket>()
  let count = 0
  let frozen = false
  const ssh = new Server({ hostKeys: [hostKey.private] }, (client) => {
    count += 1
    let sessions = 0
    client.on('error', () => undefined)
    client.on('authentication', (context) => {
      if (context.method !== 'none') tries.push(context.method)
      if (behaviour.authenticate) behaviour.authenticate(context)
      else context.accept()
    })
    client.on('session', (accept, reject) => {
      if (sessions >= (behaviour.maxSessions ?? 10)) {
        reject()
        return
      }
      sessions += 1
      accept().on('exec', (acceptExec, _reject, { command }) => {
        const channel = acceptExec()
        channel.on('error', () => undefined)
        channel.once('close', () => {
          sessions -= 1
        })
        behaviour.exec?.(channel, command)
      })
    })
    behaviour.onClient?.(client)
  })
  const listener = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => sockets.delete(socket))
    if (frozen) return
    ssh.injectSocket(socket)
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const address = listener.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const publicKey = utils.parseKey(hostKey.public)
  if (publicKey instanceof Error || Array.isArray(publicKey)) throw new Error('no key')
  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    host: '127.0.0.1',
    port: address.port,
    fingerprint: keyFingerprint(publicKey.getPublicSSH()),
    tries,
    connections: () => count,
    cut,
    freeze: () => {
      frozen = true
      for (const socket of sockets) {
        socket.removeAllListeners('data')
        socket.pause()
      }
    },
    [Symbol.asyncDispose]: async () => {
      cut()
      listener.close()
      await once(listener, 'close')
    },
  }
}
