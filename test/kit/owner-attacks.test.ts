/** Root works for a site whose user is hostile: root does nothing that this user may not do. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it, type TestContext } from 'vitest'
import { inspection } from '../../src-shared/domain/kit-site.ts'
import { Trial } from '../support/kit/trial.ts'
import { listen, WorkingSite } from '../support/kit/working-site.ts'
import { ORDINARY, ScratchSite } from '../support/scratch-site.ts'

/** As the application's user. */
const asOwner = (text: string) =>
  execFileSync('setpriv', [`--reuid=${ORDINARY}`, `--regid=${ORDINARY}`, '--clear-groups', '/bin/bash', '-c', text])

/** A folder of root's that the user may rename, because its parent is the user's, but whose contents it cannot change. */
const rootsFolder = (path: string) => {
  mkdirSync(join(path, 'sub'), { recursive: true, mode: 0o700 })
  writeFileSync(join(path, 'sub/file'), 'precious')
  return (name: string) => asOwner(`cd '${dirname(path)}' && mv '${path}' '${name}'`)
}

describe("a folder of root's given the name of a work folder", () => {
  it('is not emptied if it is among the backups', async (test) => {
    const site = new ScratchSite({ owner: ORDINARY })
    test.onTestFinished(() => site.remove())
    rootsFolder(join(site.backups, 'offsite'))('.cvd-backup-offsite1')
    expect((await site.run(['database'])).result.code).toBe('ok')
    expect(existsSync(join(site.backups, '.cvd-backup-offsite1/sub/file'))).toBe(true)
  })

  it("is not emptied if a link makes another user's folder the backup folder", async (test) => {
    const site = new ScratchSite({ owner: ORDINARY })
    test.onTestFinished(() => site.remove())
    const foreign = join(site.folder, 'foreign')
    mkdirSync(join(foreign, '.cvd-backup-anothers/sub'), { recursive: true })
    writeFileSync(join(foreign, '.cvd-backup-anothers/sub/file'), 'precious')
    for (const part of ['owner', 'reader']) mkdirSync(join(foreign, '.cvd-backup-anothers', part))
    execFileSync('chmod', ['711', join(foreign, '.cvd-backup-anothers')])
    asOwner(`mv '${site.backups}' '${site.backups}.away' && ln -s '${foreign}' '${site.backups}'`)
    await site.run(['database'])
    expect(existsSync(join(foreign, '.cvd-backup-anothers/sub/file'))).toBe(true)
  })

  it("is not removed if it takes the place of a restore's work folder", async (test) => {
    const site = new WorkingSite({ owner: ORDINARY })
    test.onTestFinished(() => site.remove())
    const backup = site.backup('cvd_backup_20260110_120000.db.gz')
    const data = dirname(site.database)
    const rename = rootsFolder(join(data, 'kept'))
    site.failpoint('swapped pause')
    const ended = listen(site.start(site.restoring(backup)))
    await site.paused()
    const stage = readdirSync(data).find((name) => name.startsWith('.cvd-backup-')) ?? ''
    asOwner(`cd '${data}' && mv '${stage}' stage.away`)
    rename(stage)
    rmSync(join(site.state, 'failpoint'))
    await ended
    expect(existsSync(join(data, stage, 'sub/file'))).toBe(true)
  })
})

it('the verified database of a restore cannot be changed by its owner before it is in place', async (test) => {
  const site = new WorkingSite({ owner: ORDINARY })
  test.onTestFinished(() => site.remove())
  const backup = site.backup('cvd_backup_20260110_120000.db.gz')
  const data = dirname(site.database)
  site.failpoint('staged pause')
  const ended = listen(site.start(site.restoring(backup)))
  await site.paused()
  const stage = readdirSync(data).find((name) => name.startsWith('.cvd-backup-')) ?? ''
  expect(existsSync(join(data, stage, 'staged.db'))).toBe(true)
  expect(() => asOwner(`cd '${join(data, stage)}' && : >>staged.db`)).toThrow('Permission denied')
  expect(() => asOwner(`: >>'${join(data, stage, 'staged.db')}'`)).toThrow('Permission denied')
  rmSync(join(site.state, 'failpoint'))
  await ended
  expect(site.outcome(site.operations('restore').at(-1) ?? '')).toMatchObject({ outcome: 'succeeded' })
})

