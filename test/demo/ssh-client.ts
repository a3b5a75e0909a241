/** A bare SSH client for tests of the demo's server. It accepts any host key: the tests own both ends. */
import { once } from 'node:events'
import ssh2, { type Client, type ClientChannel, type ConnectConfig } from 'ssh2'

export interface Ran {
  readonly code: number | null
  readonly signal: string | undefined
  readonly stdout: Buffer
  readonly stderr: Buffer
}

/** Connects and logs in; rejects with the client's error if refused. */
export async function connect(config: ConnectConfig): Promise<Client> {
  const client = new ssh2.Client()
  await new Promise<void>((resolve, reject) => {
    client.once('ready', resolve).once('error', reject)
    client.connect({ host: '127.0.0.1', readyTimeout: 30_000, ...config })
  })
  client.on('error', () => {})
  return client
}

export function open(client: Client, command: string): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    client.exec(command, (error, channel) => (error ? reject(error) : resolve(channel)))
  })
}

/** Reads a channel to its end. */
export async function result(channel: ClientChannel): Promise<Ran> {
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  channel.on('data', (chunk: Buffer) => stdout.push(chunk))
  channel.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
  const [code, signal] = (await once(channel, 'close')) as [number | null | undefined, string | undefined]
  return { code: code ?? null, signal, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) }
}

/** Runs a command with the given stdin. */
export async function run(client: Client, command: string, stdin: Buffer | string = ''): Promise<Ran> {
  const channel = await open(client, command)
  const ran = result(channel)
  channel.end(stdin)
  return ran
}
