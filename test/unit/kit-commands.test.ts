/** The table of commands is the only list: the kit dispatches by it, and the documents show it. */
import { globSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { assembleKit, kitParts } from '../../src-main/kit/assemble.ts'
import { kitCommand, kitCommands } from '../../src-shared/domain/kit-commands.ts'
import { titleOf } from '../../src-shared/domain/operation-title.ts'

const top = resolve(import.meta.dirname, '../..')
const source = kitParts()
  .map(({ text }) => text)
  .join('\n')
const names = Object.keys(kitCommands)
const namesOf = (pattern: RegExp) => [...source.matchAll(pattern)].map(([, name = '']) => name).sort()

describe('the table of commands', () => {
  it('has exactly the commands that the kit can run', () => {
    const inner = ['help'] // has no function of its own in the table
    expect(namesOf(/^run_([a-z]+)\(\)/gm).filter((name) => !inner.includes(name))).toEqual([...names].sort())
  })

  it('calls an operation exactly what is checked before it is started', () => {
    const operations = names.filter((name) => kitCommand(name)?.kind === 'operation')
    const checked = namesOf(/^check_([a-z]+)\(\)/gm).filter((name) => names.includes(name))
    expect(checked).toEqual([...operations].sort())
  })

  it('is in the kit as words that no text of a help can leave', () => {
    const part = kitParts().find(({ name }) => name === 'commands.sh')?.text ?? ''
    const kinds = /COMMAND_KIND=\(\n([^)]*)\)/.exec(part)?.[1]?.trim().split(/\s+/)
    expect(kinds).toEqual(names.map((name) => `[${name}]=${kitCommand(name)?.kind}`))
    expect(assembleKit().bytes.includes(part)).toBe(true)
  })

  it('has each synopsis in docs/kit.md', () => {
    const text = readFileSync(resolve(top, 'docs/kit.md'), 'utf8')
    const shown = [...text.matchAll(/`([a-z]+)(?: [^`]*)?`/g)].map(([, name]) => name)
    expect(names.filter((name) => !shown.includes(name))).toEqual([])
  })

  it('gives titles to commands, and leaves those of another version as they are', () => {
    expect(titleOf('database')).toBe('Database backup')
    expect(titleOf('constructor')).toBe('constructor')
    expect(titleOf('undo', true)).toBe('Redo restore')
  })

  it('is the only place that gives an operation a title', () => {
    const titles = names.filter((name) => kitCommand(name)?.kind === 'operation').map((name) => titleOf(name))
    const files = globSync('src-{main,shared,renderer}/**/*.{ts,tsx}', { cwd: top })
    const elsewhere = files.flatMap((file) => {
      const text = readFileSync(resolve(top, file), 'utf8')
      return file.endsWith('kit-commands.ts')
        ? []
        : titles.filter((title) => text.includes(`'${title}'`)).map((title) => `${file}: ${title}`)
    })
    expect(elsewhere).toEqual([])
  })
})
