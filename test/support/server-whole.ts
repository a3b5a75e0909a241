/** All parts of a site on a real server, read and changed without the kit. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { treeState } from './kit/tree.ts'
import { change } from './restores.ts'
import { apartOn, configure, deploy, environment, restart, served, treeOn } from './server-trees.ts'
import type { Server } from './servers/server.ts'

export const unit = '/etc/systemd/system/cvd.service'
export const nginxSite = '/etc/nginx/sites-available/cvd'

/** Folders in which files of the site run as root. */
const rootFolders = ['etc/systemd/system', 'etc/nginx/sites-available', 'etc/nginx/sites-enabled']
/** The kit's own: safety copies, which are looked at by themselves, and recovery at boot. */
const ours = /\.pre-restore\.|^(multi-user\.target\.wants\/)?cvd-backup-recover\.service /

/** Path, type, mode, owner and content of every unit file and nginx site of the server, and of what enables them. */
export function rootFilesOn(server: Server): readonly string[] {
  return rootFolders
    .map((folder) => join(server.folder, 'root', folder))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => treeState(folder).filter((line) => !ours.test(line)))
}

const workers = 'systemctl show -P ExecStart cvd | grep -o "workers [0-9]"'
const header = `curl -s -D - -o /dev/null http://127.0.0.1/api/health | sed -n 's/^X-Site: //p' | tr -d '\\r'`

/** Everything that a restore could change: on disk, and as systemd, nginx and the application run it. */
export async function wholeState(server: Server) {
  return {
    ...wholeFiles(server),
    devices: await server.query('SELECT count(*) FROM devices'),
    marker: await server.query("SELECT value FROM system_config WHERE key = 'marker'"),
    versions: await served(server, 'one', 'two'),
    greeting: await environment(server, 'CVD_GREETING'),
    workers: await server.must(workers),
    limit: await server.must('systemctl show -P LimitNOFILE cvd'),
    header: await server.must(header),
  }
}

export type WholeState = Awaited<ReturnType<typeof wholeState>>

/** The files of all parts except the database. */
export function wholeFiles(server: Server) {
  return {
    app: treeOn(server, 'app'),
    config: treeOn(server, 'config'),
    apart: apartOn(server),
    root: rootFilesOn(server),
  }
}

/** Gives every part of the site a version of its own, and runs it. A drop-in is added and one is changed with version two. */
export async function publishAll(server: Server, version: 'one' | 'two'): Promise<void> {
  const [devices, count, limit] = version === 'one' ? [48, 4, 4096] : [40, 3, 8192]
  const more = version === 'one' ? ':' : `printf '[Service]\\nUMask=0027\\n' > ${unit}.d/more.conf`
  await server.must(
    `mkdir -p ${unit}.d && printf '[Service]\\nLimitNOFILE=${limit}\\n' > ${unit}.d/limits.conf && ${more} &&
    sed -i 's/--workers [0-9]/--workers ${count}/' ${unit} && sed -i '/X-Site/d; s/server_name _;/&\\n    add_header X-Site ${version};/' ${nginxSite}
    systemctl daemon-reload && nginx -t && systemctl reload nginx`,
  )
  await change(server, `DELETE FROM devices WHERE id > ${devices}`)
  await deploy(server, version)
  await configure(server, version)
  await restart(server)
  // nginx goes on with its old workers until the new ones run.
  await server.must(`until [ "$(${header})" = ${version} ]; do sleep 0.1; done`)
}
