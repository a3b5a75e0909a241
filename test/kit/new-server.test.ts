/** A system backup on a server without the site: what is missing is created, journaled, and removed again if the restore fails. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it, type TestContext } from 'vitest'
import { restorePlan } from '../../src-shared/domain/kit-restore.ts'
import { nginxOf, restoringSystem, stateOf, systemBackup, unitsOf, wholeSite } from '../support/kit/whole-trial.ts'
import type { WorkingSite } from '../support/kit/working-site.ts'
import { ORDINARY } from '../support/scratch-site.ts'

const OWNER = 'cvdtrial'

/** A server with nothing but a system backup, and what the site was. */
async function emptied(test: TestContext, environment = false) {
  const site = wholeSite({ owner: ORDINARY, ownUsers: true })
  test.onTestFinished(() => site.remove())
  writeFileSync(
    join(unitsOf(site), 'cvd.service'),
    `[Service]\nUser=${OWNER}\nGroup=${OWNER}\n[Install]\nWantedBy = multi-user.target\nRequiredBy=kiosk.target\nAlias=vending.service ../evil.service\n`,
  )
  if (environment) {
    const app = join(site.root, 'app')
    rmSync(join(app, 'venv'), { recursive: true })
    execFileSync('/usr/bin/python3', ['-m', 'venv', '--without-pip', join(app, 'venv')])
    execFileSync('chown', ['-hR', `${ORDINARY}:${ORDINARY}`, app])
    site.policy({ include_venv: 'yes' })
  }
  const before = stateOf(site)
  const made = await systemBackup(site)
  const file = join(site.backups, 'system', basename(made))
  const aside = join(site.folder, basename(made))
  copyFileSync(made, aside)
  site.service('stop')
  for (const gone of [
    site.root,
    unitsOf(site),
    nginxOf(site),
    ...['operations', 'fingerprints', 'catalog', 'unfinished', 'state.db'].map((name) => join(site.state, name)),
  ])
    rmSync(gone, { recursive: true, force: true })
  for (const folder of [
    unitsOf(site),
    nginxOf(site),
    join(site.folder, 'etc/nginx/sites-enabled'),
    join(site.backups, 'system'),
  ])
    mkdirSync(folder, { recursive: true })
  copyFileSync(aside, file)
  execFileSync('chown', ['0:0', file])
  return { site, file, before }
}

const userOf = (site: WorkingSite) =>
  readFileSync(join(site.etc, 'passwd'), 'utf8').match(new RegExp(`^${OWNER}:x:(\\d+):`, 'm'))?.[1]
const accepting = (file: string) => [
  '--accept-files',
  '--expect-sha256',
  createHash('sha256').update(readFileSync(file)).digest('hex'),
]
const restoring = (file: string, ...more: readonly string[]) =>
  restoringSystem(file, ...accepting(file), '--keep-venv', ...more)

/** Like `stateOf`, without owners: the user has another number on the new server. */
const contents = (state: ReturnType<typeof stateOf>) =>
  Object.fromEntries(
    Object.entries(state).map(([part, value]) => [
      part,
      Array.isArray(value)
        ? value
            .map((line: string) => line.replace(/ \d+:\d+ /, ' ').replace(/^\. d \d+/, '. d'))
            .filter((line: string) => !/\.wants|\.requires|^vending/.test(line))
        : value,
    ]),
  )

