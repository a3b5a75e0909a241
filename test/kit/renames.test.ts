/** The table of renames itself: several things of every kind in one transaction, interrupted at every point; and who reads the files again. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, type TestContext } from 'vitest'
import { treeState, write } from '../support/kit/tree.ts'
import { ScratchSite } from '../support/scratch-site.ts'

const operation = '20260101T000000Z-restore-0a1b2c'
const stage = '.cvd-backup-00000000'
const told = (program: string) => `#!/bin/bash\nprintf '%s\\n' "${program} $*" >>"\${0%/*}/../told"\n`

/** Bash text: a transaction over a database, the application with its environment, the configuration, a unit and a new site of nginx. */
const begun = `
  services_do() { :; }; services_states() { SERVICE_STATES=(active); }; holders_find() { HOLDERS=(); }; health_ask() { HEALTH_STATUS=200; }
  OPERATION=${operation} OPERATION_DIR=$STATE/operations/${operation} HEALTH_PROBE=x TX_HEALTHY_BEFORE=yes
  add() { # PART KIND FOLDER LIVE STAGED [INNER]
    local folder_fd stage_fd
    exec {folder_fd}<"$3" {stage_fd}<"$3/${stage}"
    row_add "$1" "$2" "$3" "$4" ${stage} "$5" "$folder_fd" "$stage_fd" "\${6-}"
  }
  state_create; mkdir "$OPERATION_DIR"
  printf '%s\\n' "boot=$(</proc/sys/kernel/random/boot_id)" >"$OPERATION_DIR/about"
  add database database "$ROOT/data" cvd.db staged.db
  add application inner "$ROOT" app staged.app venv
  add application tree "$ROOT" app staged.app
  add config tree "$ROOT" config staged.config
  add systemd file "$1" cvd.service staged.service
  add nginx file "$1" site staged.site`
const swapped = 'transaction_begin backup; phase stopping; transaction_keep; transaction_swap'

const points = [
  ...['keeping', 'keeping-venv', 'keeping-application', 'keeping-config', 'keeping-systemd', 'swapping'],
  ...['swapping-database', 'swapping-application', 'swapping-config', 'swapping-systemd', 'swapping-nginx'],
]

class Several {
  readonly site = new ScratchSite({ programs: { systemctl: told('systemctl'), nginx: told('nginx') } })
  readonly units = join(this.site.folder, 'units')

  constructor(test: TestContext) {
    test.onTestFinished(() => this.site.remove())
    const { root, folder } = this.site
    write(root, { 'app/app.py': 'old', 'app/venv/x': 'venv', 'config/.env': 'old' })
    write(this.units, { 'cvd.service': 'old' })
    for (const place of [root, join(root, 'data'), this.units]) {
      for (const part of ['owner', 'reader']) mkdirSync(join(place, stage, part), { recursive: true, mode: 0o700 })
    }
    write(join(root, stage), { 'staged.app/app.py': 'new', 'staged.config/.env': 'new' })
    write(join(this.units, stage), { 'staged.service': 'new', 'staged.site': 'new' })
    write(join(root, 'data', stage), { 'staged.db': 'new' })
    this.site.library(
      'chmod -R 700 "$@"',
      [root, this.units].map((place) => join(place, stage)).concat(join(root, 'data', stage)),
    )
    writeFileSync(join(folder, 'told'), '')
  }

  state(): unknown {
    const { root, database } = this.site
    const names = [...readdirSync(this.units), ...readdirSync(root), ...readdirSync(join(root, 'data'))]
    const inodes = [
      database,
      join(root, 'app'),
      join(root, 'app/venv'),
      join(root, 'config'),
      join(this.units, 'cvd.service'),
    ]
    return {
      names: names.filter((name) => name !== stage).sort(),
      inodes: inodes.map((path) => statSync(path).ino),
      trees: [join(root, 'app'), join(root, 'config')].map((path) => treeState(path)),
      unit: readFileSync(join(this.units, 'cvd.service'), 'utf8'),
    }
  }