/** Makes a folder whose new contents are writable for the application's user: a default ACL. */
const handsOn = (folder: string) => {
  const entry = (tag: number, id: number) => {
    const bytes = Buffer.alloc(8)
    bytes.writeUInt16LE(tag, 0)
    bytes.writeUInt16LE(7, 2)
    bytes.writeUInt32LE(id, 4)
    return bytes
  }
  const none = 0xffffffff
  const version = Buffer.from([2, 0, 0, 0])
  const acl = [entry(1, none), entry(2, ORDINARY), entry(4, none), entry(16, none), entry(32, none)]
  const text = Buffer.concat([version, ...acl]).toString('hex')
  execFileSync('python3', [
    '-c',
    'import os, sys; os.setxattr(sys.argv[1], "system.posix_acl_default", bytes.fromhex(sys.argv[2]))',
    folder,
    text,
  ])
}

it("files made in a work folder cannot be written by the parent's user, whatever the parent's ACL grants", (test) => {
  const site = new ScratchSite({ owner: ORDINARY })
  test.onTestFinished(() => site.remove())
  handsOn(site.backups)
  const printed = site.library(`enter_work_dir "$BACKUPS" && : >said && as_reader touch ../reader/made
    stat -c %a said reader/made; (become_owner test -w ../said) && echo written; (become_owner test -w ../reader/made) && echo written; leave_work_dir`)
  expect(printed).toBe('600\n600\n')
})

describe('a folder of backups that only its owner may enter', () => {
  const closed = (test: TestContext) => {
    const site = new ScratchSite({ owner: ORDINARY })
    test.onTestFinished(() => site.remove())
    chmodSync(site.backups, 0o700)
    return site
  }

  it("does not hand a file of root's to its owner through a link where a copy is taken to", (test) => {
    const site = closed(test)
    const secret = join(site.folder, 'secret')
    writeFileSync(secret, 'of root', { mode: 0o600 })
    const printed = site.library(
      `enter_work_dir "$BACKUPS"; (become_owner ln -s "$1" ../reader/copy.db); (become_owner touch copy.db)
       seize copy.db; echo "$?"; stat -c '%u %a' "$1"; leave_work_dir`,
      [secret],
    )
    expect(printed).toBe('1\n0 600\n')
  })

  it('gets backups that are not called verified, and the reason is said', async (test) => {
    const site = closed(test)
    const { result, events } = await site.run(['database'])
    expect(result.code).toBe('ok')
    expect(events.filter((one) => one.kind === 'log').map((one) => one.text)).toContainEqual(
      expect.stringContaining('no other user may enter'),
    )
    expect((await site.ask(['inspect'], inspection)).backups).toMatchObject([{ verdict: 'never', fingerprint: true }])
    // In a folder of root's, the reader is not the owner.
    expect((await site.run(['verify', '--all'])).result.code).toBe('ok')
    expect((await site.ask(['inspect'], inspection)).backups).toMatchObject([{ verdict: 'verified' }])
  })
})

describe("when the owner is not a member of the CVD data's group", () => {
  it.for([0, 4])('group %i: the owner gets no rights of that group', (group, test) => {
    const site = new ScratchSite({ owner: ORDINARY })
    test.onTestFinished(() => site.remove())
    const secret = join(site.folder, 'secret')
    writeFileSync(secret, 'for the group')
    execFileSync('chown', [`0:${group}`, secret])
    execFileSync('chmod', ['640', secret])
    execFileSync('chown', ['-R', `${ORDINARY}:${group}`, site.root])
    expect(
      site.library(`(become_owner cat "$1") 2>/dev/null; as_reader cat "$1" 2>/dev/null; (become_owner id -g)`, [
        secret,
      ]),
    ).toBe('65534\n')
  })
})

describe('a stopped process of the owner, whose output another one holds open,', () => {
  const stopped = (name: string) => `${name}() { setsid sleep 90 & kill -STOP $$; }`
  const sooner = `eval "whole_$(declare -f side_says)"; side_says() { whole_side_says 3 "\${@:2}"; }`
  const restored = async (test: TestContext, instead: string) => {
    const site = new WorkingSite({ owner: ORDINARY })
    test.onTestFinished(() => site.remove())
    const backup = site.backup('cvd_backup_20260110_120000.db.gz')
    const { result } = await site.run(site.restoring(backup), { instead })
    expect(await site.health()).toBe(200)
    expect(site.leftBehind()).toEqual([])
    return result
  }

  it('does not keep a restore from ending', async (test) => {
    expect((await restored(test, stopped('log_line'))).outcome).toBe('succeeded')
  })

  it('does not keep a restore from being rolled back', async (test) => {
    expect((await restored(test, `${stopped('live_counts')}\n${sooner}`)).outcome).toBe('rolled back')
  })

  it('does not keep a restore from being refused', async (test) => {
    expect((await restored(test, `${stopped('backup_facts')}\n${sooner}`)).outcome).toBe('failed')
  })
})

