/** The application and the configuration of a test server, read and changed without the kit. */
import { appendFileSync, lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { treeState, write } from './kit/tree.ts'
import type { Server } from './servers/server.ts'

export type Tree = 'app' | 'config'

/** What no backup holds: it is kept, made again, or a socket. */
const apart = ['venv', '.git', '__pycache__', 'ai_cache.db', 'cvd.sock']

export const folderOf = (server: Server, tree: string): string => join(server.folder, 'root/opt/cvd', tree)

/** Path, type, mode, owner and content of everything that a backup of it would hold. */
export function treeOn(server: Server, tree: string): readonly string[] {
  return treeState(folderOf(server, tree), apart)
}

/** What stays with the live application, by its inodes. */
export function apartOn(server: Server): readonly string[] {
  return ['venv', '.git'].map((name) => `${name} ${lstatSync(join(folderOf(server, 'app'), name)).ino}`)
}

/** Everything in the CVD root besides its five folders: safety copies, and what was left behind. */
export function besides(server: Server): readonly string[] {
  const always = ['app', 'backups', 'config', 'data', 'logs']
  return readdirSync(join(server.folder, 'root/opt/cvd')).filter((name) => !always.includes(name))
}

async function own(server: Server, tree: Tree): Promise<void> {
  await server.must(`chown -hR cvdapp:www-data /opt/cvd/${tree}`)
}

/** Changes the application's code, which goes on running as it was until it is restarted. */
export async function changeCode(server: Server, python: string): Promise<void> {
  appendFileSync(join(folderOf(server, 'app'), 'app.py'), python)
  await own(server, 'app')
}

/** Installs a version of the application with files of its own, and starts it. */
export async function publish(server: Server, version: string): Promise<void> {
  await deploy(server, version)
  await restart(server)
}

export async function deploy(server: Server, version: string): Promise<void> {
  const app = folderOf(server, 'app')
  write(app, {
    [`.only-${version}`]: `hidden ${version}\n`,
    [`static/${version}/site.css`]: `/* ${version} */\n`,
    [`static/${version}/latest.css`]: '-> site.css',
    'version.txt': `${version}\n`,
  })
  await server.must(`cd /opt/cvd/app && chmod 640 version.txt && chmod 750 static/${version}`)
  await changeCode(
    server,
    `\n\n@app.get("/api/version-${version}")\ndef version_${version}():\n    return "${version}"\n`,
  )
}

export async function restart(server: Server): Promise<void> {
  // A test restarts it more often than systemd lets a failing service.
  await server.must('systemctl reset-failed cvd; systemctl restart cvd')
  await server.waitHealthy()
}

/** Which of the versions are served, through nginx, by every worker. */
export async function served(server: Server, ...versions: readonly string[]): Promise<readonly string[]> {
  const ask = versions.map((one) => `-o /dev/null http://127.0.0.1/api/version-${one}`).join(' ')
  const answers = await server.must(`for turn in $(seq 12); do curl -s -w '%{http_code} ' ${ask}; echo; done`)
  const all = [...new Set(answers.split('\n').map((line) => line.trim()))]
  expect(all, 'the workers disagree').toHaveLength(1)
  const codes = (all[0] ?? '').split(' ')
  return versions.filter((_, index) => codes[index] === '200')
}

/** Variables of the configuration as the running application has them. */
export async function environment(server: Server, name: string): Promise<string> {
  const line = `tr '\\0' '\\n' < /proc/$(systemctl show -P MainPID cvd)/environ | sed -n 's/^${name}=//p'`
  return await server.must(line)
}

/** Gives the configuration a greeting and a file of its own, and starts the application with it. */
export async function greet(server: Server, version: string): Promise<void> {
  await configure(server, version)
  await restart(server)
}

export async function configure(server: Server, version: string): Promise<void> {
  const config = folderOf(server, 'config')
  write(config, { [`.only-${version}`]: `hidden ${version}\n` })
  const env = join(config, '.env')
  const lines = readFileSync(env, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('CVD_GREETING='))
  writeFileSync(env, `${[...lines, `CVD_GREETING=${version}`].join('\n')}\n`)
  await own(server, 'config')
}
