/** A state folder of earlier kits becomes `state.db` once, whatever interrupts that, and earlier kits are shut out. */
import { execFileSync, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, type TestContext } from 'vitest'
import { shownBackup } from '../../src-shared/domain/kit-backups.ts'
import { inspection } from '../../src-shared/domain/kit-site.ts'
import { toEarlierState } from '../support/kit/earlier-state.ts'
import { ScratchSite } from '../support/scratch-site.ts'

const names = [
  'cvd_backup_20260110_120000.db.gz',
  'cvd_backup_20260111_120000.db.gz',
  'cvd_backup_20260112_120000.db.gz',
]

/** A site with a state folder as an earlier kit leaves it: a made backup, a verdict, a hold, a list of members. */
async function earlierSite(test: TestContext) {
  const site = new ScratchSite()
  test.onTestFinished(() => site.remove())
  const backups = names.map((name) => site.backup(name))
  writeFileSync(join(site.root, 'config/.env'), 'x')
  for (const words of [['verify', '--all'], ['hold', backups[0] ?? ''], ['config'], ['database']]) {
    expect((await site.run(words)).result.outcome).toBe('succeeded')
  }
  const listed = (await site.ask(['inspect'], inspection)).backups.map(({ path }) => path)
  toEarlierState(site, listed)
  return { site, backups, listed }
}

const stateFiles = (site: ScratchSite) =>
  (readdirSync(site.state, { recursive: true }) as string[])
    .filter((name) => /^(catalog|fingerprints|members|lock|state)/.test(name))
    .sort()
const known = async (site: ScratchSite, listed: readonly string[]) => ({
  backups: (await site.ask(['inspect'], inspection)).backups,
  shown: await Promise.all(listed.map((path) => site.ask(['show', path], shownBackup))),
})

