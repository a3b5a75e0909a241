/** A whole site on a real server that has nothing of it: uploaded, brought back, running, and enabled. */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { uploadBackup } from '../../src-main/operations/upload.ts'
import type { Site } from '../../src-main/store/sites.ts'
import { archiveReport } from '../../src-shared/domain/kit-backups.ts'
import { restore, restored } from '../support/restores.ts'
import { must, ServerDesk } from '../support/server-desk.ts'
import { sharedServers } from '../support/servers/shared.ts'

const gone = `
  systemctl disable --now cvd cvd-writer
  rm -rf /opt/cvd /var/lib/cvd-backup /etc/systemd/system/cvd.service /etc/nginx/sites-available/cvd /etc/nginx/sites-enabled/cvd
  userdel cvdapp; systemctl daemon-reload; systemctl reload nginx`

describe('a server without the site', () => {
  const { north: server } = sharedServers()
  let desk: ServerDesk
  let site: Site
  let file: string
  let devices: string

  beforeEach(async () => {
    await adopt()
    await server.reset()
    desk = new ServerDesk()
    site = await desk.add(server, { health: server.probe })
    await desk.setPolicy(site, { include_venv: 'yes' })
    await server.must('systemctl stop cvd-writer')
    devices = await server.query('SELECT count(*) FROM devices')
    const { path } = archiveReport.parse((await desk.run(site, 'system')).data).backup
    const folder = mkdtempSync(join(tmpdir(), 'cvd-new-server-'))
    file = join(folder, basename(path))
    copyFileSync(join(server.folder, 'root', path), file)
    await server.must(gone)
    expect(must(await uploadBackup(desk.console.context, site, file)).backup).toMatchObject({ kind: 'system' })
    return async () => {
      rmSync(folder, { recursive: true })
      await desk[Symbol.asyncDispose]()
    }
  })
  /** Has what a reset does not make again: the user of all files, the folders, and what is enabled. */
  const adopt = () =>
    server.must(`
      id cvdapp >/dev/null 2>&1 || useradd --system --uid 999 --gid www-data --home-dir /opt/cvd --no-create-home --shell /bin/bash cvdapp
      mkdir -p /opt/cvd/logs /opt/cvd/data /opt/cvd/backups
      ln -sfn ../sites-available/cvd /etc/nginx/sites-enabled/cvd
      systemctl enable --quiet cvd-writer; systemctl is-enabled cvd || ln -sf ../cvd.service /etc/systemd/system/multi-user.target.wants/cvd.service
      systemctl --no-block start cvd-writer || true`)
  afterAll(async () => {
    await adopt()
    await server.reset()
  })

  const how = { acceptFiles: true, newServer: true }

  test('has a running site afterwards, with its user, its certificate of health, and after a reboot, too', async () => {
    const report = restored(await restore(desk, site, basename(file), how))
    expect(report.parts.map(({ part }) => part)).toEqual(
      expect.arrayContaining(['database', 'application', 'config', 'systemd', 'nginx']),
    )
    await server.waitHealthy()
    expect(await server.query('SELECT count(*) FROM devices')).toBe(devices)
    expect(await server.must('systemctl is-active cvd nginx; systemctl is-enabled cvd')).toBe('active\nactive\nenabled')
    expect(await server.must('stat -c %U:%G /opt/cvd/data/cvd.db /opt/cvd/app/venv /opt/cvd/config/.env')).toBe(
      'cvdapp:www-data\ncvdapp:www-data\ncvdapp:www-data',
    )
    expect(await server.must('curl -s -o /dev/null -w "%{http_code}" http://127.0.0.1/api/health')).toBe('200')
    await server.boot()
    expect(await server.must('systemctl is-active cvd nginx')).toBe('active\nactive')
  })
})