describe.runIf(process.getuid?.() === 0)('a server without the site', () => {
  it('gets all of it from one system backup, with its user, its folders and its links', async (test) => {
    const { site, file, before } = await emptied(test)
    const plan = await site.ask(['plan', 'restore', 'system', file], restorePlan)
    expect(plan.checks.find(({ check }) => check === 'new-server')).toMatchObject({
      acknowledge: true,
      evidence: expect.stringContaining(`the user ${OWNER}`),
    })
    expect(plan.owner).toBe(`${OWNER}:${OWNER}`)
    const { result } = await site.run(restoring(file, '--new-server'))
    expect([result.outcome, result.message]).toEqual(['succeeded', expect.stringContaining('were restored from')])
    expect(contents(stateOf(site))).toEqual(contents(before))
    const uid = Number(userOf(site))
    expect(uid).toBeGreaterThan(0)
    for (const path of [
      '',
      'app/app.py',
      'config/.env',
      'data/cvd.db',
      'logs',
      'backups',
      `backups/system/${basename(file)}`,
    ])
      expect(statSync(join(site.root, path)).uid, path).toBe(uid)
    expect(statSync(join(site.root, 'config/.env')).mode & 0o777).toBe(0o600)
    for (const link of ['multi-user.target.wants/cvd.service', 'kiosk.target.requires/cvd.service', 'vending.service'])
      expect(readlinkSync(join(unitsOf(site), link)), link).toBe(join(unitsOf(site), 'cvd.service'))
    expect(readdirSync(unitsOf(site)).sort()).toEqual(
      ['cvd.service', 'cvd.service.d', 'kiosk.target.requires', 'multi-user.target.wants', 'vending.service'].sort(),
    )
    expect(readFileSync(join(site.folder, 'etc/nginx/sites-enabled/cvd'), 'utf8')).toBe('server { old }\n')
    expect(await site.health()).toBe(200)
    expect(site.leftBehind()).toEqual([])
    expect(site.complaints()).toBe('')
  })

  it('gets the virtual environment of the backup, if it fits', async (test) => {
    const { site, file } = await emptied(test, true)
    const plan = await site.ask(['plan', 'restore', 'system', file], restorePlan)
    const application = plan.parts.find(({ part }) => part === 'application')
    expect(application?.tree?.venv).toMatchObject({ state: 'brought' })
    const { result } = await site.run(restoringSystem(file, ...accepting(file), '--new-server'))
    expect([result.outcome, result.message]).toEqual(['succeeded', expect.stringContaining('application')])
    const python = join(site.root, 'app/venv/bin/python')
    const prefix = execFileSync(python, ['-c', 'import sys; print(sys.prefix)'], { encoding: 'utf8' }).trim()
    expect(prefix).toBe(join(site.root, 'app/venv'))
    expect(statSync(join(site.root, 'app/venv')).uid).toBe(Number(userOf(site)))
  })

  it('is left alone without --new-server', async (test) => {
    const { site, file } = await emptied(test)
    const { result } = await site.run(restoring(file))
    expect([result.code, result.next]).toEqual(['checks-failed', expect.stringContaining('--new-server')])
    expect(userOf(site)).toBeUndefined()
    expect(readdirSync(site.root)).toEqual(['backups'])
  })

  it.for(['starting', 'swapping-config', 'staged'])(
    'is as empty as before when the restore fails at %s',
    async (phase, test) => {
      const { site, file } = await emptied(test)
      site.failpoint(`${phase} fail`)
      const { result } = await site.run(restoring(file, '--new-server'))
      expect(result.outcome).toBe(phase === 'staged' ? 'failed' : 'rolled back')
      expect(readdirSync(unitsOf(site))).toEqual([])
      expect(readdirSync(nginxOf(site))).toEqual([])
      expect(readdirSync(join(site.folder, 'etc/nginx/sites-enabled'))).toEqual([])
      expect(userOf(site)).toBeUndefined()
      expect(readdirSync(site.root)).toEqual(['backups'])
      for (const kept of [site.root, site.backups, file]) expect(statSync(kept).uid, kept).toBe(0)
      rmSync(join(site.state, 'failpoint'), { force: true })
      const again = await site.run(restoring(file, '--new-server'))
      expect(again.result.outcome).toBe('succeeded')
      expect(await site.health()).toBe(200)
      for (const path of ['data', 'logs', 'data/cvd.db', 'app', 'config'])
        expect(statSync(join(site.root, path)).uid, path).toBe(Number(userOf(site)))
    },
  )

  it.for(['created-folder', 'created-user'])(
    'keeps nothing of an attempt that was killed at %s',
    async (phase, test) => {
      const { site, file } = await emptied(test)
      site.failpoint(`${phase} kill`)
      await site.run(restoring(file, '--new-server'))
      expect(existsSync(join(site.state, 'failpoint'))).toBe(false)
      await site.run(['recover'])
      expect(userOf(site)).toBeUndefined()
      expect(readdirSync(site.root)).toEqual(['backups'])
    },
  )

  it.for([
    ['a group that others belong to', 'Group=adm', 'the backup names the group adm', `${OWNER}:adm`],
    ['a user who can log in', 'User=root', 'it is not known who is to own', `root:${OWNER}`],
  ])('does not take from a backup %s, until a person names it', async ([, line = '', evidence = '', said], test) => {
    const { site, file } = await emptied(test)
    const work = join(site.folder, 'changed')
    mkdirSync(work)
    execFileSync('tar', ['-xpzf', file, '-C', work])
    const [top = ''] = readdirSync(work)
    rmSync(join(work, top, 'manifest.json'))
    const unit = join(work, top, 'config/cvd.service')
    writeFileSync(unit, readFileSync(unit, 'utf8').replace(new RegExp(`^${line.split('=')[0]}=.*$`, 'm'), line))
    execFileSync('tar', ['-czf', file, '-C', work, top])
    const plan = await site.ask(['plan', 'restore', 'system', file], restorePlan)
    expect(plan.checks.find(({ check }) => check === 'new-server')).toMatchObject({
      state: 'failed',
      evidence: expect.stringContaining(evidence),
      fix: 'say it: --owner USER:GROUP',
    })
    expect(plan.owner).toBe(said)
    const named = await site.ask(['plan', 'restore', 'system', file, '--owner', `${OWNER}:adm`], restorePlan)
    expect(named.checks.find(({ check }) => check === 'new-server')).toMatchObject({
      state: 'warning',
      evidence: expect.stringContaining(`is given to ${OWNER}:adm`),
    })
  })

  it('cannot be undone: there was nothing that could run', async (test) => {
    const { site, file } = await emptied(test)
    await site.run(restoring(file, '--new-server'))
    const { result } = await site.run(site.undoing(site.operations('restore')[0] ?? ''))
    expect([result.code, await site.health()]).toEqual(['not-undoable', 200])
  })

  it('names the files that its nginx site needs, before anything is created', async (test) => {
    const { site, file } = await emptied(test)
    const work = join(site.folder, 'changed')
    mkdirSync(work)
    execFileSync('tar', ['-xpzf', file, '-C', work])
    const [top = ''] = readdirSync(work)
    writeFileSync(join(work, top, 'config/nginx-cvd.conf'), 'server { \n ssl_certificate /no/such/cert.pem; # x\n}\n')
    execFileSync('tar', ['-czf', file, '-C', work, top])
    const plan = await site.ask(['plan', 'restore', 'system', file], restorePlan)
    expect(plan.checks.find(({ check }) => check === 'nginx-needs')).toMatchObject({
      state: 'failed',
      evidence: 'missing: /no/such/cert.pem',
    })
  })
})