  run(text: string): string {
    return this.site.library(`${begun}\n${text}`, [this.units])
  }
}

describe('several things in one transaction', () => {
  it('are all replaced, each with its safety copy, and the environment moves', (test) => {
    const several = new Several(test)
    const { root } = several.site
    several.run(swapped)
    const contents = ['app/app.py', 'app/venv/x', 'config/.env', 'data/cvd.db'].map((path) =>
      readFileSync(join(root, path), 'utf8'),
    )
    expect(contents).toEqual(['new', 'venv', 'new', 'new'])
    const [unit, site] = ['cvd.service', 'site'].map((name) => readFileSync(join(several.units, name), 'utf8'))
    expect([unit, site]).toEqual(['new', 'new'])
    const copies = [...readdirSync(root), ...readdirSync(join(root, 'data')), ...readdirSync(several.units)]
    expect(copies.filter((name) => name.includes('.pre-restore.')).length).toBe(4)
  })

  it.for(points)('are all as they were after an interruption at %s', (point, test) => {
    const several = new Several(test)
    const before = several.state()
    mkdirSync(several.site.state, { recursive: true })
    writeFileSync(join(several.site.state, 'failpoint'), `${point} kill\n`)
    expect(() => several.run(swapped)).toThrow()
    expect(existsSync(join(several.site.state, 'failpoint')), 'the failpoint was not reached').toBe(false)
    several.site.library(`transaction_load ${operation} && transaction_files_back`)
    expect(several.state()).toEqual(before)
  })

  it('are all as they were if the server starts again with other numbers of devices', (test) => {
    const several = new Several(test)
    const before = several.state()
    several.run(swapped)
    const folder = join(several.site.state, 'operations', operation)
    writeFileSync(join(folder, 'about'), 'boot=another\n')
    const journal = readFileSync(join(folder, 'journal'), 'utf8')
    writeFileSync(join(folder, 'journal'), journal.replaceAll(/(\d+)%3A(\d+)/g, '9$1%3A$2'))
    expect(several.site.library(`transaction_load ${operation} && echo "$TX_PHASE" && transaction_files_back`)).toBe(
      'swapped\n',
    )
    expect(several.state()).toEqual(before)
  })

  it('go back if one of them is not in place, whatever the journal says', (test) => {
    const several = new Several(test)
    const before = several.state()
    several.run(swapped)
    rmSync(join(several.units, 'site'))
    expect(several.site.library(`transaction_load ${operation} && echo "$TX_PHASE" && transaction_files_back`)).toBe(
      'rolling-back\n',
    )
    expect(several.state()).toEqual(before)
  })

  it('of which a unit and a site of nginx are read again, in both directions', (test) => {
    const several = new Several(test)
    several.run(`${swapped}; settle; transaction_files_back; settle back`)
    const once = ['systemctl daemon-reload', 'nginx -t', 'systemctl reload-or-restart nginx']
    const looked = 'systemctl --quiet is-active nginx'
    expect(readFileSync(join(several.site.folder, 'told'), 'utf8').trim().split('\n')).toEqual([
      looked,
      ...once,
      ...once,
    ])
    // nginx that did not run before does not run afterwards.
    several.site.library("rows_forget; row_add nginx file / x '' '' '' ''; TX_NGINX=inactive; settle back")
    expect(readFileSync(join(several.site.folder, 'told'), 'utf8')).toMatch(/nginx -t\nsystemctl stop nginx\n$/)
  })
})

