/** The walk's step for an empty server: the site is built on it from the system backup alone. */
import { chmodSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { restoreReport } from '../../../src-shared/domain/kit-restore.ts'
import { addSite } from '../../operations/add-site.ts'
import { downloadBackup } from '../../operations/download.ts'
import { planRestore } from '../../operations/plan-restore.ts'
import { restorePlanned } from '../../operations/restore-part.ts'
import { uploadBackup } from '../../operations/upload.ts'
import { startDemoSite } from '../site.ts'
import { duration } from '../terminal.ts'
import { granted, perform, sql } from './perform.ts'
import { need, type WalkState } from './state.ts'
import type { Step } from './step.ts'

const NAME = 'New server'

export const buildAnew: Step<WalkState> = {
  step: 'new server',
  title: 'Build the site on an empty server, from that one backup',
  run: async (state, out) => {
    const demo = need(state, 'demo')
    const { context, runner } = need(state, 'console')
    const { path } = need(state, 'whole')
    const fresh = await startDemoSite({ empty: true })
    state.fresh = fresh
    out.prove('the server has no site', !existsSync(fresh.database) && !existsSync(join(fresh.root, 'app')), fresh.root)
    const { host, port, user, keyFile, hostKeyFingerprint, root } = fresh
    const target = { host, port, user, auth: { method: 'key' as const, keyFile }, jumps: [] }
    const added = await addSite(context, {
      ...{ name: NAME, target, sudo: 'none', policy: { root }, accept: [hostKeyFingerprint] },
    })
    const { site } = granted(out, 'it was added', added, ({ site: { hostName } }) => `${root} on ${hostName}`)
    const taken = await downloadBackup(context, need(state, 'site'), path, { folder: fresh.folder })
    const { file } = granted(out, 'the backup was downloaded to this computer', taken, ({ sha256 }) => sha256)
    const sent = await uploadBackup(context, site, file)
    const { backup } = granted(out, 'and uploaded to the empty server', sent, ({ sha256 }) => sha256)
    // Root gives the data to another user, who has to reach the folder.
    const isRoot = process.getuid?.() === 0
    if (isRoot) chmodSync(fresh.folder, 0o711)
    const answer = await planRestore(context, site, {
      backup: backup.path,
      ...(isRoot ? { owner: 'daemon:daemon' } : {}),
    })
    const planned = granted(out, 'there is a plan', answer, ({ plan }) => plan.parts.map(({ part }) => part).join(', '))
    const confirmation = { confirm: NAME, reason: 'the old server is gone', newServer: true, acceptFiles: true }
    const entry = await perform({ runner }, out, 'the site was built', async () =>
      restorePlanned(runner, site, planned, confirmation),
    )
    const { downMs } = restoreReport.parse(entry.data)
    out.fact('from stop to health', downMs === null ? 'unknown' : duration(downMs))
    const health = await fresh.app.health()
    out.prove('it is healthy', health.status === 200, `${health.status} ${health.body}`)
    const env = (where: string) => readFileSync(join(where, 'config', '.env'), 'utf8')
    const [was, is] = [env(demo.root).replace('MAIL_SERVER=nowhere\n', ''), env(fresh.root)]
    out.prove('its settings are those of the old one, byte for byte', is === was, `${is.length} bytes`)
    const orders = await sql(fresh, 'SELECT count(*) FROM service_orders')
    const writes = await fresh.app.writes()
    out.prove('it has its orders, and writes', Number(orders) > 0 && writes.failed === 0, `${orders} orders`)
  },
}
