/** The application's user is hostile, and root works on its files: nothing outside the CVD root is disclosed or changed. */
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import type { Site } from '../../src-main/store/sites.ts'
import { asApplication, given, makeStranger, outside, raceOf, repair, stranger } from '../support/attacker.ts'
import {
  beginRestore,
  clearFailpoint,
  database,
  nameOf,
  paused,
  restore,
  restored,
  setFailpoint,
  undo,
} from '../support/restores.ts'
import { ServerDesk } from '../support/server-desk.ts'
import { sharedServers } from '../support/servers/shared.ts'

const { north: server } = sharedServers()

describe('the application’s user', () => {
  let desk: ServerDesk
  let site: Site
  let backup: string
  let before: string

  beforeEach(async () => {
    await server.reset()
    await makeStranger(server)
    desk = new ServerDesk()
    site = await desk.add(server, { health: server.probe })
    backup = (await desk.backUp(site)).backup.path
    before = await outside(server)
    return async () => {
      clearFailpoint(server)
      await repair(server)
      await desk[Symbol.asyncDispose]()
    }
  })
  afterAll(() => server.reset())

  /** Nothing outside was changed, created, removed or handed over, whatever the operations reported. */
  const untouched = async () => {
    expect(await outside(server)).toBe(before)
    expect(await given(server)).toBe('')
  }
  const looks = async () => {
    await desk.inspect(site)
    await desk.run(site, 'verify', '--all')
    await server.run(`bash /var/lib/cvd-backup/kit/*/cvd-backup plan restore database ${backup}`)
    await desk.run(site, 'database')
  }

  it('A2: gets no copy of a database that only root may read, through a link in place of the database', async () => {
    await asApplication(server, `cd /opt/cvd/data && mv cvd.db cvd.away && ln -s ${stranger}/cvd.db cvd.db`)
    const entry = await desk.run(site, 'database')
    expect(entry).toMatchObject({ outcome: 'failed', code: 'no-rights' })
    const { database: seen } = await desk.inspect(site)
    expect(seen.keyTables.every(({ rows }) => rows === null)).toBe(true)
    await looks()
    await restore(desk, site, backup).catch(() => undefined)
    await untouched()
  })

  it('A3: has nothing written where the log folder, replaced by a link, leads', async () => {
    await asApplication(server, `cd /opt/cvd && mv logs logs.away && ln -s ${stranger} logs`)
    await looks()
    await untouched()
  })

  it('A4: has no file deleted that a forged hot journal names', async () => {
    await asApplication(
      server,
      `sqlite3 /opt/cvd/data/cvd.db '.timeout 10000' '.backup /srv/sticky/cvd.db' && cd /srv/sticky && sqlite3 cvd.db 'PRAGMA journal_mode=delete' &&
       { printf '\\xd9\\xd5\\x05\\xf9\\x20\\xa1\\x63\\xd7\\0\\0\\0\\1'; head -c 2036 /dev/zero; printf '${stranger}/precious\\0\\0\\0\\027\\0\\0\\0\\0\\xd9\\xd5\\x05\\xf9\\x20\\xa1\\x63\\xd7'; } > cvd.db-journal &&
       cd /opt/cvd/data && mv cvd.db cvd.away && ln -s /srv/sticky/cvd.db cvd.db`,
    )
    await looks()
    await untouched()
  })

  it("A5: has no other user's database replaced by swapping the data folder during a restore", async () => {
    await desk.setPolicy(site, { health_timeout: '10' })
    for (const phase of ['staged', 'swapped']) {
      await setFailpoint(server, `${phase} pause`)
      const entry = await beginRestore(desk, site, backup)
      await paused(server)
      await asApplication(server, `cd /opt/cvd && mv data data.away && ln -s ${stranger} data`)
      clearFailpoint(server)
      await desk.settled(entry)
      await untouched()
      await asApplication(server, 'cd /opt/cvd && rm data && mv data.away data')
      await desk.run(site, 'recover')
      await server.must('systemctl start cvd')
      await server.waitHealthy()
      expect(await server.query('SELECT count(*) FROM devices')).toBe('48')
    }
  })

  it("A5: has no other user's database replaced by a recovery", async () => {
    await setFailpoint(server, 'swapped kill')
    const entry = await beginRestore(desk, site, backup)
    await nameOf(desk, entry)
    await desk.settled(entry)
    await asApplication(server, `cd /opt/cvd && mv data data.away && ln -s ${stranger} data`)
    await desk.run(site, 'recover')
    await untouched()
    await asApplication(server, 'cd /opt/cvd && rm data && mv data.away data')
    await desk.run(site, 'recover')
    await server.must('systemctl start cvd')
    await server.waitHealthy()
  })

  it('A7: leaves nothing running by an endless view named like a key table', async () => {
    await asApplication(
      server,
      `sqlite3 -cmd '.timeout 10000' ${database} 'ALTER TABLE users RENAME TO people; CREATE VIEW users AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS id FROM n'`,
    )
    await desk.inspect(site)
    await looks()
    expect((await server.run('pgrep -x sqlite3')).stdout).toBe('')
    await untouched()
  })

  it('A8: gains nothing by constantly swapping folders, files and work folders, and stopping processes with the same user', async () => {
    {
      await using _attack = await raceOf(server)
      const until = Date.now() + 90_000
      let last: string | undefined
      while (Date.now() < until) {
        await Promise.race([desk.inspect(site).catch(() => undefined), desk.run(site, 'database')])
        await desk.run(site, 'verify', '--last', '1')
        const entry = await restore(desk, site, backup).catch(() => undefined)
        if (entry?.outcome === 'succeeded') last = entry.remoteOperation ?? undefined
        if (last !== undefined) await undo(desk, site, last).catch(() => undefined)
        await desk.run(site, 'recover')
      }
    }
    await server.must('rm -f /srv/sticky/attack')
    await server.run('pkill -CONT -u cvdapp')
    await repair(server)
    await untouched()
    await desk.run(site, 'recover')
    await server.must(
      `systemctl stop cvd; [ -e ${database} ] || cp -p "$(ls -t /opt/cvd/data/cvd.db*kept /opt/cvd/data/cvd.db.pre-restore.*[0-9] | head -n 1)" ${database}; systemctl start cvd`,
    )
    await server.waitHealthy()
    // Nor can the attacker block anything for good: afterwards everything works.
    const fresh = await desk.backUp(site)
    restored(await restore(desk, site, fresh.backup.path))
  })
})