describe('a unit', () => {
  it('is never absent while it is replaced and put back', (test) => {
    const several = new Several(test)
    const unit = join(several.units, 'cvd.service')
    const old = statSync(unit).ino
    // Every program that touches files tells what it finds before and after.
    const seen = several.run(
      `transaction_begin backup; phase stopping
       for program in ln mv perl rm; do
         eval "$program() { [[ -e '${unit}' ]] && printf there || printf absent; command $program \\"\\$@\\"; [[ -e '${unit}' ]] && printf ', there\\n' || printf ', absent\\n'; }"
       done
       transaction_keep; transaction_swap; echo swapped; transaction_files_back`,
    )
    expect(new Set(seen.trim().split('\n'))).toEqual(new Set(['there, there', 'swapped']))
    expect(statSync(unit).ino).toBe(old)
  })
})

it('what could not be put back is named, with both of its names', (test) => {
  const several = new Several(test)
  const words = several.run('transaction_begin backup; rows_old; printf "%s\\n" "$REPLY"').split('; ')
  expect(words.map((one) => one.split(' or ').map((path) => path.trim().split('/').at(-1)?.split('.pre-')[0]))).toEqual(
    // nginx reads files whose names begin with a dot nowhere.
    ['cvd.db', 'app', 'config', 'cvd.service', 'site'].map((name) => [name === 'site' ? '.site' : name, name]),
  )
})

describe('a rename that would become a copy', () => {
  /** Bash text: a server without perl, and an mv as before coreutils 9.5, which copies `$copied` as it does where a rename fails. */
  const copying = (copied: string) => `
    fail() { printf '%s\\n' "$2"; exit 1; }
    perl() { return 127; }
    mv() {
      local from="\${*: -2:1}" to="\${*: -1}"
      [[ $1 != --no-copy ]] || return 1
      if [[ $from == ${copied} ]]; then cp -aT -- "$from" "$to" && rm -rf -- "$from"; else command mv "$@"; fi
    }`

  it('is noticed before anything stops', (test) => {
    const several = new Several(test)
    const before = several.state()
    const said = several.run(
      `${copying('*/fd/*/.cvd-backup-????????')}; (transaction_begin backup) 2>&1; echo "ended $?"`,
    )
    expect(said).toMatch(/cannot rename between .* it would copy[\s\S]*ended 1\n$/)
    expect(several.state()).toEqual(before)
    expect(existsSync(join(several.site.state, 'unfinished'))).toBe(false)
  })

  it('only after the service has stopped is noticed too, and the old state comes back', (test) => {
    const several = new Several(test)
    const { root, database } = several.site
    const old = readFileSync(database)
    const said = several.run(
      `${copying('cvd.db')}; transaction_begin backup; phase stopping;
       (transaction_keep) 2>&1; echo "ended $?"`,
    )
    expect(said).toMatch(/cvd\.db could not be renamed to[\s\S]*ended 1\n$/)
    expect(several.site.library(`transaction_load ${operation} && transaction_files_back && echo back`)).toBe('back\n')
    expect(readFileSync(database).equals(old)).toBe(true)
    expect(readdirSync(join(root, 'data')).filter((name) => name !== stage)).toEqual(['cvd.db'])
  })

  it.skipIf(statSync('/dev/shm').dev === statSync(tmpdir()).dev)('fails, and nothing is copied', (test) => {
    const several = new Several(test)
    const other = mkdtempSync('/dev/shm/cvd-other-')
    test.onTestFinished(() => rmSync(other, { recursive: true }))
    const app = join(several.site.root, 'app')
    const before = treeState(app)
    const said = several.site.library('rename_choose; row_rename "$1" "$2/app" 2>/dev/null || echo failed', [
      app,
      other,
    ])
    expect([said, readdirSync(other)]).toEqual(['failed\n', []])
    expect(treeState(app)).toEqual(before)
  })

  it('does not take a name that somebody has, on a file system that cannot exclude that itself', (test) => {
    const several = new Several(test)
    const { root } = several.site
    const said = several.site.library(
      `cd "$ROOT"; uname() { echo other; }; rename_choose
       row_rename app config 2>/dev/null || echo taken; row_rename app 12 && echo renamed; row_rename 12 app`,
    )
    expect(said).toBe('taken\nrenamed\n')
    expect(readdirSync(root)).toContain('app')
  })
})
