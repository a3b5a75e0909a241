/** Archives made to attack, and the application's user at work while its folder is restored: nothing outside is touched, nothing is half. */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it, type TestContext } from 'vitest'
import { pack, treeState, write } from '../support/kit/tree.ts'
import { restoringTree, siteWithTrees, TreeTrial } from '../support/kit/tree-trial.ts'
import { listen, type WorkingSite } from '../support/kit/working-site.ts'
import { ORDINARY } from '../support/scratch-site.ts'

const root = process.getuid?.() === 0
const name = 'cvd_app_20260110_120000.tar.gz'

/** Python that adds members to the archive `t`. */
const attacks: readonly (readonly [what: string, members: string, words: RegExp])[] = [
  ['an absolute name', 'add("/tmp/outside")', /member \/tmp\/outside has an absolute path/],
  ['a name with ..', 'add("./../outside")', /leads out of the archive's folder/],
  [
    'a link to another folder, and a file in it',
    'add("./out", SYMTYPE, "/tmp"); add("./out/outside")',
    /member out\/outside lies behind a symbolic link/,
  ],
  [
    'a link to a file elsewhere',
    'add("./passwd", SYMTYPE, "/etc/passwd")',
    /leads out of the tree: .\/passwd -> \/etc\/passwd/,
  ],
  [
    'a link that leads out over another',
    'add("./a/b/up", SYMTYPE, "../.."); add("./x", SYMTYPE, "a/b/up/../y")',
    /leads out of the tree/,
  ],
  [
    'a hard link',
    'add("./two", LNKTYPE, "/etc/passwd")',
    /member \.\/two is a hard link to a file that is not before it/,
  ],
  ['a device', 'add("./null", CHRTYPE)', /member \.\/null is a device/],
  ['a named pipe', 'add("./pipe", FIFOTYPE)', /member \.\/pipe is not a file, folder or link/],
  ['a file with set-user-ID', 'add("./su", mode=0o4755)', /file \.\/su runs with the rights of its owner/],
  ['a name with a newline', 'add("./new\\nline")', /control characters/],
  ['a name that moves the cursor', 'add("./\\x1b[2J")', /control characters/],
  ['more than a million members', 'many(1000001)', /more than 1000000 members/],
]

const builder = `
import io, sys
from tarfile import TarInfo, open as tar, REGTYPE, SYMTYPE, LNKTYPE, CHRTYPE, FIFOTYPE
t = tar(sys.argv[1], "w:gz", compresslevel=1)
def add(name, type=REGTYPE, link="", mode=0o644, data=b""):
    i = TarInfo(name); i.type = type; i.linkname = link; i.mode = mode; i.size = len(data)
    t.addfile(i, io.BytesIO(data))
add("./app.py", data=b"print()")
def many(number):
    # Each with a name of its own; the checksum is of the digits, too.
    block = TarInfo("./0000000").tobuf()
    total = int(block[148:154], 8) - 7 * 48
    for i in range(number):
        name = b"%07d" % i
        t.fileobj.write(block[:2] + name + block[9:148] + b"%06o\\0 " % (total + sum(name)) + block[156:])
exec(sys.argv[2])
t.close()
`

function hostile(site: WorkingSite, members: string): string {
  const file = join(site.backups, 'app', name)
  execFileSync('python3', ['-c', builder, file, members])
  return file
}

function site(test: TestContext, options: Parameters<typeof siteWithTrees>[0] = {}): WorkingSite {
  const made = siteWithTrees(options)
  test.onTestFinished(() => made.remove())
  return made
}

const asOwner = (text: string) =>
  execFileSync('setpriv', [`--reuid=${ORDINARY}`, `--regid=${ORDINARY}`, '--clear-groups', '/bin/bash', '-c', text])

describe.concurrent('an archive with', () => {
  it.for(attacks)('%s is refused, and nothing is written', async ([, members, words], test) => {
    const one = site(test, root ? { owner: ORDINARY } : {})
    const before = treeState(join(one.root, 'app'))
    const beside = readdirSync(one.root)
    const { result } = await one.run(restoringTree('application', hostile(one, members)))
    expect(result).toMatchObject({ outcome: 'failed', message: expect.stringMatching(words) })
    expect(result.code).toMatch(/^(not-a-backup|integrity)$/)
    expect(treeState(join(one.root, 'app'))).toEqual(before)
    expect(readdirSync(one.root)).toEqual(beside)
    expect(existsSync('/tmp/outside')).toBe(false)
    expect([one.leftBehind(), one.complaints()]).toEqual([[], ''])
  })

  it('a link that leads out is restored if the live application has the same one', async (test) => {
    const one = site(test)
    mkdirSync(join(one.root, 'uploads'))
    symlinkSync(join(one.root, 'uploads'), join(one.root, 'app/uploads'))
    const file = pack('application', one.root, join(one.backups, 'app', name))
    expect((await one.run(restoringTree('application', file))).result.outcome).toBe('succeeded')
    rmSync(join(one.root, 'app/uploads'))
    expect((await one.run(restoringTree('application', file))).result.message).toContain('leads out of the tree')
  })

  it('more than the disk can take is refused before it is written', async (test) => {
    const one = site(test)
    execFileSync(
      'bash',
      ['-c', 'truncate -s 4T zeros && tar -czSf "$1" ./zeros && rm zeros', 'bomb', join(one.backups, 'app', name)],
      { cwd: one.folder },
    )
    const { result } = await one.run(restoringTree('application', name))
    expect(result).toMatchObject({ outcome: 'failed', code: 'no-space' })
    expect(one.leftBehind()).toEqual([])
  })
})

describe.concurrent('a restore of the application', () => {
  const packed = (one: WorkingSite) => pack('application', one.root, join(one.backups, 'app', name))

  it("takes the runbook's own safety copy, and keeps the live environment instead of the one in it", async (test) => {
    const one = site(test)
    const file = join(one.backups, 'app/current_app_20260110_120000.tar.gz')
    execFileSync('tar', ['-czf', file, '-C', join(one.root, 'app'), '.'])
    writeFileSync(join(one.root, 'app/venv/lib/flask.py'), 'newer\n')
    const before = treeState(join(one.root, 'app'))
    expect((await one.run(restoringTree('application', file))).result.outcome).toBe('succeeded')
    expect(treeState(join(one.root, 'app'))).toEqual(before)
  })

  it.for(['the database', 'the backups', 'the logs'])('that would take %s along is refused', async (what, test) => {
    const one = site(test)
    const file = packed(one)
    const names: Readonly<Record<string, string>> = {
      'the database': 'database',
      'the backups': 'backups',
      'the logs': 'logs',
    }
    const inside = join(one.root, 'app/inside')
    const from = what === 'the database' ? dirname(one.database) : join(one.root, names[what] ?? '')
    renameSync(from, inside)
    symlinkSync(inside, from)
    const { result } = await one.run(restoringTree('application', file))
    expect(result).toMatchObject({
      outcome: 'failed',
      code: 'checks-failed',
      message: expect.stringContaining(`holds ${what}: `),
    })
    expect(existsSync(inside)).toBe(true)
  })

  it.runIf(root).for([
    ['whose folder is a file system of its own', 'app', /app is a file system of its own/],
    [
      'whose folder has a file system mounted in it',
      'app/static/a b',
      /holds a file system of its own: .*app\/static\/a b/,
    ],
  ] as const)('%s is refused before anything stops', ([, mounted, words], test) => {
    const one = site(test)
    const file = packed(one)
    mkdirSync(join(one.root, mounted), { recursive: true })
    const script = 'mount -t tmpfs none "$1" && shift && "$@"'
    const kit = [
      '/bin/bash',
      '--noprofile',
      '--norc',
      one.kit,
      '--root',
      one.root,
      ...restoringTree('application', file),
    ]
    const { stdout, status } = spawnSync(
      'unshare',
      ['--mount', 'bash', '-c', script, 'mount', join(one.root, mounted), ...kit],
      {
        env: { PATH: process.env.PATH, HOME: one.folder, CVD_BACKUP_STATE: one.state },
        encoding: 'utf8',
      },
    )
    expect([status, stdout]).toEqual([4, expect.stringMatching(words)])
    expect(one.outcome(one.operations('restore')[0] ?? '')).toMatchObject({ outcome: 'failed', code: 'checks-failed' })
  })

  it('that is rolled back keeps what was written to the restored folder', async (test) => {
    const trial = await TreeTrial.of(test, 'application', 'restore', { broken: true })
    trial.site.behave('uploads')
    const result = await trial.run()
    expect(readFileSync(join(trial.folder, 'app.py'), 'utf8')).toBe('print("new")\n')
    const [kept = ''] = readdirSync(trial.site.root).filter((one) => one.startsWith('app.rejected.'))
    expect(readFileSync(join(trial.site.root, kept, 'upload.txt'), 'utf8')).toBe('precious')
    expect(result.unchanged).toContain(`is kept in ${join(trial.site.root, kept)}`)
  })

  it('that is rolled back keeps no folder that has only caches more', async (test) => {
    const trial = await TreeTrial.of(test, 'application', 'restore', { broken: true })
    trial.site.behave('caches')
    await trial.run()
    expect(readdirSync(trial.site.root).filter((one) => one.includes('rejected'))).toEqual([])
  })
})

describe.runIf(root).concurrent("while the application's user is at work, a restore", () => {
  const during = async (test: TestContext, phase: string, attack: (trial: TreeTrial) => void) => {
    const trial = await TreeTrial.of(test, 'application', 'restore', { owner: ORDINARY })
    const foreign = join(trial.site.folder, 'foreign')
    write(foreign, { 'venv/precious': 'precious', file: 'precious' })
    const before = treeState(foreign)
    trial.site.failpoint(`${phase} pause`)
    const ended = listen(trial.site.start(trial.arguments))
    await trial.site.paused()
    attack(trial)
    rmSync(join(trial.site.state, 'failpoint'))
    const end = (await ended).at(-1)
    expect(treeState(foreign)).toEqual(before)
    expect(trial.site.leftBehind()).toEqual([])
    return { trial, end }
  }
  const link = ({ folder, site: one }: TreeTrial) =>
    asOwner(`mv '${folder}' '${folder}.away' && ln -s '${one.folder}/foreign' '${folder}'`)

  it('stops when app is a link by then, and follows it nowhere', async (test) => {
    const { trial, end } = await during(test, 'stopping', link)
    expect(end).toMatchObject({
      outcome: 'rolled back',
      message: 'Another program replaced app while the restore was prepared.',
    })
    renameSync(`${trial.folder}.away`, trial.folder.replace(/app$/, 'checked'))
  })

  it('stops when venv is a link by then, and follows it nowhere', async (test) => {
    const { end } = await during(test, 'keeping', ({ folder, site: one }) =>
      asOwner(`mv '${folder}/venv' '${folder}/venv.away' && ln -s '${one.folder}/foreign/venv' '${folder}/venv'`),
    )
    expect(end).toMatchObject({ outcome: 'rolled back' })
  })

  it('does not give its place to a link that was put there meanwhile', async (test) => {
    const { trial, end } = await during(test, 'swapping', ({ folder, site: one }) =>
      asOwner(`ln -s '${one.folder}/foreign' '${folder}'`),
    )
    expect(end).toMatchObject({
      outcome: 'rolled back',
      message: expect.stringContaining('Another program created app'),
    })
    trial.proveOldFiles()
  })

  it('cannot be entered by him before root has given it away', async (test) => {
    const one = site(test, { owner: ORDINARY })
    chmodSync(join(one.root, 'app/static'), 0o777)
    const file = pack('application', one.root, join(one.backups, 'app', name))
    const log = join(one.folder, 'entered')
    writeFileSync(log, '')
    chownSync(log, ORDINARY, ORDINARY)
    const script = `shopt -s nullglob; cd '${one.root}' || exit; echo ready
      while :; do
        for work in .cvd-backup-*; do
          [[ ! -d $work/reader/sealed ]] || echo seen
          for at in $work/reader/{*,*/*}/static; do (cd "$at" 2>/dev/null && echo "$at" >>'${log}'); done
        done
      done`
    const him = spawn('setpriv', [
      `--reuid=${ORDINARY}`,
      `--regid=${ORDINARY}`,
      '--clear-groups',
      '/bin/bash',
      '-c',
      script,
    ])
    test.onTestFinished(() => void him.kill())
    let said = ''
    const ready = new Promise<void>((resolve) => {
      him.stdout.on('data', (text) => {
        said = (said + String(text)).slice(-100)
        resolve()
      })
    })
    await ready
    expect((await one.run(restoringTree('application', file))).result.outcome).toBe('succeeded')
    expect(said).toContain('seen')
    expect(readFileSync(log, 'utf8')).toBe('')
  })

  it('is refused when app is a link once the archive is extracted: nothing stops, and the folder behind it keeps all', async (test) => {
    const trial = await TreeTrial.of(test, 'application', 'restore', { owner: ORDINARY })
    const foreign = join(trial.site.folder, 'foreign')
    write(foreign, { 'venv/precious': 'precious', '.git/HEAD': 'precious' })
    const before = treeState(foreign)
    const attack = `mv '${trial.folder}' '${trial.folder}.away' && ln -s '${foreign}' '${trial.folder}'`
    const instead = `
      eval "true_$(declare -f rows_ready)"
      rows_ready() {
        setpriv --reuid=${ORDINARY} --regid=${ORDINARY} --clear-groups /bin/bash -c "${attack}"
        true_rows_ready
      }`
    const { result } = await trial.site.run(trial.arguments, { instead })
    expect(result).toMatchObject({
      outcome: 'failed',
      code: 'checks-failed',
      message: expect.stringContaining('is a symbolic link'),
    })
    expect(treeState(foreign)).toEqual(before)
    expect(trial.site.leftBehind()).toEqual([])
    renameSync(`${trial.folder}.away`, trial.folder.replace(/app$/, 'checked'))
  })

  it('leaves the environment of another folder that took the place of app where it is', async (test) => {
    const { trial, end } = await during(test, 'stopping', ({ folder }) =>
      asOwner(`mv '${folder}' '${folder}.away' && mkdir -p '${folder}/venv' && echo other >'${folder}/venv/other'`),
    )
    expect(end).toMatchObject({
      outcome: 'rolled back',
      message: 'Another program replaced app while the restore was prepared.',
    })
    expect(readFileSync(join(trial.folder, 'venv/other'), 'utf8')).toBe('other\n')
  })
})
