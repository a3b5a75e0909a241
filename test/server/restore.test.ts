/** Restore and undo on servers that are written to all the time. */
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import { planRestore } from '../../src-main/operations/plan-restore.ts'
import { restorePlanned } from '../../src-main/operations/restore-part.ts'
import type { Site } from '../../src-main/store/sites.ts'
import { encodePath } from '../../src-shared/domain/backup-path.ts'
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
  undo,
  untilRestart,
} from '../support/restores.ts'
import { must, ServerDesk } from '../support/server-desk.ts'
import { quote } from '../support/servers/quote.ts'
import type { Server } from '../support/servers/server.ts'
import { onBoth } from '../support/servers/shared.ts'

onBoth('a restore', (server: Server) => {
  let desk: ServerDesk
  let site: Site
  let backup: string

  beforeEach(async () => {
    await server.reset()
    desk = new ServerDesk()
    site = await desk.add(server, { health: server.probe })
    backup = (await desk.backUp(site)).backup.path
  })
  afterEach(() => desk[Symbol.asyncDispose]())
  afterAll(() => server.reset())

  const devices = () => server.query('SELECT count(*) FROM devices')
  const inPlace = async () => {
    await server.writes(2)
    expect(await server.must('systemctl is-active cvd cvd-writer')).toBe('active\nactive')
    expect((await server.health()).status).toBe(200)
    expect(await server.must(`stat -L -c '%U:%G %a' ${database}`)).toBe('cvdapp:www-data 640')
    expect(await server.query('PRAGMA journal_mode')).toBe(server.spec.journal)
    expect(await server.query('PRAGMA integrity_check')).toBe('ok')
    expect(await leftovers(server)).toBe('')
  }

  test('brings the rows back; undo brings back exactly the previous state; its undo brings back the rows', async () => {
    await server.must(`chmod 640 ${database}`)
    await server.setWriterInterval(5)
    await change(server, 'DELETE FROM devices WHERE id > 40')
    const { lines } = await server.writer()
    await server.writes(50)

    const entry = await restore(desk, site, backup)
    const report = restored(entry)
    expect(await devices()).toBe('48')
    expect(report.tables.find(({ table }) => table === 'devices')?.rows).toBe(48)
    expect(report.health).toMatchObject({ healthy: true, status: 200 })
    expect(report.downMs).toBeGreaterThan(0)
    await inPlace()

    // H8: everything committed before the stop is in the safety copy, which is a complete database.
    const safety = safetyOf(report)
    const committed = untilRestart(await committedSales(server, lines))
    expect(committed.length).toBeGreaterThanOrEqual(50)
    expect(missingFrom(committed, await queryFile(server, safety, 'SELECT id FROM sales'))).toEqual([])
    expect(await queryFile(server, safety, 'PRAGMA integrity_check')).toBe('ok')
    const sums = 'SELECT count(*), max(id), sum(id) FROM sales'
    const kept = await queryFile(server, safety, sums)

    await server.must('systemctl stop cvd-writer')
    const undone = restored(await undo(desk, site, entry.remoteOperation ?? ''))
    expect(await devices()).toBe('40')
    await inPlace()
    const [count = 0] = kept.split('|').map(Number)
    expect(await server.query(`${sums} WHERE id <= ${kept.split('|')[1]}`)).toBe(kept)
    expect(undone.tables.find(({ table }) => table === 'sales')?.rows).toBeGreaterThanOrEqual(count)

    restored(await undo(desk, site, undone.operation))
    expect(await devices()).toBe('48')
    await inPlace()
  })

  test('keeps the links on the way to the database', async () => {
    await server.must(
      `systemctl stop cvd && cd /opt/cvd/data && install -d -o cvdapp -g www-data files && mv cvd.db files/real.db
      ln -s files/real.db cvd.db && ln -s data/cvd.db /opt/cvd/cvd.db && systemctl start cvd`,
    )
    await server.waitHealthy()
    await change(server, 'DELETE FROM devices WHERE id > 40')
    const report = restored(await restore(desk, site, backup))
    expect(await devices()).toBe('48')
    expect(await server.must('readlink /opt/cvd/data/cvd.db /opt/cvd/cvd.db')).toBe('files/real.db\ndata/cvd.db')
    expect(safetyOf(report)).toMatch(/^\/opt\/cvd\/data\/files\/real\.db\.pre-restore\./)
    restored(await undo(desk, site, report.operation))
    expect(await devices()).toBe('40')
    expect(await server.must('readlink /opt/cvd/data/cvd.db')).toBe('files/real.db')
    await server.must('rm /opt/cvd/cvd.db')
  })

  test('works for a backup with any name', async () => {
    const name = `/opt/cvd/backups/a 'b' "c" $(touch pwned) *\n-d.db.gz`
    await server.must(`cp -p "$(printf '%b' '${backup}')" ${quote(name)}`)
    await change(server, 'DELETE FROM devices WHERE id > 40')
    restored(await restore(desk, site, encodePath(Buffer.from(name))))
    expect(await devices()).toBe('48')
    const log = (await server.readFile('/opt/cvd/logs/restore.log')).split('\n')
    expect(log.filter((line) => line !== '' && !/^\[\d{4}-/.test(line))).toEqual([])
  })

  test('works if the database is missing or empty', async () => {
    for (const damage of ['rm -f cvd.db*', 'rm -f cvd.db* && install -o cvdapp -g www-data -m 640 /dev/null cvd.db']) {
      await server.must(`systemctl stop cvd && cd /opt/cvd/data && ${damage}; systemctl start cvd`)
      restored(await restore(desk, site, backup, { siteIsDown: true }))
      expect(await devices()).toBe('48')
      expect((await server.health()).status).toBe(200)
      await server.writes()
      expect(await server.must(`stat -c %U:%G ${database}`)).toBe('cvdapp:www-data')
      expect(await leftovers(server)).toBe('')
    }
  })

  test('works if the name of its safety copy is taken', async () => {
    await server.must(
      `cd /opt/cvd/data && for i in $(seq 0 120); do n=cvd.db.pre-restore.$(date -d "+$i seconds" +%Y%m%d_%H%M%S); ln -s /nowhere "$n"; echo taken > "$n-wal"; done`,
    )
    const report = restored(await restore(desk, site, backup))
    expect(await queryFile(server, safetyOf(report), 'SELECT count(*) FROM devices')).toBe('48')
    expect(await server.must(`cat ${database}.pre-restore.*[0-9]-wal | sort | uniq -c | tr -s ' '`)).toBe(' 121 taken')
  })

  test('waits for its turn: two that are requested at once run one after the other', async () => {
    const { context: services, runner } = desk.console
    const confirmation = { confirm: site.name, reason: 'at once' }
    // Plan both before either begins: a plan made meanwhile would report that the lock is held.
    const plans = [must(await planRestore(services, site, backup)), must(await planRestore(services, site, backup))]
    const asked = plans.map((plan) => must(restorePlanned(runner, site, plan, confirmation)))
    const [first, second] = (await Promise.all(asked.map((entry) => desk.settled(entry)))).map((one) => restored(one))
    if (first === undefined || second === undefined) throw new Error('one was not done')
    expect(safetyOf(first)).not.toBe(safetyOf(second))
    await server.writes()
    expect(await leftovers(server)).toBe('')
  })
})
