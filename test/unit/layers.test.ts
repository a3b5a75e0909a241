/** Which files may import which. Each rule has a reason and a self-test, which shows that a violation is detected. */
import { describe, expect, test } from 'vitest'
import { allImports, type Import, importsOf, sourceFiles } from '../support/imports.ts'

interface Rule {
  readonly reason: string
  /** Files that the rule applies to. */
  readonly from: RegExp
  /** What they must not import: a path from the top, `node:…` or `npm:…`. */
  readonly forbidden: RegExp
  /** Exempt files below `from`. */
  readonly except?: RegExp
  /** A violation, for the self-test. */
  readonly example: Import
}

const ours = (...allowed: string[]) => new RegExp(`^(?!npm:|node:|${allowed.join('|')})`)

const rules: Readonly<Record<string, Rule>> = {
  'shared is alone': {
    reason: 'it runs in the window, in the main process and in tests alike',
    from: /^src-shared\//,
    forbidden: ours('src-shared/'),
    example: { from: 'src-shared/domain/x.ts', to: 'src-main/remote/secret.ts' },
  },
  'shared is pure': {
    reason: 'a window has no Node, and words have no side effects',
    from: /^src-shared\//,
    forbidden: /^node:|^npm:(?!zod$)/,
    example: { from: 'src-shared/domain/x.ts', to: 'node:fs' },
  },
  'the renderer sees shared only': {
    reason: 'everything it gets goes through the contract, where it is authorised',
    from: /^src-renderer\//,
    forbidden: /^src-main\/|^test\/|^node:|^npm:(electron|ssh2|better-sqlite3)$/,
    example: { from: 'src-renderer/app/x.ts', to: 'src-main/store/open.ts' },
  },
  'electron stays at the edge': {
    reason: 'the same console runs without an Electron runtime',
    from: /^(src-|test\/)/,
    forbidden: /^npm:electron$/,
    except: /^src-main\/(electron|entry)\//,
    example: { from: 'test/security/x.test.ts', to: 'npm:electron' },
  },
  'nothing is built on the desktop': {
    reason: 'what only the desktop has would be missing in the browser and on the command line',
    from: /^(src-|test\/)/,
    forbidden: /^src-main\/electron\//,
    except: /^src-main\/(electron|entry)\/|^test\/(security|desktop|electron|package|support)\//,
    example: { from: 'src-main/app/x.ts', to: 'src-main/electron/shell.ts' },
  },
  'only remote speaks SSH': {
    reason: 'a connection without a decision about the host key must be impossible',
    from: /^(src-|test\/)/,
    forbidden: /^npm:ssh2$/,
    except: /^src-main\/(remote|demo)\/|^test\/(remote|support|demo)\//,
    example: { from: 'src-main/kit/channel.ts', to: 'npm:ssh2' },
  },
  'only open.ts knows the database': {
    reason: 'failures of the file are worded in one place',
    from: /^(src-|test\/)/,
    forbidden: /^npm:better-sqlite3$/,
    except: /^src-main\/store\/open\.ts$|^test\//,
    example: { from: 'src-main/store/sites.ts', to: 'npm:better-sqlite3' },
  },
  'remote knows no kit, store or procedure': {
    reason: 'it carries bytes to servers, whatever they mean',
    from: /^src-main\/remote\//,
    forbidden: ours('src-shared/', 'src-main/remote/'),
    example: { from: 'src-main/remote/x.ts', to: 'src-main/kit/client.ts' },
  },
  'the kit knows remote and shared': {
    reason: 'it speaks the protocol, and keeps nothing',
    from: /^src-main\/kit\//,
    forbidden: ours('src-shared/', 'src-main/kit/', 'src-main/remote/'),
    example: { from: 'src-main/kit/x.ts', to: 'src-main/store/store.ts' },
  },
  'the store knows no connection': {
    reason: 'it opens without a network; of remote it knows only what a target is',
    from: /^src-main\/store\//,
    forbidden: ours('src-shared/', 'src-main/store/', 'src-main/remote/target\\.ts$'),
    example: { from: 'src-main/store/x.ts', to: 'src-main/remote/connection.ts' },
  },
  'ports know no host': {
    reason: 'they are what a host provides',
    from: /^src-main\/ports\//,
    forbidden: ours('src-shared/', 'src-main/ports/', 'src-main/remote/(secret|target)\\.ts$'),
    example: { from: 'src-main/ports/x.ts', to: 'src-main/app/console.ts' },
  },
  'operations and fleet are independent of the host': {
    reason: 'the same procedures serve the window, the browser, the command line and the tests',
    from: /^src-main\/(operations|fleet)\//,
    forbidden: ours(
      'src-shared/',
      ...['operations', 'fleet', 'remote', 'kit', 'store', 'ports'].map((name) => `src-main/${name}/`),
    ),
    example: { from: 'src-main/operations/x.ts', to: 'src-main/app/console.ts' },
  },
  'app knows no host': {
    reason: 'hosts are built on it',
    from: /^src-main\/app\//,
    forbidden: /^src-main\/(cli|host|electron|demo)\//,
    example: { from: 'src-main/app/x.ts', to: 'src-main/cli/output.ts' },
  },
  'nobody imports an entry': {
    reason: 'an entry does something as soon as it is imported',
    from: /^(src-|test\/)/,
    forbidden: /^src-main\/entry\//,
    example: { from: 'test/cli/x.test.ts', to: 'src-main/entry/cli.ts' },
  },
  'the demo is no part of the console': {
    reason: 'what people install does not hold an SSH server',
    from: /^src-main\//,
    forbidden: /^src-main\/demo\//,
    except: /^src-main\/(demo|entry)\//,
    example: { from: 'src-main/app/x.ts', to: 'src-main/demo/site.ts' },
  },
  'sources do not import tests': {
    reason: 'tests are not shipped',
    from: /^src-/,
    forbidden: /^test\/|^npm:vitest$/,
    example: { from: 'src-main/app/x.ts', to: 'test/support/wait.ts' },
  },
}

