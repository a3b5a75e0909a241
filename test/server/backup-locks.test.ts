/** H1: the copy of a database on real servers, while others write to it or lock it. */
import { afterAll, describe, expect, it } from 'vitest'
import { ServerDesk } from '../support/server-desk.ts'
import { alongside, growDatabase, leftBehind } from '../support/server-faults.ts'
import { sharedServers } from '../support/servers/shared.ts'
import { waitUntil } from '../support/wait.ts'

const { north, south } = sharedServers()

afterAll(() => Promise.all([north.reset(), south.reset()]))

describe('H1: a copy under load', () => {
  /** The copying process only. */
  const copier = '^sqlite3 -batch -bail -init /dev/null -readonly /opt/cvd/data/cvd.db$'

  it('completes on a WAL database, where a bare .backup restarts for ever', async () => {
    await north.reset()
    await using desk = new ServerDesk()
    const site = await desk.add(north)
    await growDatabase(north, 400)
    await north.setWriterInterval(5)
    await north.writes(20)
    const { lines } = await north.writer()
    const began = performance.now()
    const report = await desk.backUp(site)
    const seconds = (performance.now() - began) / 1000
    expect(report.backup.verdict).toBe('verified')
    expect((await north.writer(lines)).errors).toEqual([])
    expect(report.writersBlockedMs).toBe(0)
    // It only copies, without compressing or checking anything; it has twice that time, the machine and the disk for itself,
    // and is not done. (Beside ours, the writer would be kept waiting at times, and a pause is all that it needs.)
    await north.must('sync')
    const bare = `timeout ${Math.ceil(2 * seconds)} sqlite3 /opt/cvd/data/cvd.db ".backup /tmp/bare.db"`
    expect((await north.run(`${bare}; code=$?; rm -f /tmp/bare.db*; exit $code`)).code).toBe(124)
  })

  it('waits for the lock of a rollback-journal database, where a bare .backup fails at once', async () => {
    await south.reset()
    await using desk = new ServerDesk()
    const site = await desk.add(south)
    await south.must('systemctl stop cvd-writer')
    await using lock = await exclusiveLock()
    const bare = await south.run('sqlite3 /opt/cvd/data/cvd.db ".backup /tmp/bare.db"; rm -f /tmp/bare.db')
    expect(bare.stderr).toContain('database is locked')
    const copying = desk.stepped('copy')
    const started = desk.start(site, 'database')
    await copying
    await waitUntil('the copy to wait', async () => (await south.run(`pgrep -f '${copier}'`)).code === 0)
    await lock[Symbol.asyncDispose]()
    expect(await desk.settled(started)).toMatchObject({ outcome: 'succeeded' })
    await south.must('systemctl start cvd-writer')
  })

  it('gives up on a rollback-journal database after blocking its writers for the allowed time', async () => {
    await south.reset()
    await using desk = new ServerDesk()
    const site = await desk.add(south)
    await growDatabase(south, 100)
    await desk.setPolicy(site, { writer_block_limit: '1' })
    const { lines } = await south.writer()
    // A stalled disk: the copying process stops itself after reading the first page, and keeps its lock.
    await south.writeFile(
      '/usr/local/sbin/sqlite3',
      `#!/bin/bash
      [[ $* == *'-readonly /opt/cvd/data/cvd.db' ]] || exec /usr/bin/sqlite3 "$@"
      exec /usr/bin/sqlite3 "$@" < <(sed 's/^\\.backup /.shell kill -STOP $PPID\\n&/')\n`,
    )
    await south.must('chmod 755 /usr/local/sbin/sqlite3')
    const entry = await desk.run(site, 'database')
    await south.must('rm /usr/local/sbin/sqlite3')
    expect(entry).toMatchObject({ outcome: 'failed', code: 'block-limit', next: expect.stringContaining('WAL') })
    expect(await leftBehind(south)).toEqual([])
    expect((await south.run('pgrep -x sqlite3')).stdout).toBe('')
    await south.writes()
    expect((await south.writer(lines)).errors).toEqual([])
    await desk.setPolicy(site, { writer_block_limit: '30' })
    const report = await desk.backUp(site)
    expect(report.writersBlockedMs).toBeGreaterThan(0)
    expect(report.writersBlockedMs).toBeLessThan(30_000)
  })

  it('fails with the reason if the database stays locked', async () => {
    await south.reset()
    await using desk = new ServerDesk()
    const site = await desk.add(south)
    await desk.setPolicy(site, { busy_timeout: '300' })
    await south.must('systemctl stop cvd-writer')
    await using _lock = await exclusiveLock()
    expect(await desk.run(site, 'database')).toMatchObject({ outcome: 'failed', code: 'database-locked' })
    expect(await leftBehind(south)).toEqual([])
  })
})

/** Another program's exclusive transaction, until disposed. */
async function exclusiveLock(): Promise<AsyncDisposable> {
  const program =
    "import sqlite3, time; c = sqlite3.connect('/opt/cvd/data/cvd.db', isolation_level=None, timeout=10); c.execute('BEGIN EXCLUSIVE'); open('/run/locked', 'w'); time.sleep(600)"
  await south.must('rm -f /run/locked')
  const lock = await alongside(south, 'exclusive-lock', `exec python3 -c "${program}"`)
  await waitUntil('the lock', async () => (await south.run('test -e /run/locked')).code === 0)
  return lock
}
