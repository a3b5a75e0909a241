/** `npm run servers -- up|down|status|reset|shell NAME`: permanent test servers for manual work. */
import { spawn } from 'node:child_process'
import { keptServers, removeLeftovers, startServers, stopServer } from './lifecycle.ts'
import type { Server } from './server.ts'
import { standardServers } from './spec.ts'

const usage = `npm run servers -- COMMAND
  up [NAME…]   starts the standard servers (${standardServers.map((spec) => spec.name).join(', ')}), or some of them, and leaves them running
  status       how to reach them
  shell NAME   a root shell in one
  reset NAME   makes one as new
  down         removes them
The tests of this checkout use servers that are up, and reset them first.
`

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

function find(name: string | undefined): Server {
  const server = keptServers().find((one) => one.name === name)
  if (server === undefined) throw new Error(`no server ${name ?? ''} is up`)
  return server
}

/** Opens a shell over SSH, as users do. Returns its exit code. */
function shell(server: Server): Promise<number> {
  const options = ['-o', `UserKnownHostsFile=${server.folder}/known_hosts`, '-o', 'IdentitiesOnly=yes']
  const child = spawn('ssh', ['-i', server.keyFile, ...options, `root@${server.address}`], { stdio: 'inherit' })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve(code ?? 1))
  })
}

async function up(names: readonly string[]): Promise<void> {
  const running = new Set(keptServers().map((server) => server.name))
  const wanted = standardServers.filter((spec) => names.length === 0 || names.includes(spec.name))
  const began = Date.now()
  const started = await startServers(
    wanted.filter((spec) => !running.has(spec.name)),
    { keep: true, say: print },
  )
  if (started.length > 0) print(`${started.length} started in ${Math.round((Date.now() - began) / 1000)} s`)
  status()
}

function status(): void {
  const servers = keptServers()
  print(servers.length === 0 ? 'no servers are up' : servers.map((server) => server.describe()).join('\n'))
}

async function main([verb, ...names]: readonly string[]): Promise<number> {
  switch (verb) {
    case 'up':
      await up(names)
      return 0
    case 'status':
      status()
      return 0
    case 'shell':
      return await shell(find(names[0]))
    case 'reset':
      await find(names[0]).reset()
      return 0
    case 'down':
      await removeLeftovers()
      for (const server of keptServers()) await stopServer(server.number)
      return 0
    default:
      process.stderr.write(usage)
      return verb === undefined || verb === '--help' ? 0 : 2
  }
}

process.exitCode = await main(process.argv.slice(2))
