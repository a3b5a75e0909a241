/** Verification of archives: those that we made, the runbook's, and those that somebody made to attack. */
import { execFileSync } from 'node:child_process'
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, type TestContext } from 'vitest'
import { z } from 'zod'
import { decodePath } from '../../src-shared/domain/backup-path.ts'
import { archiveReport, verification } from '../../src-shared/domain/kit-backups.ts'
import { treeOf } from '../support/kit/archives.ts'
import { ORDINARY, ScratchSite } from '../support/scratch-site.ts'

const report = z.looseObject({ backups: z.array(verification) })

function siteOf(test: TestContext): ScratchSite {
  const site = new ScratchSite({ owner: ORDINARY })
  test.onTestFinished(() => site.remove())
  execFileSync('/bin/bash', [
    '-c',
    'cd "$1/app" && mkdir lib && echo one >app.py && echo two >lib/two.py && echo KEY=1 >.env && chown -R "$2:$2" .',
    'setup',
    site.root,
    String(ORDINARY),
  ])
  return site
}

async function verdictOf(site: ScratchSite, file: string, instead = '') {
  const { backups } = await site.ask(['verify', file], report, { instead })
  expect(backups).toHaveLength(1)
  return backups[0]
}

const made = async (site: ScratchSite) =>
  Buffer.from(decodePath((await site.ask(['application'], archiveReport)).backup.path)).toString()

/** Puts an archive among the backups that a program of Python's `tarfile` writes: it can write what tar refuses to. */
function archive(site: ScratchSite, name: string, python: string): string {
  const path = join(site.backups, 'app', name)
  const program = `
import io, sys, tarfile
with tarfile.open(sys.argv[1], 'w:gz') as out:
    def add(name, kind=tarfile.REGTYPE, data=b'x', **more):
        info = tarfile.TarInfo(name)
        info.type = kind
        if kind == tarfile.REGTYPE: info.size = len(data)
        for key, value in more.items(): setattr(info, key, value)
        out.addfile(info, io.BytesIO(data) if kind == tarfile.REGTYPE else None)
    add('./', tarfile.DIRTYPE, mode=0o755)
    add('./app.py', mode=0o644)
${python
  .split('\n')
  .map((line) => `    ${line.trim()}`)
  .join('\n')}
`
  execFileSync('python3', ['-c', program, path])
  return path
}

describe('an archive that we made', () => {
  it('is verified by its hash and each of its members', async (test) => {
    const site = siteOf(test)
    expect(await verdictOf(site, await made(site))).toMatchObject({
      verdict: 'verified',
      basis: 'fingerprint',
      reason: expect.stringMatching(/5 members compared/),
    })
  })

  it('has failed when a byte of it was changed, or its end is missing', async (test) => {
    const site = siteOf(test)
    const path = await made(site)
    const bytes = readFileSync(path)
    appendFileSync(path, 'x')
    expect(await verdictOf(site, path)).toMatchObject({ verdict: 'failed', basis: 'fingerprint' })
    writeFileSync(path, bytes.subarray(0, bytes.length - 20))
    expect(await verdictOf(site, path)).toMatchObject({ verdict: 'failed' })
    writeFileSync(path, bytes)
    expect(await verdictOf(site, path)).toMatchObject({ verdict: 'verified' })
  })

  it('is inconclusive when the list of its members was changed', async (test) => {
    const site = siteOf(test)
    const path = await made(site)
    site.sql(join(site.state, 'state.db'), "UPDATE member SET mode = '600' WHERE mode = '644'")
    expect(await verdictOf(site, path)).toMatchObject({ verdict: 'inconclusive' })
  })

  it('has failed when the reader finds another content than was recorded, which is named', async (test) => {
    const site = siteOf(test)
    const path = await made(site)
    const other = `eval "true_$(declare -f members_say)"; members_say() { true_members_say "$@" | sed '/app.py/s/[0-9a-f]\\{64\\}/${'0'.repeat(64)}/'; }`
    expect(await verdictOf(site, path, other)).toMatchObject({
      verdict: 'failed',
      reason: expect.stringMatching(/app\.py is not what was backed up/),
    })
  })

  it('has failed when it has far more members than were recorded, which are not all kept in memory', async (test) => {
    const site = siteOf(test)
    const path = await made(site)
    const more = `eval "true_$(declare -f members_say)"; members_say() { true_members_say "$@" | awk -F '\\t' -v OFS='\\t' '
      $1 == "=" { long = sprintf("%0200d", 0); for (i = 1; i <= 250000; i++) print "f", 644, 0, 0, 1, "${'0'.repeat(64)}", "./" long i, ""; $2 += 250000 }
      { print }'; }`
    expect(await verdictOf(site, path, more)).toMatchObject({
      verdict: 'failed',
      reason: expect.stringContaining('Its members are not those that were backed up'),
    })
  })

  it('is inconclusive where there is no room to unpack it', async (test) => {
    const site = siteOf(test)
    const path = await made(site)
    const full = `eval "true_$(declare -f members_by_reader)"; members_by_reader() { EXTRACT_LIMIT=1; true_members_by_reader "$@"; }`
    expect(await verdictOf(site, path, full)).toMatchObject({
      verdict: 'inconclusive',
      reason: expect.stringMatching(/not enough space/),
    })
  })
})

