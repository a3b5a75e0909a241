/** The application's user attacks a backup of its files while root makes it. */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, type TestContext } from 'vitest'
import { treeOf } from '../support/kit/archives.ts'
import { ORDINARY, ScratchSite } from '../support/scratch-site.ts'

function siteOf(test: TestContext): ScratchSite {
  const site = new ScratchSite({ owner: ORDINARY })
  test.onTestFinished(() => site.remove())
  const script = 'cd "$1/app" && mkdir lib && echo one >app.py && echo two >lib/two.py && chown -R "$2:$2" .'
  execFileSync('/bin/bash', ['-c', script, 'setup', site.root, String(ORDINARY)])
  return site
}

/** What the owner's side does instead of copying the tree; `$PWD` is its folder of the work folder. */
const handsOver = (text: string) => `tree_pack() { ${text}; echo members=2; }`
const python = (adds: string) => `python3 -c "
import io, tarfile
out = tarfile.open('tree.tar', 'w')
def add(name, kind=tarfile.REGTYPE, data=b'x', **more):
    info = tarfile.TarInfo(name); info.type = kind; info.mode = 0o644
    if kind == tarfile.REGTYPE: info.size = len(data)
    for key, value in more.items(): setattr(info, key, value)
    out.addfile(info, io.BytesIO(data) if kind == tarfile.REGTYPE else None)
${adds}
out.close()"`

describe('an archive that the owner hands over instead of its files', () => {
  it.for([
    ['climbs out', python("add('./a'); add('../../evil')"), /leads out/],
    [
      'leads through a link',
      python("add('./x', tarfile.SYMTYPE, linkname='/tmp'); add('./x/cvd-evil')"),
      /behind a symbolic link/,
    ],
    ['holds a device', python("add('./a'); add('./null', tarfile.CHRTYPE, devmajor=1, devminor=3)"), /is a device/],
    ['has more members than it says', python("add('./a'); add('./b'); add('./c')"), /3 members instead of 2/],
    ['is none', 'echo garbage >tree.tar', /could not be listed/],
    ['is a link to a file of root', 'ln -s /etc/shadow tree.tar', /not a regular file/],
    ['is a named pipe', 'mkfifo tree.tar', /not a regular file/],
  ] as const)('and that %s, becomes no backup', async ([, text, reason], test) => {
    const site = siteOf(test)
    const { result } = await site.run(['application'], { instead: handsOver(text) })
    expect(result).toMatchObject({ outcome: 'failed', message: expect.stringMatching(reason) })
    expect(readdirSync(join(site.backups, 'app'))).toEqual([])
    expect(existsSync('/tmp/cvd-evil')).toBe(false)
    expect(treeOf(join(site.root, 'app')).get('app.py')?.kind).toBe('file')
  })
})

describe('a folder of backups that the owner exchanges', () => {
  it('with a link to one of root: nothing is written there', async (test) => {
    const site = siteOf(test)
    const other = join(site.folder, 'other')
    execFileSync('mkdir', ['-m', '700', other])
    writeFileSync(join(other, 'precious'), 'x')
    execFileSync('/bin/bash', ['-c', 'rmdir "$1/app"; ln -s "$2" "$1/app"', 'x', site.backups, other])
    expect((await site.run(['application'])).result.outcome).toBe('failed')
    expect(readdirSync(other)).toEqual(['precious'])
  })

  it('while the backup is made: it stays in the folder that it began in', async (test) => {
    const site = siteOf(test)
    const other = join(site.folder, 'other')
    execFileSync('mkdir', ['-m', '700', other])
    const exchange = `eval "true_$(declare -f archive_publish)"
      archive_publish() { mv "$A_FOLDER" "$A_FOLDER.away"; ln -s '${other}' "$A_FOLDER"; true_archive_publish; }`
    await site.run(['application'], { instead: exchange })
    expect(readdirSync(other)).toEqual([])
  })
})
