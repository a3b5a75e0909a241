/** The part of the kit that the owner's and the reader's bash reads: enough, and no more. */
import { describe, expect, it } from 'vitest'
import { assembleKit, END_OF_SIDES, kitParts, sideFiles } from '../../src-main/kit/assemble.ts'
import { runners } from '../support/bash/calls.ts'
import { codeOf, outsideFunctions } from '../support/bash/code.ts'

const kit = kitParts().map(({ name, text }) => codeOf(name, text))

/** File by the name of each constant or variable that it sets outside of functions. */
const setIn = new Map<string, string>()
for (const code of kit) {
  for (const line of outsideFunctions(code).split('\n')) {
    for (const [, name = ''] of line.matchAll(/(?:^|\s)([A-Z][A-Z0-9_]+)(?:\+?=|(?==))/g)) {
      if (!setIn.has(name)) setIn.set(name, code.file)
    }
  }
}

/** Files that a side needs, and for which function of which file. */
function needed(): ReadonlyMap<string, string> {
  const by = runners(kit)
  const found = new Map<string, string>()
  const note = (file: string, why: string) => found.set(file, found.get(file) ?? why)
  for (const code of kit) {
    const lines = code.uncommented.split('\n')
    for (const { name, from, to } of code.functions) {
      const who = by.get(`${code.file}:${name}`)
      if (!who?.has('owner') && !who?.has('reader')) continue
      note(code.file, name)
      const text = lines.slice(from - 1, to).join('\n')
      for (const [, constant = ''] of text.matchAll(/\$\{?[#!]?([A-Z][A-Z0-9_]+)/g)) {
        const file = setIn.get(constant)
        if (file !== undefined) note(file, `${constant}, read by ${name}`)
      }
    }
  }
  return found
}

describe('what a side reads of the kit', () => {
  it('holds every function that it runs, and every constant that these read', () => {
    const lacks = [...needed()].filter(([file]) => file !== 'side.sh' && !sideFiles.has(file.replace(/\.sh$/, '')))
    expect(lacks.map(([file, why]) => `${file} has ${why}: name it in sideFiles`)).toEqual([])
  })

  it('holds nothing else', () => {
    const files = needed()
    const always = ['base/prologue']
    expect([...sideFiles].filter((name) => !files.has(`${name}.sh`) && !always.includes(name))).toEqual([])
  })

  it('ends at one place, which comes first', () => {
    const parts = assembleKit().bytes.toString().split(END_OF_SIDES)
    expect(parts).toHaveLength(2)
    expect(parts[0]?.length).toBeLessThan((parts[1]?.length ?? 0) * 1.2)
    expect(parts[0]).toContain('\nside_main() {\n')
    expect(parts[1]).toMatch(/\nmain "\$@"\n$/)
  })
})