describe("an archive of the runbook's", () => {
  it('is verified by being read to its end', async (test) => {
    const site = siteOf(test)
    const path = join(site.backups, 'app/cvd_app_20260101_000000.tar.gz')
    execFileSync('tar', ['-czf', path, '-C', join(site.root, 'app'), '.'])
    expect(await verdictOf(site, path)).toMatchObject({ verdict: 'verified', basis: 'content' })
  })

  it('is inconclusive with a link that leads out, or a file that runs as its owner: both may belong there', async (test) => {
    const site = siteOf(test)
    const link = archive(site, 'cvd_app_20260101_000001.tar.gz', "add('./etc', tarfile.SYMTYPE, linkname='../../etc')")
    expect(await verdictOf(site, link)).toMatchObject({
      verdict: 'inconclusive',
      reason: expect.stringMatching(/etc leads out/),
    })
    const inside = archive(
      site,
      'cvd_app_20260101_000002.tar.gz',
      "add('./a/b', tarfile.SYMTYPE, linkname='../app.py')",
    )
    expect(await verdictOf(site, inside)).toMatchObject({ verdict: 'verified' })
    const setUid = archive(site, 'cvd_app_20260101_000003.tar.gz', "add('./sh', mode=0o4755)")
    expect(await verdictOf(site, setUid)).toMatchObject({
      verdict: 'inconclusive',
      reason: expect.stringMatching(/set-uid/),
    })
  })
})

describe('H15: an archive made to attack', () => {
  it.each([
    ['an absolute path', "add('/etc/cron.d/evil')", /absolute path/],
    ['a path that climbs out', "add('./../../evil')", /\.\./],
    ['a device', "add('./null', tarfile.CHRTYPE, devmajor=1, devminor=3)", /device/],
    ['a file behind a link', "add('./x', tarfile.SYMTYPE, linkname='/etc')\nadd('./x/evil')", /behind a symbolic link/],
    ['a hard link to a file outside', "add('./pw', tarfile.LNKTYPE, linkname='/etc/passwd')", /hard link/],
    ['the same name twice', "add('./app.py', data=b'other')", /twice/],
    [
      'a link with a newline in its name',
      "add('./x\\ny', tarfile.SYMTYPE, linkname='/etc')\nadd('./x\\ny/evil')",
      /behind a symbolic link/,
    ],
  ])('with %s has failed, and nothing of it is written', async (_, python, reason) => {
    const site = new ScratchSite({ owner: ORDINARY })
    try {
      const found = await verdictOf(site, archive(site, 'cvd_app_20260101_000000.tar.gz', python))
      expect(found).toMatchObject({ verdict: 'failed', reason: expect.stringMatching(reason) })
      expect(existsSync('/etc/cron.d/evil')).toBe(false)
      expect(existsSync('/etc/evil')).toBe(false)
      expect(readdirSync(join(site.state, 'work'))).toEqual([])
    } finally {
      site.remove()
    }
  })

  it('with more members than the limit says nothing about the backup', async (test) => {
    const site = siteOf(test)
    const many = archive(site, 'cvd_app_20260101_000000.tar.gz', "for i in range(3000): add('./%d' % i, data=b'')")
    const fewer = 'eval "$(declare -f members_judge | sed "s/[$]MEMBERS_MOST/1000/")"'
    expect(await verdictOf(site, many, fewer)).toMatchObject({
      verdict: 'inconclusive',
      reason: expect.stringMatching(/more than/),
    })
  })

  it('of zeros is read to its end and not unpacked', async (test) => {
    const site = siteOf(test)
    const bomb = archive(site, 'cvd_app_20260101_000001.tar.gz', "add('./zeros', data=bytes(200_000_000))")
    const small = 'extract_space() { EXTRACT_LIMIT=1000000; }'
    expect(await verdictOf(site, bomb, small)).toMatchObject({ verdict: 'verified' })
  })

  it('that replaces the tree while it is packed: what is read is what the owner may read', async (test) => {
    const site = siteOf(test)
    const secret = join(site.folder, 'secret')
    writeFileSync(secret, 'root only', { mode: 0o600 })
    // The owner exchanges a file with a link after the list was made.
    const exchange = `eval "true_$(declare -f tree_databases)"; tree_databases() { true_tree_databases; ln -sfT '${secret}' "$TREE_FOLDER/app.py"; }`
    const { result } = await site.run(['application'], { instead: exchange })
    const unpacked = join(site.folder, 'unpacked')
    mkdirSync(unpacked)
    for (const name of readdirSync(join(site.backups, 'app'))) {
      if (name.endsWith('.gz')) execFileSync('tar', ['-xzf', join(site.backups, 'app', name), '-C', unpacked])
    }
    expect(result.outcome).toBe('succeeded')
    expect(treeOf(unpacked).get('app.py')).toMatchObject({ kind: 'link', content: secret })
  })
})
