/** System backups: the runbook's tree, unpacked and read without the kit. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it, type TestContext } from 'vitest'
import { z } from 'zod'
import { archiveReport } from '../../src-shared/domain/kit-backups.ts'
import { namesIn, treeOf, unpacked } from '../support/kit/archives.ts'
import { ORDINARY, ScratchSite, type SiteOptions } from '../support/scratch-site.ts'

async function siteWith(test: TestContext, more = '', options: SiteOptions = { owner: ORDINARY }) {
  const site = new ScratchSite(options)
  test.onTestFinished(() => site.remove())
  const script = `set -e; cd "$1"; mkdir -p app/venv/bin app/.git
    echo 'print(1)' >app/app.py; echo flask >app/requirements.txt; echo A=1 >app/.env; echo x >app/venv/bin/python
    echo 'version = 3.11.2' >app/venv/pyvenv.cfg
    echo SECRET=1 >config/.env; chmod 600 config/.env
    mkdir -p ../etc/systemd/cvd.service.d ../etc/systemd/multi-user.target.wants ../etc/nginx/sites-available ../etc/nginx/sites-enabled
    echo [Unit] >../etc/systemd/cvd.service; echo [Service] >../etc/systemd/cvd.service.d/limits.conf
    ln -s ../cvd.service ../etc/systemd/multi-user.target.wants/cvd.service
    echo 'server {}' >../etc/nginx/sites-available/cvd; ln -s ../sites-available/cvd ../etc/nginx/sites-enabled/cvd
    ${more}
    [[ $2 == '' ]] || chown -R -h "$2:$2" app config`
  execFileSync('/bin/bash', ['-c', script, 'setup', site.root, String(options.owner ?? options.login ?? '')])
  const etc = join(site.folder, 'etc')
  await site.run(['policy', `units=${etc}/systemd`, `nginx_site=${etc}/nginx/sites-available/cvd`])
  return site
}

const archiveOf = (site: ScratchSite): string => {
  const names = readdirSync(join(site.backups, 'system'))
  expect(names).toHaveLength(1)
  return join(site.backups, 'system', names[0] ?? '')
}

const manifest = z.looseObject({
  id: z.string(),
  owner: z.looseObject({ uid: z.number(), gid: z.number() }),
  links: z.array(z.looseObject({ path: z.string(), target: z.string() })),
  versions: z.record(z.string(), z.string()),
  packages: z.array(z.looseObject({ name: z.string(), version: z.string() })),
  database: z.looseObject({ sha256: z.string(), userVersion: z.number() }),
  members: z.array(
    z.looseObject({ path: z.string(), type: z.string(), mode: z.string(), sha256: z.string().optional() }),
  ),
})

describe('a system backup', () => {
  it('has exactly the tree of the runbook, and beside it drop-ins and a manifest', async (test) => {
    const site = await siteWith(test)
    const { warnings, backup } = await site.ask(['system'], archiveReport)
    expect(warnings).toEqual([])
    expect(backup).toMatchObject({ kind: 'system', verdict: 'verified' })
    const archive = archiveOf(site)
    const top = /(cvd_system_\d{8}_\d{6})\.tar\.gz$/.exec(archive)?.[1] ?? ''
    const files = namesIn(archive).filter((name) => !name.endsWith('/'))
    expect(files.map((name) => name.replace(`${top}/`, '')).sort()).toEqual([
      'MANIFEST.txt',
      'application/app.tar.gz',
      'config/config/.env',
      'config/cvd.service',
      'config/cvd.service.d/limits.conf',
      'config/nginx-cvd.conf',
      'database/cvd.db.gz',
      'manifest.json',
      'system/system_info.txt',
    ])
    // The most private file decides who may read all.
    const { mode, uid } = statSync(archive)
    expect([mode & 0o777, uid]).toEqual([0o600, ORDINARY])
    expect(readFileSync(join(site.root, 'logs/system_backup.log'), 'utf8')).toMatch(
      /System backup completed: cvd_system_\d{8}_\d{6}\.tar\.gz \(/,
    )
    expect((await site.run(['verify', archive])).result.outcome).toBe('succeeded')
  })

  it('holds the database, the application and the configuration as they are, dotfiles too', async (test) => {
    const site = await siteWith(test)
    const before = site.sql(site.database, '.dump')
    await site.ask(['system'], archiveReport)
    const folder = mkdtempSync(join(site.folder, 'unpacked-'))
    execFileSync('tar', ['-xpzf', archiveOf(site), '-C', folder, '--strip-components=1'])
    writeFileSync(join(folder, 'cvd.db'), gunzipSync(readFileSync(join(folder, 'database/cvd.db.gz'))))
    expect(site.sql(join(folder, 'cvd.db'), '.dump')).toBe(before)
    const app = unpacked(join(folder, 'application/app.tar.gz'))
    expect([...app.keys()].sort()).toEqual(['.', '.env', 'app.py', 'requirements.txt'])
    expect(treeOf(join(folder, 'config/config')).get('.env')).toEqual(treeOf(join(site.root, 'config')).get('.env'))
    expect(readFileSync(join(folder, 'config/nginx-cvd.conf'), 'utf8')).toBe('server {}\n')
  })

  it('counts in MANIFEST.txt what is in its copy, in the layout of the runbook', async (test) => {
    const site = await siteWith(test)
    await site.ask(['system'], archiveReport)
    const archive = archiveOf(site)
    const id = /cvd_system_(\d{8}_\d{6})/.exec(archive)?.[1]
    const text = execFileSync('tar', ['-xzOf', archive, `cvd_system_${id}/MANIFEST.txt`], { encoding: 'utf8' })
    expect(text.split('\n').slice(0, 2)).toEqual(['CVD System Backup Manifest', '=========================='])
    expect(text).toContain(`Backup ID: ${id}\n`)
    expect(text).toMatch(/^Backup Contents:\n(?:\/.* \([0-9.]+[KMGT]?\)\n)+\nDatabase Record Counts:\n/m)
    expect(text).toContain('Users: 40\nDevices: 60\nService Orders: 25\n')
  })

  it('names in manifest.json each member with its hash, and what a restore elsewhere needs', async (test) => {
    const site = await siteWith(test)
    await site.ask(['system'], archiveReport)
    const archive = archiveOf(site)
    const folder = mkdtempSync(join(site.folder, 'unpacked-'))
    execFileSync('tar', ['-xpzf', archive, '-C', folder])
    const top = readdirSync(folder)[0] ?? ''
    const told = manifest.parse(JSON.parse(readFileSync(join(folder, top, 'manifest.json'), 'utf8')))
    const found = treeOf(folder)
    found.delete('.')
    found.delete(`${top}/manifest.json`)
    expect(told.members.map(({ path }) => path).sort()).toEqual([...found.keys()].sort())
    for (const { path, type, mode, sha256 } of told.members) {
      expect(mode, path).toBe(found.get(path)?.mode)
      if (type === 'f') expect(sha256, path).toBe(found.get(path)?.content)
    }
    const database = gunzipSync(readFileSync(join(folder, top, 'database/cvd.db.gz')))
    expect(told.database).toMatchObject({ userVersion: 7, sha256: createHash('sha256').update(database).digest('hex') })
    expect(told.owner).toMatchObject({ uid: ORDINARY, gid: ORDINARY })
    const links = told.links.map(({ path, target }) => `${path.replace(`${site.folder}/etc/`, '')} ${target}`)
    expect(links.sort()).toEqual([
      'nginx/sites-enabled/cvd ../sites-available/cvd',
      'systemd/multi-user.target.wants/cvd.service ../cvd.service',
    ])
    expect(told.versions).toMatchObject({ venv: '3.11.2' })
  })

  it('holds the virtual environment where the policy says so', async (test) => {
    const site = await siteWith(test)
    await site.run(['policy', 'include_venv=yes'])
    await site.ask(['system'], archiveReport)
    const folder = mkdtempSync(join(site.folder, 'unpacked-'))
    execFileSync('tar', ['-xzf', archiveOf(site), '-C', folder, '--strip-components=1'])
    expect([...unpacked(join(folder, 'application/venv.tar.gz')).keys()]).toContain('venv/bin/python')
  })

  it('says what is missing, and is not made without the application', async (test) => {
    const site = await siteWith(test, 'rm -r ../etc/nginx ../etc/systemd')
    const { warnings } = await site.ask(['system'], archiveReport)
    expect(warnings.join('\n')).toMatch(/no unit of cvd/)
    expect(warnings.join('\n')).toMatch(/no nginx site/)
    rmSync(archiveOf(site))
    rmSync(join(site.root, 'app'), { recursive: true })
    expect((await site.run(['system'])).result).toMatchObject({ outcome: 'failed', code: 'missing-part' })
    expect(readdirSync(join(site.backups, 'system'))).toEqual([])
  })

  it('is made without the system information where none can be collected', async (test) => {
    const site = await siteWith(test)
    const { warnings } = await site.ask(['system'], archiveReport, { instead: 'system_info() { kill -KILL $$; }' })
    expect(warnings.join()).toMatch(/system information/)
  })

  it('is refused where there is no room, leaves nothing when it fails, and is made by a login without root', async (test) => {
    const site = await siteWith(test, '', { login: ORDINARY })
    expect((await site.run(['system'], { instead: 'free_bytes() { REPLY=1000; }' })).result.code).toBe('no-space')
    const broken = 'system_assemble() { return 1; }'
    expect((await site.run(['system'], { instead: broken })).result).toMatchObject({ outcome: 'failed' })
    expect(readdirSync(join(site.backups, 'system'))).toEqual([])
    await site.ask(['system'], archiveReport)
    expect(unpacked(archiveOf(site)).size).toBeGreaterThan(10)
  })

  it('is not made where a part of it is lost on the way', async (test) => {
    const site = await siteWith(test)
    const lost = `eval "true_$(declare -f system_assemble)"; system_assemble() { rm config.tar; true_system_assemble "$@"; }`
    expect((await site.run(['system'], { instead: lost })).result).toMatchObject({
      outcome: 'failed',
      message: expect.stringMatching(/members instead of/),
    })
    expect(readdirSync(join(site.backups, 'system'))).toEqual([])
  })

  it('is what the recovery script of the runbook takes it for', async (test) => {
    const site = await siteWith(test)
    await site.ask(['system'], archiveReport)
    const root = join(site.folder, 'fresh')
    for (const part of ['app', 'data', 'config']) mkdirSync(join(root, part), { recursive: true })
    // The commands of its restore, step by step, on another root.
    const script = `set -e; temporary=$(mktemp -d); tar -xzf "$1" -C "$temporary"
      folder=$(find "$temporary" -maxdepth 1 -type d -name 'cvd_system_*' | head -n1)
      test -f "$folder/MANIFEST.txt"; gunzip -c "$folder/database/cvd.db.gz" >"$2/data/cvd.db"
      tar -xzf "$folder/application/app.tar.gz" -C "$2/app/"; test -d "$folder/config/config"
      test -f "$folder/config/nginx-cvd.conf"; test -f "$folder/config/cvd.service"; rm -r "$temporary"`
    execFileSync('/bin/bash', ['-c', script, 'recover', archiveOf(site), root])
    expect(site.sql(join(root, 'data/cvd.db'), 'PRAGMA integrity_check; SELECT count(*) FROM users')).toBe('ok\n40\n')
    expect(existsSync(join(root, 'app/app.py'))).toBe(true)
  })
})
