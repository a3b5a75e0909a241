/** Differences within one file: read by its owner, compared by the reader, secrets hidden unless they are asked for. */
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, type TestContext } from 'vitest'
import { fileDifferences } from '../../src-shared/domain/file-differences.ts'
import { pack, treeState, write } from '../support/kit/tree.ts'
import { siteWithTrees, type TreePart } from '../support/kit/tree-trial.ts'
import type { WorkingSite } from '../support/kit/working-site.ts'
import { ORDINARY } from '../support/scratch-site.ts'

const root = process.getuid?.() === 0

interface Made {
  readonly site: WorkingSite
  readonly folder: string
  readonly file: string
}

/** A site with a backup that has `backup`, and then gets `live`; null removes a file. */
function prepared(
  test: TestContext,
  backup: Readonly<Record<string, string>>,
  live: Readonly<Record<string, string | null>>,
  part: TreePart = 'config',
  options: Parameters<typeof siteWithTrees>[0] = root ? { owner: ORDINARY } : {},
): Made {
  const site = siteWithTrees(options)
  test.onTestFinished(() => site.remove())
  const folder = join(site.root, part === 'config' ? 'config' : 'app')
  write(folder, backup)
  const file = pack(
    part,
    site.root,
    join(site.backups, `app/cvd_${part === 'config' ? part : 'app'}_20260110_120000.tar.gz`),
  )
  for (const [path, text] of Object.entries(live)) {
    rmSync(join(folder, path), { recursive: true, force: true })
    if (text !== null) write(folder, { [path]: text })
  }
  const owner = options.owner ?? options.login
  if (owner !== undefined) execFileSync('chown', ['-hR', `${owner}:${owner}`, site.root])
  return { site, folder, file }
}

const ask = ({ site, file }: Made, path: string, ...more: readonly string[]) =>
  site.ask(['differences', 'config', file, path, ...more], fileDifferences)

const secret = `# the old one: OLD_SECRET=was-here
DEBUG=0
SECRET_KEY="first of all"
export DATABASE_URL=postgres://cvd:hunter2@db/cvd
MULTI="line one
line two"
`

describe.concurrent('the differences of .env', () => {
  it('hide every value, and say which are the same', async (test) => {
    const made = prepared(
      test,
      { '.env': secret },
      { '.env': secret.replace('first of all', 'second to none').replace('line two', 'line 2') },
    )
    const found = await ask(made, '.env')
    expect(found).toMatchObject({
      state: 'text',
      masked: true,
      cut: false,
      live: { kind: 'file' },
      backup: { kind: 'file' },
    })
    expect(found.hidden).toBeGreaterThan(5)
    for (const one of ['was-here', 'first', 'second', 'hunter2', 'line one', 'line 2'])
      expect(JSON.stringify(found)).not.toContain(one)
    expect(found.text).toContain(
      '-SECRET_KEY=<hidden: the live value>\n+SECRET_KEY=<hidden: the value of the backup>\n',
    )
    expect(found.text).toContain(' DEBUG=<hidden: the same in both>\n')
  })

  it('show them when they are asked for, and the audit has it first', async (test) => {
    const made = prepared(test, { '.env': 'SECRET_KEY=first\n' }, { '.env': 'SECRET_KEY=second\n' })
    const audit = join(made.site.state, 'audit')
    await ask(made, '.env')
    expect(existsSync(audit) ? readFileSync(audit, 'utf8') : '').not.toContain('secrets-shown')
    const found = await ask(made, '.env', '--show-secrets')
    expect(found).toMatchObject({ masked: false, hidden: 0 })
    expect(found.text).toContain('-SECRET_KEY=second\n+SECRET_KEY=first\n')
    expect(readFileSync(audit, 'utf8')).toContain(`"event":"secrets-shown"`)
    expect(readFileSync(audit, 'utf8')).toContain(`config .env of ${made.file}`)
  })

  it('are not shown where the audit cannot have it', async (test) => {
    const made = prepared(test, { '.env': 'SECRET_KEY=first\n' }, { '.env': 'SECRET_KEY=second\n' })
    const { result } = await made.site.run(['differences', 'config', made.file, '.env', '--show-secrets'], {
      instead: 'append_line() { return 1; }',
    })
    expect(result).toMatchObject({ outcome: 'failed', code: 'internal', unchanged: 'no secrets were shown' })
    expect(JSON.stringify(result)).not.toContain('SECRET_KEY')
  })
})