function violates({ from, forbidden, except }: Rule, one: Import): boolean {
  return from.test(one.from) && forbidden.test(one.to) && !except?.test(one.from)
}

function featureOf(path: string): string | undefined {
  return /^src-renderer\/features\/([^/]+)/.exec(path)?.[1]
}

function crossesFeatures({ from, to }: Import): boolean {
  const [one, other] = [featureOf(from), featureOf(to)]
  return one !== undefined && other !== undefined && one !== other
}

const imports = allImports(['src-main', 'src-shared', 'src-renderer', 'test'])

test('the files of the project were read', () => {
  expect(sourceFiles(['src-main']).length).toBeGreaterThan(30)
  expect(imports).toContainEqual({ from: 'src-main/store/open.ts', to: 'npm:better-sqlite3' })
  expect(imports).toContainEqual({ from: 'src-main/kit/client.ts', to: 'src-main/kit/channel.ts' })
  const files = new Set(sourceFiles(['src-main', 'src-shared', 'src-renderer', 'test']))
  const lost = imports.filter(({ to }) => /^(src-|test\/).*\.ts$/.test(to) && !files.has(to))
  expect(lost).toEqual([])
})

describe.each(Object.entries(rules))('%s', (_name, rule) => {
  test(`holds, because ${rule.reason}`, () => {
    expect(imports.filter((one) => violates(rule, one))).toEqual([])
  })

  test('detects a violation', () => {
    expect(violates(rule, rule.example)).toBe(true)
  })
})

test('no feature of the renderer imports another', () => {
  expect(imports.filter(crossesFeatures)).toEqual([])
  const broken = { from: 'src-renderer/features/fleet/x.ts', to: 'src-renderer/features/site/y.ts' }
  expect(crossesFeatures(broken)).toBe(true)
  expect(crossesFeatures({ ...broken, to: 'src-renderer/features/fleet/y.ts' })).toBe(false)
})

test('every form of import is recognised', () => {
  // Quoted line by line, so that this file does not seem to import what it only mentions.
  const text = [
    "import a from 'ssh2'",
    'import { b,',
    '  c } from "../remote/secret.ts"',
    "import type { D } from './d.ts'",
    "import '@scope/package/deep'",
    "export { e } from './e.ts'",
    "export * from 'node:fs'",
    ['const f = await import', "('./f.ts')"].join(''),
  ].join('\n')
  expect(importsOf('src-main/kit/x.ts', text).map(({ to }) => to)).toEqual([
    'npm:ssh2',
    'src-main/remote/secret.ts',
    'src-main/kit/d.ts',
    'src-main/kit/e.ts',
    'node:fs',
    'npm:@scope/package',
    'src-main/kit/f.ts',
  ])
})
