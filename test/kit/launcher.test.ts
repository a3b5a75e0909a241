/** Which kits the launcher keeps when it stores another one. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const source = readFileSync(new URL('../../src-main/kit/bash/launcher.sh', import.meta.url), 'utf8')
const operation = '20260101T000000Z-restore-0a1b2c'

describe('the launcher, when it stores a kit', () => {
  let folder: string
  let state: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cvd-launcher-'))
    state = join(folder, 'state')
    mkdirSync(join(state, 'operations', operation), { recursive: true, mode: 0o700 })
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  let made = 0
  /** Stores an older kit; each call makes a newer one than the last. */
  const older = () => {
    made += 1
    const sha256 = createHash('sha256').update(`kit ${made}`).digest('hex')
    const place = join(state, 'kit', sha256)
    mkdirSync(place, { recursive: true, mode: 0o700 })
    utimesSync(place, made, made)
    return sha256
  }
  const store = (env: NodeJS.ProcessEnv = { PATH: process.env.PATH }) => {
    const kit = '#!/bin/bash\necho it runs\n'
    const sha256 = createHash('sha256').update(kit).digest('hex')
    const unit = '/etc/systemd/system/cvd-backup-recover.service'
    expect(source).toContain(unit)
    const launcher = source.replace(unit, join(folder, 'unit'))
    const printed = execFileSync('/bin/bash', ['--noprofile', '--norc', '-c', 'IFS= read -r -d "" s && eval "$s"'], {
      input: `${[launcher, sha256, '0', String(kit.length)].join('\0')}\0${kit}`,
      env: { ...env, CVD_BACKUP_STATE: state },
      encoding: 'utf8',
    })
    expect(printed).toContain('it runs')
    return sha256
  }
  it.runIf(process.getuid?.() === 0)("runs, as root, no program of a folder in the login's PATH", () => {
    const programs = join(folder, 'programs')
    mkdirSync(programs)
    for (const name of [
      'sha256sum',
      'stat',
      'mkdir',
      'mktemp',
      'chmod',
      'sync',
      'mv',
      'head',
      'sed',
      'find',
      'sort',
      'cut',
      'rm',
    ]) {
      const text = `#!/bin/bash\necho ${name} >>'${folder}/ran'\nPATH=/usr/bin:/bin exec ${name} "$@"\n`
      writeFileSync(join(programs, name), text, { mode: 0o755 })
    }
    store({ PATH: `${programs}:${process.env.PATH}` })
    expect(existsSync(join(folder, 'ran'))).toBe(false)
  })

  const kept = () => new Set(readdirSync(join(state, 'kit')))
  const about = (file: string, kit: string, more = '') =>
    writeFileSync(join(state, 'operations', operation, file), `x=y\nkit=${kit}\n${more}`)

  it('keeps that one and the newest other one', () => {
    const [, , last] = [older(), older(), older()]
    about('about', older())
    const newest = older()
    writeFileSync(join(state, 'operations', operation, 'outcome'), 'outcome=succeeded\n')
    expect(last).toBeDefined()
    const fresh = store()
    expect(kept()).toEqual(new Set([fresh, newest]))
  })

  it('keeps the one that began an unfinished operation, whatever was sent since', () => {
    const [began, transaction] = [older(), older()]
    older()
    const newest = older()
    about('about', began)
    about('journal', transaction)
    expect(kept().size).toBe(4)
    const fresh = store()
    expect(kept()).toEqual(new Set([began, transaction, newest, fresh]))
  })

  it('keeps the one that began the open transaction, even if its outcome is recorded', () => {
    const began = older()
    older()
    const newest = older()
    about('journal', began, `kit=\nphase=swapped\n`)
    writeFileSync(join(state, 'operations', operation, 'outcome'), 'outcome=succeeded\n')
    writeFileSync(join(state, 'unfinished'), `${operation}\n`)
    const fresh = store()
    expect(kept()).toEqual(new Set([began, newest, fresh]))
  })

  it('keeps the one that the recovery unit names', () => {
    const named = older()
    older()
    const newest = older()
    writeFileSync(
      join(folder, 'unit'),
      `[Service]\nExecStart=/bin/bash --noprofile --norc ${state}/kit/${named}/cvd-backup recover --boot\n`,
    )
    const fresh = store()
    expect(kept()).toEqual(new Set([named, newest, fresh]))
  })

  it('keeps all while an open transaction does not name the kit that began it', () => {
    const all = [older(), older(), older()]
    writeFileSync(join(state, 'unfinished'), `${operation}\n`)
    const fresh = store()
    expect(kept()).toEqual(new Set([...all, fresh]))
  })
})