describe.concurrent('the differences of another file', () => {
  it.for([
    ['a name that sounds like one', 'password = swordfish', 'password = <hidden'],
    ['a name in quotes', '    "api_token": "swordfish",', '"api_token": <hidden'],
    ['an entry of a mapping', 'app.config["SECRET_KEY"] = "swordfish"', 'app.config["SECRET_KEY"] = <hidden'],
    ['a header', 'proxy_set_header X-Auth-Token "swordfish";', 'X-Auth-Token "<hidden'],
    ['a header without quotes', 'proxy_set_header Authorization swordfish;', 'Authorization <hidden'],
    ['a value below its name', 'db:\n  password: |\n    swordfish\n  port: 1', '    <hidden'],
    ['an address with an @ in its password', 'url = amqp://cvd:x@:swordfish@queue/1', 'amqp://cvd:<hidden'],
    ['an address', 'upstream = "amqp://cvd:swordfish@queue/1"', 'amqp://cvd:<hidden'],
    ['a private key', '-----BEGIN RSA PRIVATE KEY-----\nswordfish\n-----END RSA PRIVATE KEY-----', '<hidden'],
  ] as const)('hide what looks like a secret: %s', async ([, text, shown], test) => {
    const made = prepared(
      test,
      { 'app.ini': `a = 1\n${text}\n` },
      { 'app.ini': `a = 2\n${text.replace('swordfish', 'catfish')}\n` },
    )
    const found = await ask(made, 'app.ini')
    expect(JSON.stringify(found)).not.toMatch(/swordfish|catfish/)
    expect(found.text).toContain(shown)
    expect(found.text).toContain('-a = 2\n')
    expect(found.text).toContain('+a = 1\n')
  })

  it('show lines, of the application too, and change nothing', async (test) => {
    const made = prepared(test, { 'app.py': 'one\ntwo\n' }, { 'app.py': 'one\n2\n' }, 'application')
    const before = treeState(made.site.root)
    const found = await made.site.ask(['differences', 'application', made.file, './app.py'], fileDifferences)
    expect(found).toMatchObject({ part: 'application', path: 'app.py', state: 'text', hidden: 0 })
    expect(found.text).toBe('--- live\n+++ backup\n@@ -1,2 +1,2 @@\n one\n-2\n+two\n')
    expect(treeState(made.site.root)).toEqual(before)
    expect(made.site.leftBehind()).toEqual([])
  })

  it.for([
    ['that only the backup has', { a: 'text\n' }, { a: null }, { state: 'text', live: { kind: 'none' } }],
    ['that only the live folder has', {}, { a: 'text\n' }, { state: 'text', backup: { kind: 'none' } }],
    ['that is the same', { a: 'text\n' }, {}, { state: 'same', text: '' }],
    ['that is not text', { a: 'a\0b' }, { a: 'a\0c' }, { state: 'binary', text: '' }],
    ['of more than 1 MiB', { a: 'x'.repeat(1_048_577) }, { a: 'y' }, { state: 'large', text: '' }],
  ] as const)('%s are said to be so', async ([, backup, live, words], test) => {
    expect(await ask(prepared(test, backup, live), 'a')).toMatchObject(words)
  })

  it('are cut at a whole line', async (test) => {
    const lines = (word: string) => Array.from({ length: 9000 }, (_, index) => `${word} ${index}\n`).join('')
    const found = await ask(prepared(test, { a: lines('backup') }, { a: lines('live') }), 'a')
    expect(found.cut).toBe(true)
    expect(found.text.length).toBeLessThanOrEqual(65_536)
    expect(found.text.endsWith('\n')).toBe(true)
  })

  it('keep a terminal and the events whole, whatever is in the file', async (test) => {
    const made = prepared(test, { a: 'plain\n' }, { a: '\u001b[2J\u202e{"kind":"result"}\n\n\nstate=same\n' })
    const found = await ask(made, 'a')
    expect(found.text).toContain('-\u001b[2J')
    expect(found.state).toBe('text')
    const said = execFileSync(
      '/bin/bash',
      [made.site.kit, '--root', made.site.root, 'differences', 'config', made.file, 'a'],
      { env: { PATH: process.env.PATH, CVD_BACKUP_STATE: made.site.state }, encoding: 'utf8' },
    )
    expect(said).not.toContain('\u001b')
    expect(said).toContain('+plain')
  })
})

describe.concurrent('a file that is none', () => {
  it.for(['../../etc/shadow', '/etc/shadow', 'a/../../b', '', 'new\nline'])(
    'by the name %j is refused',
    async (path, test) => {
      const made = prepared(test, {}, {})
      expect((await made.site.run(['differences', 'config', made.file, path])).result.code).toBe('usage')
    },
  )

  it('on either side is not found', async (test) => {
    const made = prepared(test, {}, {})
    expect((await made.site.run(['differences', 'config', made.file, 'nowhere'])).result.code).toBe('not-found')
  })

  it.runIf(root)('but a link to a file that only root may read shows nothing of it', async (test) => {
    const made = prepared(test, { a: 'plain\n', 'sub/a': 'plain\n' }, { a: null, sub: null })
    const outside = join(made.site.folder, 'root')
    write(outside, { a: 'secret of root\n' })
    chmodSync(join(outside, 'a'), 0o600)
    symlinkSync(join(outside, 'a'), join(made.folder, 'a'))
    symlinkSync(outside, join(made.folder, 'sub'))
    for (const path of ['a', 'sub/a']) {
      const found = await ask(made, path, '--show-secrets')
      expect(found).toMatchObject({ state: 'none', live: { kind: 'link' }, text: '' })
    }
  })

  it.runIf(root)('but a file that its owner may not read is not read', async (test) => {
    const made = prepared(test, { a: 'plain\n' }, {})
    writeFileSync(join(made.folder, 'a'), 'secret of root\n')
    execFileSync('chown', ['0:0', join(made.folder, 'a')])
    chmodSync(join(made.folder, 'a'), 0o600)
    expect(await ask(made, 'a', '--show-secrets')).toMatchObject({
      state: 'none',
      live: { kind: 'unreadable' },
      text: '',
    })
  })

  it('but a named pipe blocks nothing', async (test) => {
    const made = prepared(test, { a: 'plain\n' }, { a: null })
    execFileSync('mkfifo', [join(made.folder, 'a')])
    expect(await ask(made, 'a')).toMatchObject({ state: 'none', live: { kind: 'other' } })
  })

  it('but a link in the backup is not followed', async (test) => {
    const made = prepared(test, { a: '-> gunicorn.py' }, { a: 'plain\n' })
    expect(await ask(made, 'a')).toMatchObject({ state: 'none', backup: { kind: 'link' } })
  })
})