describe('a state folder of earlier kits', () => {
  it('is read as it is, and then converted by the first command that changes something', async (test) => {
    const { site, listed } = await earlierSite(test)
    const files = stateFiles(site)
    expect(files).toEqual(expect.arrayContaining(['catalog', 'fingerprints', 'members']))
    const before = await known(site, listed)
    expect(before.backups).toHaveLength(5)
    expect(before.backups.filter(({ hold }) => hold)).toHaveLength(1)
    expect(before.backups.every(({ verdict }) => verdict === 'verified')).toBe(true)
    expect(before.backups.filter(({ fingerprint }) => fingerprint)).toHaveLength(2)
    expect(stateFiles(site)).toEqual(files)
    expect((await site.run(['release', 'nothing.db'])).result.code).toBe('not-found')
    site.library('state_ready')
    expect(existsSync(join(site.state, 'state.db'))).toBe(true)
    expect(await known(site, listed)).toEqual(before)
    // The list of members is the recorded one.
    const config = listed.find((path) => path.includes('cvd_config_')) ?? ''
    expect((await site.run(['verify', config])).result.outcome).toBe('succeeded')
    expect((await site.run(['database'])).result.outcome).toBe('succeeded')
    expect(stateFiles(site)).toEqual(['catalog', 'lock', 'lock.folder', 'lock.holder', 'state.db'])
  })

  it('is neither changed by a joined line nor by one that was cut off, wherever that was', (test) => {
    const site = new ScratchSite()
    test.onTestFinished(() => site.remove())
    const backups = ['cvd_backup_20260110_120000.db', 'cvd_backup_20260110_120000.db.gz'].map((name) =>
      site.backup(name),
    )
    // Every prefix of a release of the second file; the first file has one of them as its name. Then another line, or none.
    const said = site.library(
      `state_create; printf -v holds 'hold\t%s\t1\tme\tx\n' "$@"
       marks() { backup_list | grep '^backup' | cut -f 12 | tr -d '\\n'; echo; }
       printf '%srelease\t%s\t5\trelease\t/elsewhere/x.db.gz\t6\tsomebody\t\n' "$holds" "$1" >"$STATE/catalog"; marks
       whole=$'release\t'$2$'\t5\tsomebody\ta%20reason'
       for ((cut = 1; cut <= \${#whole}; cut++)); do
         { printf '%s%s' "$holds" "\${whole:0:cut}"; ((cut % 2)) || printf '\ttorn\nhold\t/elsewhere/x.db\t5\tme\tx\n'; } >"$STATE/catalog"
         marks
       done
       printf '%s%s\n' "$holds" "$whole" >"$STATE/catalog"; marks; state_ready; marks`,
      backups,
    )
    const marks = said.trimEnd().split('\n')
    expect(marks.length).toBeGreaterThan(60)
    expect(new Set(marks.slice(0, -2))).toEqual(new Set(['11']))
    expect(marks.slice(-2)).toEqual(['10', '10'])
  })

  it('loses nothing when the conversion is killed at any moment, and takes no mark of an earlier kit that it then forgets', async (test) => {
    const { site, backups } = await earlierSite(test)
    const template = join(site.folder, 'template')
    cpSync(site.state, template, { recursive: true })
    // Each simple command that changes something is a moment. What is read then? In half of the cases an earlier kit comes: what it is
    // told is kept. Converted after all, nothing is lost.
    const said = site.library(
      `set -T; COMMAND=hold
       moment_at() { [[ \${FUNCNAME[1]-} != @(state_convert|state_shut_out|state_link) || $BASHPID != "$killed" ]] || ((n++ < moment)) || { printf '%s\n' "$BASH_COMMAND" >"$1/../moment"; kill -KILL "$BASHPID"; }; }
       backup_list; echo +++
       for ((moment = 0; moment < 500; moment++)); do
         rm -rf "$STATE"; cp -a "$1" "$STATE"; rm -f "$STATE/../done"
         ( killed=$BASHPID n=0; trap 'moment_at "$STATE"' DEBUG; state_ready; trap - DEBUG; : >"$STATE/../done" ) 2>/dev/null
         backup_list; echo ---
         (((moment % 2) == 0)) || append_line "$STATE/catalog" "hold"$'\t'"$2"$'\t5\tme\twhy' && echo appended; echo ---
         (state_ready; state_look; echo "$STATE_KIND"); echo ---
         backup_list; echo ---
         cat "$STATE/../moment"; echo +++
         [[ ! -e $STATE/../done ]] || break
       done 2>/dev/null`,
      [template, backups[1] ?? ''],
    )
    const [before = '', ...moments] = said.split('+++\n').slice(0, -1)
    const second = before.split('\n').find((line) => line.includes(names[1] ?? '')) ?? ''
    const held = before.replace(second, second.split('\t').toSpliced(11, 1, '1').join('\t'))
    expect(before).not.toBe(held)
    for (const [number, text] of moments.entries()) {
      const [read, appended, kind, listed, moment] = text.split('---\n')
      const kept = number % 2 === 1 && appended === 'appended\n'
      expect([read, kind, listed], `killed at moment ${number}: ${moment}`).toEqual([
        before,
        'known\n',
        kept ? held : before,
      ])
    }
    const at = moments.map((text) => text.split('---\n').at(-1)).join('')
    process.stdout.write(`the conversion was killed at ${moments.length - 1} moments\n`)
    expect(moments.length).toBeGreaterThan(25)
    for (const command of ['ln -T --', 'mv -fT -- "$STATE/$1.new"', 'mv -fT -- "$new" "$STATE/state.db"'])
      expect(at).toContain(command)
  }, 300_000)

  it('waits for the recovery of what an earlier kit began, and for its operations', async (test) => {
    const { site, backups } = await earlierSite(test)
    writeFileSync(join(site.state, 'unfinished'), '20260101T000000Z-restore-abcdef\n')
    const files = stateFiles(site)
    expect((await site.run(['hold', backups[1] ?? ''])).result).toMatchObject({ code: 'checks-failed' })
    expect((await site.run(['database'])).result).toMatchObject({ code: 'checks-failed' })
    rmSync(join(site.state, 'unfinished'))
    const holder = spawn('flock', [join(site.state, 'lock'), 'bash', '-c', 'echo locked; read -r'])
    await new Promise((resolve) => holder.stdout.once('data', resolve))
    expect((await site.run(['database'])).result).toMatchObject({ code: 'busy' })
    expect(stateFiles(site).filter((name) => name !== 'lock')).toEqual(files.filter((name) => name !== 'lock'))
    holder.stdin.end('\n')
    await new Promise((resolve) => holder.once('close', resolve))
    expect((await site.run(['hold', backups[1] ?? ''])).result.outcome).toBe('succeeded')
  })
})

