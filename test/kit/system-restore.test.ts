/** A restore of everything from a system backup: one transaction, one undo. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { restorePlan, restoreReport } from '../../src-shared/domain/kit-restore.ts'
import { operationEntry } from '../../src-shared/domain/kit-site.ts'
import { write } from '../support/kit/tree.ts'
import { phases } from '../support/kit/trial.ts'
import {
  breakAll,
  nginxOf,
  restoringSystem,
  stateOf,
  systemBackup,
  unitsOf,
  WholeTrial,
  wholePhases,
  wholeSite,
} from '../support/kit/whole-trial.ts'
import { ORDINARY } from '../support/scratch-site.ts'

const commands = ['restore', 'undo'] as const

describe.concurrent.for(commands)('%s of a whole site', (command) => {
  it('succeeds', async (test) => {
    const trial = await WholeTrial.of(test, command)
    await trial.run()
    await trial.proveNew()
  })

  it.for(command === 'restore' ? ['staged', ...wholePhases] : ['keeping-config', 'swapping-systemd'])(
    'killed at the phase %s, is rolled back',
    async (phase, test) => {
      const trial = await WholeTrial.of(test, command)
      await trial.killedAt(`${phase} kill`)
      await trial.recover()
      await trial.proveOld(phase === 'staged' ? 'failed' : 'rolled back')
    },
  )

  it.for(command === 'restore' ? phases.forward : ['starting'])(
    'killed at the phase %s, is completed',
    async (phase, test) => {
      const trial = await WholeTrial.of(test, command)
      await trial.killedAt(`${phase} kill`)
      await trial.recover()
      await trial.proveNew()
    },
  )

  it.for(command === 'restore' ? phases.rollback : ['returned'])(
    'killed on its way back at the phase %s, is rolled back',
    async (phase, test) => {
      const trial = await WholeTrial.of(test, command)
      await trial.killedAt('starting fail', `${phase} kill`)
      await trial.recover()
      await trial.proveOld('rolled back')
    },
  )

  it('when the server stops in the middle, has the old files at boot', async (test) => {
    const trial = await WholeTrial.of(test, command)
    await trial.killedAt('swapping-config kill')
    await trial.bootFiles()
    trial.proveOldFiles()
    trial.site.service('start')
    await trial.recover()
    await trial.proveOld('rolled back')
  })

  it('is rolled back when nginx refuses its site', async (test) => {
    const trial = await WholeTrial.of(test, command)
    trial.site.lie('[[ "$1 $2" != "reload nginx" ]] || exit 1')
    const { code, message } = await trial.run()
    expect([code, message]).toEqual(['service', expect.stringContaining('nginx')])
    trial.site.lie('')
    await trial.proveOld('rolled back')
  })
})

describe('a restore from a system backup', () => {
  it('of some parts leaves the others as they are', async (test) => {
    const site = wholeSite()
    test.onTestFinished(() => site.remove())
    const file = await systemBackup(site)
    const before = stateOf(site)
    breakAll(site)
    const broken = stateOf(site)
    const { result } = await site.run(restoringSystem(file, '--parts', 'config,nginx'))
    expect([result.outcome, result.message]).toEqual([
      'succeeded',
      expect.stringContaining('configuration and nginx site'),
    ])
    expect(restoreReport.parse(result.data).parts.map(({ part }) => part)).toEqual(['config', 'nginx'])
    // Every console calls it by what was asked for, not by its first part.
    const { operations } = await site.ask(['operations'], z.looseObject({ operations: z.array(operationEntry) }))
    expect(operations.find(({ command }) => command === 'restore')).toMatchObject({ part: 'system', undoable: true })
    expect(stateOf(site)).toEqual({ ...broken, config: before.config, nginx: before.nginx })
    // Undo needs all that was kept.
    const [kept = ''] = readdirSync(site.root).filter((name) => name.startsWith('config.pre-restore.'))
    rmSync(join(site.root, kept), { recursive: true })
    const { operations: now } = await site.ask(['operations'], z.looseObject({ operations: z.array(operationEntry) }))
    expect(now.find(({ command }) => command === 'restore')).toMatchObject({ undoable: false })
  })

  it('does not show the secrets of unit files in its plan', async (test) => {
    const site = wholeSite()
    test.onTestFinished(() => site.remove())
    const dropIn = join(unitsOf(site), 'cvd.service.d/limits.conf')
    writeFileSync(dropIn, '[Service]\nEnvironment="API_TOKEN=before" \nRestart=no\n')
    const file = await systemBackup(site)
    writeFileSync(dropIn, '[Service]\nEnvironment="API_TOKEN=after"\nRestart=always\n')
    const plan = await site.ask(['plan', 'restore', 'system', file], restorePlan)
    const systemd = plan.parts.find(({ part }) => part === 'systemd')
    const difference = systemd?.files.find(({ path }) => path === dropIn)?.difference
    expect(difference).toContain('-Environment="API_TOKEN=<hidden: the live value>')
    expect(difference).toContain('+Environment="API_TOKEN=<hidden: the value of the backup>')
    expect(difference).toMatch(/^-Restart=always$/m)
    expect(difference).not.toMatch(/before|after/)
  })

  it('says in its plan what changes in each part', async (test) => {
    const site = wholeSite()
    test.onTestFinished(() => site.remove())
    const file = await systemBackup(site)
    breakAll(site)
    const plan = await site.ask(['plan', 'restore', 'system', file], restorePlan)
    expect(plan.checks.filter(({ state }) => state === 'failed')).toEqual([])
    expect(plan).toMatchObject({ part: 'system', possible: true, manifest: expect.stringContaining('Users: 40') })
    expect(plan.tables.find(({ table }) => table === 'users')).toMatchObject({ live: 10, backup: 40, onlyBackup: 30 })
    expect(plan.parts.map(({ part }) => part)).toEqual(['database', 'application', 'config', 'systemd', 'nginx'])
    const [, application, config, systemd, nginx] = plan.parts
    expect(application?.tree).toMatchObject({ onlyLive: 1, onlyBackup: 1, changed: 1 })
    expect(config?.tree).toMatchObject({ onlyLive: 1, changed: 1 })
    expect(systemd?.files.map(({ path, state }) => [path.replace(unitsOf(site), ''), state])).toEqual([
      ['/cvd.service', 'changed'],
      ['/cvd.service.d/limits.conf', 'changed'],
      ['/cvd.service.d/more.conf', 'removed'],
    ])
    expect(nginx?.files[0]?.difference).toContain('-server { new }\n+server { old }')
  })

  it('refuses files that run as root unless they are known, or were looked at', async (test) => {
    const site = wholeSite()
    test.onTestFinished(() => site.remove())
    const file = await systemBackup(site)
    // The owner makes an archive of its own, with a unit that would give it root.
    const forged = join(site.backups, 'system/cvd_system_20200101_000000.tar.gz')
    const work = join(site.folder, 'forged')
    mkdirSync(work)
    execFileSync('tar', ['-xpzf', file, '-C', work])
    const top = execFileSync('ls', [work], { encoding: 'utf8' }).trim()
    renameSync(join(work, top), join(work, 'cvd_system_20200101_000000'))
    writeFileSync(join(work, 'cvd_system_20200101_000000/config/cvd.service'), '[Service]\nUser=root\n')
    execFileSync('tar', ['-czf', forged, '-C', work, 'cvd_system_20200101_000000'])
    const before = stateOf(site)
    const { result } = await site.run(restoringSystem(forged, '--parts', 'systemd'))
    expect([result.outcome, result.code, result.next]).toEqual([
      'failed',
      'checks-failed',
      expect.stringContaining('--accept-files'),
    ])
    expect(stateOf(site)).toEqual(before)
    const plan = await site.ask(['plan', 'restore', 'system', forged, '--parts', 'systemd'], restorePlan)
    expect(plan.checks.find(({ check }) => check === 'systemd-files')).toMatchObject({ acknowledge: true })
    expect(plan.parts[0]?.files[0]?.difference).toContain('+User=root')
    const again = await site.run(
      restoringSystem(forged, '--parts', 'systemd', '--accept-files', '--expect-sha256', plan.sha256),
    )
    expect(again.result.outcome).toBe('succeeded')
    expect(readFileSync(join(unitsOf(site), 'cvd.service'), 'utf8')).toBe('[Service]\nUser=root\n')
  })

  it.for([
    ['another unit', 'printf "[Service]\\nUser=root\\n" >x/cvd.service'],
    ['a drop-in that root does not have', 'printf "[Service]\\nUser=root\\n" >x/cvd.service.d/evil.conf'],
    ['no drop-in that root has', 'rm x/cvd.service.d/limits.conf; touch x/cvd.service.d/other.conf'],
  ])('is not fooled by an owner who puts %s into the copy while it is made', async ([, does], test) => {
    const site = wholeSite()
    test.onTestFinished(() => site.remove())
    const attacked = `
      tree_pack_by_owner() {
        owner_do tree_pack "$@" 2>/dev/null | head -c 65536 >packed
        (cd owner && mkdir x && tar -xpf tree.tar -C x && ${does} && cd x && find . -mindepth 1 -printf '%P\\n' | tar -cf ../tree.tar --no-recursion -T - && cd .. &&
          sed -i "s/^members=.*/members=$(tar -tf tree.tar | wc -l)/" ../packed && rm -rf x && chown "$OWNER_UID:$OWNER_GID" tree.tar)
      }`
    const made = await site.run(['systemd'], { instead: attacked })
    expect(made.result.outcome).toBe('succeeded')
    const file = execFileSync('bash', ['-c', `ls ${site.backups}/app/cvd_systemd_*.tar.gz`], {
      encoding: 'utf8',
    }).trim()
    const plan = await site.ask(['plan', 'restore', 'systemd', file], restorePlan)
    expect(plan.checks.find(({ check }) => check === 'systemd-files')).toMatchObject({ acknowledge: true })
    const confirm = ['--confirm', execFileSync('hostname', { encoding: 'utf8' }).trim(), '--reason', 'trial']
    const { result } = await site.run(['restore', 'systemd', file, ...confirm])
    expect([result.outcome, result.code]).toEqual(['failed', 'checks-failed'])
  })

  it('takes no acceptance of files without the hash of what was read', async (test) => {
    const site = wholeSite()
    test.onTestFinished(() => site.remove())
    const file = await systemBackup(site)
    const wrong = await site.run(restoringSystem(file, '--accept-files'))
    expect([wrong.exitCode, wrong.result.message]).toEqual([2, expect.stringContaining('--expect-sha256')])
    const { result } = await site.run(
      restoringSystem(file, '--parts', 'systemd', '--accept-files', '--expect-sha256', '0'.repeat(64)),
    )
    expect(result.code).toBe('plan-stale')
  })

  it('names the parts that are not in it', async (test) => {
    const site = wholeSite()
    test.onTestFinished(() => site.remove())
    rmSync(join(nginxOf(site), 'cvd'))
    const file = await systemBackup(site)
    const { result } = await site.run(restoringSystem(file, '--parts', 'config,nginx'))
    expect([result.code, result.message]).toEqual(['missing-part', 'Not in the backup: nginx.'])
    const all = await site.run(restoringSystem(file))
    expect(all.result.outcome).toBe('succeeded')
    expect(all.events).toContainEqual(
      expect.objectContaining({ kind: 'log', text: 'Not in the backup, and left as they are: nginx.' }),
    )
  })
})

describe('a restore of the unit files', () => {
  it('brings back the unit and its drop-ins, and takes away what was added since', async (test) => {
    const site = wholeSite()
    test.onTestFinished(() => site.remove())
    const before = stateOf(site)
    await site.run(['systemd'])
    const file = execFileSync('bash', ['-c', `ls ${site.backups}/app/cvd_systemd_*.tar.gz`], {
      encoding: 'utf8',
    }).trim()
    breakAll(site)
    const broken = stateOf(site)
    const confirm = ['--confirm', execFileSync('hostname', { encoding: 'utf8' }).trim(), '--reason', 'trial']
    const { result } = await site.run(['restore', 'systemd', file, ...confirm])
    expect([result.outcome, result.message]).toEqual(['succeeded', expect.stringContaining('unit files')])
    expect(stateOf(site)).toEqual({ ...broken, systemd: before.systemd })
    const undone = await site.run(site.undoing(site.operations('restore')[0] ?? ''))
    expect(undone.result.outcome).toBe('succeeded')
    expect(stateOf(site)).toEqual(broken)
  })
})

describe('an undo of a restore that created something', () => {
  it('takes the configuration away again, and keeps it', async (test) => {
    const site = wholeSite()
    test.onTestFinished(() => site.remove())
    const file = await systemBackup(site)
    rmSync(join(site.root, 'config'), { recursive: true })
    expect((await site.run(restoringSystem(file, '--parts', 'config'))).result.outcome).toBe('succeeded')
    expect(readFileSync(join(site.root, 'config/.env'), 'utf8')).toBe('SECRET=1\n')
    const { result } = await site.run(site.undoing(site.operations('restore')[0] ?? ''))
    expect(result.outcome).toBe('succeeded')
    expect(existsSync(join(site.root, 'config'))).toBe(false)
    const again = await site.run(site.undoing(site.operations('undo')[0] ?? ''))
    expect(again.result.outcome).toBe('succeeded')
    expect(readFileSync(join(site.root, 'config/.env'), 'utf8')).toBe('SECRET=1\n')
  })

  it('brings back all of the configuration, a git folder in it, too', async (test) => {
    const site = wholeSite()
    test.onTestFinished(() => site.remove())
    const file = await systemBackup(site)
    write(join(site.root, 'config'), { '.git/HEAD': 'ref: refs/heads/main\n', 'venv/x': 'x\n' })
    execFileSync('chown', ['-R', `${ORDINARY}:${ORDINARY}`, join(site.root, 'config')])
    const before = stateOf(site)
    await site.run(restoringSystem(file, '--parts', 'config'))
    const { result } = await site.run(site.undoing(site.operations('restore')[0] ?? ''))
    expect([result.outcome, stateOf(site)]).toEqual(['succeeded', before])
  })
})
