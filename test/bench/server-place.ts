import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runProgram } from '../../src-main/demo/processes.ts'
import { assembleKit } from '../../src-main/kit/assemble.ts'
import { downloadBackup } from '../../src-main/operations/download.ts'
import { delayLine } from '../support/delay-line.ts'
import { must, ServerDesk } from '../support/server-desk.ts'
import { startServers, stopServer } from '../support/servers/lifecycle.ts'
import { networkName } from '../support/servers/network.ts'
import { timedKit } from './kit-answer.ts'
import { type Place, shellWord, type Transfers } from './place.ts'

const kit = '/root/cvd-backup'
const hidden = '/root/compressors'

/** A real Debian server with its own WAL database, for this run only. Needs root on Debian. */
export async function serverPlace(say: (text: string) => void): Promise<Place> {
  const spec = { name: 'bench', journal: 'wal', login: 'root', health: 'tcp' } as const
  const [server] = await startServers([spec], { say })
  if (server === undefined) throw new Error('no server was started')
  const { bytes, sha256 } = assembleKit()
  await server.writeFile(kit, bytes)
  // As the launcher stores it.
  const stored = `/var/lib/cvd-backup/kit/${sha256}/cvd-backup`
  await server.must(`install -D -m 700 ${kit} ${stored} && chmod 711 /var/lib/cvd-backup`)
  const debian = /^PRETTY_NAME="(.*)"$/m.exec(readFileSync(`${server.folder}/root/etc/os-release`, 'utf8'))?.[1]
  let lines = 0
  const options = [
    '-i',
    server.keyFile,
    '-o',
    `UserKnownHostsFile=${join(server.folder, 'known_hosts')}`,
    '-o',
    'BatchMode=yes',
  ]
  const mustRun = async (program: string, words: readonly string[]): Promise<void> => {
    const { code, stderr } = await runProgram(program, [...options, ...words])
    if (code !== 0) throw new Error(`${program} to ${server.address}: ${stderr}`)
  }
  const desk = new ServerDesk()
  const at = { host: server.address, port: server.port }
  const transfersAt = ({ host, port }: typeof at, own: ServerDesk): Transfers => ({
    ready: () => own.add(server, { at: { host, port } }),
    scp: (file, folder) =>
      mustRun('scp', ['-P', `${port}`, '-o', `HostKeyAlias=${server.address}`, `root@${host}:${file}`, folder]),
    download: async (backup, folder) => {
      const [site] = own.console.context.store.sites.list()
      if (site) must(await downloadBackup(own.console.context, site, backup, { folder }))
    },
  })
  return {
    what: `a real server (${debian ?? 'Debian'} under systemd, gunicorn with 4 workers)`,
    root: '/opt/cvd',
    database: '/opt/cvd/data/cvd.db',
    probe: server.probe,
    fitsRunbook: true,
    inItsNetwork: (words) => ['nsenter', `--net=/run/netns/${networkName(server.number)}`, '--', ...words],
    run: (text, stdin = '') => server.run(text, { stdin }),
    kit: (words) =>
      timedKit(() => server.run(['exec', 'bash', kit, '--events', ...words].map(shellWord).join(' ')), words),
    ssh: async (command) => {
      const words =
        command === null ? ['true'] : [`CVD_BACKUP_KIT_SHA256=${sha256}`, 'bash', stored, '--events', command]
      await mustRun('ssh', [`root@${server.address}`, ...words])
    },
    transfers: transfersAt(at, desk),
    delayed: async (milliseconds) => {
      const line = await delayLine({ ...at, delay: milliseconds })
      const own = new ServerDesk()
      return {
        ...transfersAt({ host: '127.0.0.1', port: line.port }, own),
        [Symbol.asyncDispose]: async () => {
          await own[Symbol.asyncDispose]()
          await line[Symbol.asyncDispose]()
        },
      }
    },
    service: async (verb) => void (await server.must(`systemctl ${verb} cvd`)),
    healthy: () => server.waitHealthy(),
    writeEvery: async (milliseconds) => {
      await server.setWriterInterval(milliseconds)
      lines = (await server.writer()).lines
      if (milliseconds < 1000) await server.writes()
    },
    writes: async () => {
      const { ok, errors } = await server.writer(lines)
      return { succeeded: ok, failed: errors.length }
    },
    compressors: async (only) => {
      const hide = (only === null ? [] : ['igzip', 'pigz']).filter((name) => !only?.some((one) => one === name))
      await server.must(
        `mkdir -p ${hidden}; for one in ${hidden}/*; do [ ! -e "$one" ] || mv "$one" /usr/bin/; done
        for name in ${hide.join(' ')}; do mv /usr/bin/$name ${hidden}/; done`,
      )
      return true
    },
    remove: async () => {
      await desk[Symbol.asyncDispose]()
      await stopServer(server.number)
    },
  }
}