const EARLIER = '466c28f672edcd53e95bd20b5a3a56870463e4b0'

/** The last kit that kept its records in the catalog, if the history is here. */
function earlierKit(folder: string): string {
  const sources = join(folder, 'earlier')
  mkdirSync(sources)
  const script = `git -C "$1" archive ${EARLIER} src-main/kit src-main/entry/kit.ts src-shared/domain package.json | tar -x -C "$2" &&
    ln -s "$1/node_modules" "$2/node_modules" && cd "$2" && "$3" src-main/entry/kit.ts "$2/kit" >/dev/null`
  execFileSync('/bin/bash', ['-c', script, 'earlier', join(import.meta.dirname, '../..'), sources, process.execPath], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  return join(sources, 'kit')
}
const history = (() => {
  try {
    execFileSync('git', ['-C', join(import.meta.dirname, '../..'), 'cat-file', '-e', `${EARLIER}^{commit}`], {
      stdio: 'ignore',
    })
    return true
  } catch {
    return false
  }
})()

describe.runIf(history)('an earlier kit in a folder with state.db', () => {
  it('refuses to change anything, with a word on what to do, and calls nothing verified', async (test) => {
    const { site, backups } = await earlierSite(test)
    expect((await site.run(['hold', backups[1] ?? ''])).result.outcome).toBe('succeeded')
    expect((await site.run(['database'])).result.outcome).toBe('succeeded')
    const kit = earlierKit(site.folder)
    const ask = (...words: string[]) => {
      const options = {
        env: { PATH: process.env.PATH, CVD_BACKUP_STATE: site.state, TZ: 'UTC' },
        encoding: 'utf8',
      } as const
      const all = ['--noprofile', '--norc', kit, '--events', '--root', site.root, '--who', 'test', ...words]
      let out = ''
      try {
        out = execFileSync('/bin/bash', all, { ...options, stdio: ['ignore', 'pipe', 'ignore'] })
      } catch (error) {
        out = String((error as { stdout?: unknown }).stdout)
      }
      return JSON.parse(out.trim().split('\n').at(-1) ?? '') as {
        outcome: string
        code: string
        message: string
        data: unknown
      }
    }
    const records = readFileSync(join(site.state, 'state.db'))
    const files = readdirSync(site.backups)
    for (const words of [['database'], ['config'], ['recover']]) {
      expect(ask(...words), words[0]).toMatchObject({
        code: 'busy',
        message: expect.stringContaining('Update the console'),
      })
    }
    for (const mark of ['hold', 'release']) expect(ask(mark, backups[0] ?? '')).toMatchObject({ outcome: 'failed' })
    const { backups: listed } = inspection.parse(ask('inspect').data)
    expect(listed.map(({ verdict }) => verdict)).toEqual(listed.map(() => 'never'))
    expect(readdirSync(site.backups)).toEqual(files)
    expect(readFileSync(join(site.state, 'state.db'))).toEqual(records)
    const after = await site.ask(['inspect'], inspection)
    expect(after.backups.filter(({ hold }) => hold)).toHaveLength(2)
  })
})
