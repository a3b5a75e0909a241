/** The documents are true: what they name exists, and they are complete where they promise it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commandLine } from '../../src-main/cli/program.ts'
import { assembleKit, writeKit } from '../../src-main/kit/assemble.ts'
import { command } from '../support/command.ts'
import { codes, commands, deadLinks, deadPaths, documents, proofs, readTop, tableBelow } from '../support/documents.ts'
import { missing } from '../support/prerequisites.ts'

const all = documents()
const kitText = readTop('docs/kit.md')
const kitSource = assembleKit().bytes.toString()

const matches = (text: string, pattern: RegExp) => Array.from(text.matchAll(pattern), ([, word]) => word ?? '')
const sorted = (words: Iterable<string>) => [...new Set(words)].sort()

test('there are documents', () => {
  const paths = all.map(({ path }) => path)
  expect(paths).toEqual(expect.arrayContaining(['README.md', 'ARCHITECTURE.md', 'CHANGELOG.md', 'docs/kit.md']))
  expect(paths.filter((path) => path.startsWith('docs/adr/')).length).toBeGreaterThan(8)
})

describe.each(all.map((document) => [document.path, document] as const))('%s', (_path, document) => {
  test('has no broken links', () => expect(deadLinks(document)).toEqual([]))
  test('names only existing files', () => expect(deadPaths(document)).toEqual([]))
})

test('a broken link, a broken anchor and a missing path are found', () => {
  const text = '[a](nowhere.md) [b](docs/kit.md#nowhere) [c](docs/kit.md#policy) `src-main/nowhere.ts` `test/run.ts`'
  expect(deadLinks({ path: 'README.md', text })).toEqual(['nowhere.md', 'docs/kit.md#nowhere'])
  expect(deadPaths({ path: 'README.md', text })).toEqual(['src-main/nowhere.ts'])
})

describe('the tests that documents name as proofs', () => {
  const named = all.flatMap(proofs)

  test('exist under that title', () => {
    expect(named.length).toBeGreaterThan(40)
    expect(named.filter(({ file, title }) => !readTop(file).includes(title))).toEqual([])
  })

  test('are found across line breaks', () => {
    const text = '`test/run.ts`: "one\ntitle", `test/run.ts`: "with \\"quotes\\""'
    expect(proofs({ path: 'x.md', text }).map(({ title }) => title)).toEqual(['one title', 'with "quotes"'])
  })

  test('exist for every hazard, or the hazard says what its remedy comes with', () => {
    const hazards = readTop('docs/hazards.md').split(/^### /m).slice(1)
    const ids = hazards.map((text) => text.split(' ')[0] ?? '')
    expect(ids.filter((id) => id.startsWith('H'))).toEqual(Array.from({ length: 18 }, (_, index) => `H${index + 1}`))
    const without = hazards.filter((text) => proofs({ path: '', text }).length === 0)
    expect(without.filter((text) => !/come\s+with/.test(text))).toEqual([])
    expect(without.map((text) => text.split(' ')[0])).toEqual([])
  })
})

describe('the command line in the documents', () => {
  const program = commandLine()
  /** The command that the words name, if there is one. */
  const find = (words: readonly string[]): Command | undefined => {
    const [first, second] = words
    const command = program.commands.find((one) => one.name() === first)
    return command?.commands.length ? command.commands.find((one) => one.name() === second) : command
  }
  const optionsOf = (command: Command) => command.options.map((option) => option.long)
  const shown = all.flatMap(({ path, text }) =>
    [
      ...commands(text, /npm run (?:-s )?cli -- /),
      ...commands(text, /(?=site (?:add|list|show|check|edit|remove|protect)\b)/),
    ].map((words) => ({ path, words })),
  )

  test('has every command and option that is named', () => {
    expect(shown.length).toBeGreaterThan(25)
    for (const { path, words } of shown) {
      const plain = words.replaceAll(/"[^"]*"/g, 'WORD').split(/\s+/)
      while (/^--[a-z]/.test(plain[0] ?? '') && plain[0] !== '--help') plain.splice(0, plain[0] === '--data' ? 2 : 1)
      if (['--help', '…', 'COMMAND'].includes(plain[0] ?? '')) continue
      const command = find(plain)
      expect(command, `${path}: ${words}`).toBeDefined()
      if (!command) continue
      const known = [...optionsOf(program), ...optionsOf(command)]
      for (const word of plain.filter((one) => one.startsWith('--'))) expect(known, `${path}: ${words}`).toContain(word)
    }
  })

  test('is described completely in its guide', () => {
    const guide = readTop('docs/guide/command-line.md')
    const names = program.commands.flatMap((command) =>
      command.commands.length > 0 ? command.commands.map((one) => `site ${one.name()}`) : [command.name()],
    )
    expect(names.length).toBeGreaterThan(15)
    expect(names.filter((name) => !guide.includes(name))).toEqual([])
    const options = [program, ...program.commands, find(['site', 'add'])].flatMap((command) =>
      command ? optionsOf(command) : [],
    )
    expect(options.filter((option) => !guide.includes(option ?? ''))).toEqual([])
  })

  test('names only existing npm scripts', () => {
    const scripts = Object.keys((JSON.parse(readTop('package.json')) as { scripts: object }).scripts)
    const named = all.flatMap(({ text }) => matches(text, /npm run (?:-s )?([a-z]+)/g))
    expect(sorted(named).filter((name) => !scripts.includes(name))).toEqual([])
  })
})

