/** H2: what a crash left beside the database must not become part of what is restored. */
import { afterAll, beforeEach, expect, test } from 'vitest'
import { decodePath } from '../../src-shared/domain/backup-path.ts'
import {
  change,
  committedSales,
  database,
  leftovers,
  missingFrom,
  queryFile,
  restore,
  restored,
  safetyOf,
} from '../support/restores.ts'
import { ServerDesk } from '../support/server-desk.ts'
import type { Server } from '../support/servers/server.ts'
import { onBoth } from '../support/servers/shared.ts'

/** Half a transaction, already on disk, of a killed program. */
const killedHalfWay = `import os, sqlite3
c = sqlite3.connect('/opt/cvd/data/cvd.db', isolation_level=None)
c.execute('PRAGMA cache_size=1')
c.execute('BEGIN IMMEDIATE')
c.execute("UPDATE devices SET model = 'half a change'")
c.execute('UPDATE sales SET sale_units = 777')
os.kill(os.getpid(), 9)
`

/** Kills every process that has the database open, without a chance to end cleanly, and prevents restarts. */
async function killEverything(server: Server): Promise<void> {
  await server.must(
    `cd /run/systemd/system && mkdir cvd.service.d cvd-writer.service.d
    printf '[Service]\\nKillSignal=SIGKILL\\n' | tee cvd.service.d/die.conf > cvd-writer.service.d/die.conf
    systemctl daemon-reload && systemctl stop cvd && rm -r cvd.service.d cvd-writer.service.d && systemctl daemon-reload`,
  )
  if (server.spec.journal === 'delete') await server.run('python3 -', { stdin: killedHalfWay, user: 'cvdapp' })
}

/** The runbook's procedure, on copies: the backup is written over the database, and its sidecars stay. */
function naively(server: Server, backup: string, sql: string): Promise<string> {
  return server.must(
    `d=$(mktemp -d) && cp ${database}* "$d" && gunzip -c '${backup}' > "$d/cvd.db" && { sqlite3 -batch "$d/cvd.db" 2>&1 || true; }; rm -rf "$d"`,
    { stdin: `${sql};\n` },
  )
}

onBoth('a stale sidecar', (server) => {
  const sidecar = server.spec.journal === 'wal' ? '-wal' : '-journal'
  let desk: ServerDesk

  beforeEach(async () => {
    await server.reset()
    desk = new ServerDesk()
    return () => desk[Symbol.asyncDispose]()
  })
  afterAll(() => server.reset())

  test(`cvd.db${sidecar} does not affect the restored database, and becomes part of the safety copy`, async () => {
    const site = await desk.add(server, { health: server.probe })
    const { path } = (await desk.backUp(site)).backup
    const backup = Buffer.from(decodePath(path)).toString()
    const { lines } = await server.writer()
    await change(server, 'DELETE FROM devices WHERE id > 40')
    await server.writes(3)
    await killEverything(server)

    expect(Number(await server.must(`stat -c %s ${database}${sidecar}`))).toBeGreaterThan(512)
    const sound = 'SELECT count(*) FROM devices; PRAGMA integrity_check'
    expect(await queryFile(server, database, sound)).toBe('40\nok')
    // The fault: the rows that the backup brought back are gone again, or the database is damaged.
    expect(await naively(server, backup, sound)).not.toBe('48\nok')

    const report = restored(await restore(desk, site, path, { siteIsDown: true }))
    await server.waitHealthy()
    await server.writes(2)
    expect(await server.query('SELECT count(*) FROM devices')).toBe('48')
    expect(await server.query('SELECT count(*) FROM sales WHERE sale_units = 777')).toBe('0')
    expect(await server.query('PRAGMA integrity_check')).toBe('ok')
    expect(await leftovers(server)).toBe('')

    const safety = safetyOf(report)
    expect(await server.must(`ls ${safety}${sidecar}`)).toBe(`${safety}${sidecar}`)
    expect(await queryFile(server, safety, sound)).toBe('40\nok')
    const before = (await committedSales(server, lines)).slice(0, 3)
    expect(missingFrom(before, await queryFile(server, safety, 'SELECT id FROM sales'))).toEqual([])
  })
})