it('who hands on a kit that is not stored has no lock or journal of root open', (test) => {
  const site = new ScratchSite({ owner: ORDINARY })
  test.onTestFinished(() => site.remove())
  // The owner's side does not read the kit, so that whoever writes it waits.
  mkdirSync(join(site.folder, 'programs'))
  writeFileSync(join(site.folder, 'programs/setpriv'), '#!/bin/bash\nexec sleep 60\n', { mode: 0o755 })
  const said = site.library(
    `PATH=$1:$PATH; text_of_kit=$(<"$KIT") KIT_FILE=''; exec 7<"$DATABASE_FILE"; in_background owner_do true; job=$REPLY
     until side=$(pgrep -g "$job" -x sleep); do sleep 0.05; done
     for fd in /proc/$(pgrep -P "$side")/fd/*; do
       if [[ $fd -ef $DATABASE_FILE ]]; then echo open; elif [[ ${'$'}{fd##*/} == 1 ]]; then echo 'writes the kit'; fi
     done
     end_background "$job" || true`,
    [join(site.folder, 'programs')],
  )
  expect(said).toBe('writes the kit\n')
})

describe("a lock of the owner's on the data folder", () => {
  const locked = async (test: TestContext) => {
    const trial = await Trial.of(test, 'restore', { owner: ORDINARY })
    await trial.killedAt('swapping kill')
    const words = [
      `--reuid=${ORDINARY}`,
      `--regid=${ORDINARY}`,
      '--clear-groups',
      'flock',
      '--no-fork',
      dirname(trial.site.database),
    ]
    const locker = spawn('setpriv', [...words, 'sh', '-c', 'echo locked; exec sleep 600'])
    test.onTestFinished(() => void locker.kill('SIGKILL'))
    await once(locker.stdout, 'data')
    return { trial, locker }
  }

  it('does not keep root from completing an interrupted restore', async (test) => {
    const { trial } = await locked(test)
    const instead = 'DATA_LOCK_SECONDS=1; kit_is_kept() { return 1; }'
    expect((await trial.site.run(['recover'], { instead })).result.code).toBe('ok')
    await trial.proveOld('rolled back')
  })

  it("is reported to whoever requests a backup, with the program's name", async (test) => {
    const { trial } = await locked(test)
    const { result } = await trial.site.run(['database'])
    expect([result.code, result.message]).toEqual(['busy', expect.stringMatching(/ sleep \(process [0-9]+ of /)])
  })
})

it('a rollback kills only processes that belong to the service at that moment', (test) => {
  const site = new ScratchSite()
  test.onTestFinished(() => site.remove())
  const printed = site.library(`sleep 60 & pid=$!; HOLDERS=("$pid"$'\\tuser\\tcvd\\tsleep')
    holders_kill; echo "$?"; kill "$pid" && echo alive
    holder_service() { REPLY=cvd; }; sleep 60 & HOLDERS=("$!"$'\\tuser\\tcvd\\tsleep'); holders_kill; echo "$?"`)
  expect(printed).toBe('1\nalive\n0\n')
})

describe('a name that takes long to classify', () => {
  it("does not delay the list: many numbers after a database's ending", async (test) => {
    const site = new ScratchSite({ owner: ORDINARY })
    test.onTestFinished(() => site.remove())
    asOwner(
      `: >'${join(site.backups, `a.db${'-1'.repeat(60)}!`)}'; : >'${join(site.backups, `b.db${'_1'.repeat(100)}`)}'`,
    )
    const { backups, otherFiles } = await site.ask(['inspect'], inspection)
    expect([...backups, ...otherFiles].map(({ path }) => path)).toHaveLength(2)
  })

  it('does not delay the list: a line that is not a path', (test) => {
    const site = new ScratchSite({ owner: ORDINARY })
    test.onTestFinished(() => site.remove())
    expect(
      site.library(
        `{ printf '0\\t1\\t1\\t/'; head -c 3000000 /dev/zero | tr '\\0' '\\200'; echo; } | listing_joined; printf '%s' "$?"`,
      ),
    ).toBe('0')
  })
})

describe('where root controls the database', () => {
  it('the kit works as the owner of the backups, not as root', (test) => {
    const site = new ScratchSite({ owner: ORDINARY })
    test.onTestFinished(() => site.remove())
    execFileSync('chown', ['-R', '0:0', site.root])
    execFileSync('chown', ['-R', `${ORDINARY}:${ORDINARY}`, site.backups])
    expect(site.library('printf %s "$OWNER_UID"')).toBe(String(ORDINARY))
  })
})