const noBash = missing({ programs: ['/bin/bash', 'flock', 'find', 'awk'] })

describe.skipIf(noBash)(`the kit in the documents ${noBash}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'cvd-documents-'))
  const kit = join(folder, 'cvd-backup')
  const env = { PATH: process.env.PATH, HOME: folder, CVD_BACKUP_STATE: join(folder, 'state') }
  const ask = (...words: string[]) => command('/bin/bash', [kit, ...words], '', { env })

  beforeAll(() => writeKit(kit))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('has the described settings, with these defaults', async () => {
    const answer = await ask('policy')
    const pairs = matches(answer.stdout, /^([a-z_]+=.*)$/gm).map((line) => line.split('=') as [string, string])
    const rows = tableBelow(kitText, 'Policy')
    expect(codes(rows).sort()).toEqual(pairs.map(([key]) => key).sort())
    const described = new Map(rows.map(([key = '', value = '']) => [key.replaceAll('`', ''), value]))
    for (const [key, value] of pairs.filter(([, text]) => text !== '')) expect(described.get(key)).toBe(`\`${value}\``)
  })

  test('has the named commands', async () => {
    const help = (await ask('help')).stdout
    const known = [...matches(help, /^ {2}([a-z]+) /gm), 'release', 'help', 'version']
    const named = all.flatMap(({ text }) =>
      commands(text, /cvd-backup (?=[a-z]+(?:\s|$))/).map((words) => words.split(/\s/)[0] ?? ''),
    )
    expect(named.length).toBeGreaterThan(15)
    expect(sorted(named).filter((name) => !known.includes(name))).toEqual([])
    const listed = matches(kitText.split('\n## Commands\n')[1]?.split('\n## ')[0] ?? '', /^\| `([a-z]+)/gm)
    expect(known.filter((name) => !listed.includes(name) && name !== 'version' && name !== 'release')).toEqual([])
  })
})

describe('the codes in docs/kit.md', () => {
  test('are exactly the codes of results', () => {
    // A failure with a variable code takes it from a check or an extraction, which are also scanned.
    const variable = /\bfail "\$(?!EXTRACT_CODE|CHECK_CODE|FOUND_CODE|STATE_CODE)/.exec(kitSource)
    expect(variable).toBeNull()
    const used = [
      ...matches(kitSource, /(?<![\w-])fail ([a-z][a-z-]*) ["']/g),
      ...matches(kitSource, /\bSTATE_CODE=([a-z][a-z-]*)/g),
      ...matches(kitSource, /\b(?:check|extract)_finds ([a-z][a-z-]*) ["']/g),
      // The code of what a check found, before its message.
      ...matches(
        kitSource,
        /\bfound [a-z-]+ (?:failed|ask)(?:[^\n]|\\\n)*?\s([a-z]+(?:-[a-z]+)*) (?:\\\n\s*)?["'][A-Z$]/g,
      ),
      ...matches(kitSource, /\bresult (?:[a-z]+|'rolled back') ([a-z][a-z-]*) ["']/g),
      ...matches(kitSource, /\brecover_end "\$id" (?:[a-z]+|'rolled back') ([a-z]+)/g),
    ]
    expect(sorted(codes(tableBelow(kitText, 'Result codes')))).toEqual(sorted(used))
  })

  test('with exit status 4 are documented as refusals', () => {
    const four = /^ {4}(\S+(?: \| \S+)*)\) exit 4 ;;$/m.exec(kitSource)?.[1]?.split(' | ') ?? []
    const documented = /4 refused \(([^)]*)\)/.exec(kitText)?.[1] ?? ''
    expect(sorted(matches(documented, /`([a-z-]+)`/g))).toEqual(sorted(four))
  })

  test('are exactly the problems of an inspection', () => {
    const used = matches(kitSource, /\bproblem (?:error|warning|info) ([a-z-]+)/g)
    expect(sorted(codes(tableBelow(kitText, 'Problems')))).toEqual(sorted(used))
  })

  test('are exactly the errors of the launcher', () => {
    const used = matches(readTop('src-main/kit/bash/launcher.sh'), /\bfail ([a-z-]+) ['"]/g)
    const documented = /error CODE TEXT` \(([^)]*)\)/.exec(kitText)?.[1] ?? ''
    expect(sorted(matches(documented, /`([a-z-]+)`/g))).toEqual(sorted(used))
  })

  test('include exactly the phases of a transaction', () => {
    const used = matches(kitSource, /^ *(?:journal(?:_write)? )?phase(?:_mark)? ([a-z-]+)/gm)
    expect(sorted(codes(tableBelow(kitText, 'Phases of a transaction')))).toEqual(sorted(used))
  })
})
