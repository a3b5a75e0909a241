import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { columns, duration, grouped, paintFor, shellWord, size } from '../../src-main/demo/terminal.ts'

describe('text for the terminal', () => {
  it('is coloured only on a terminal, and never if NO_COLOR is set', () => {
    expect(paintFor({ isTTY: true }, {}).good('yes')).toBe('\u001b[32myes\u001b[39m')
    expect(paintFor({ isTTY: true }, { NO_COLOR: '1' }).good('yes')).toBe('yes')
    expect(paintFor({ isTTY: true }, { TERM: 'dumb' }).bold('yes')).toBe('yes')
    expect(paintFor({}, {}).bad('no')).toBe('no')
  })

  it('quotes words so that a shell reads them unchanged', () => {
    for (const word of ['plain', "it's", 'a b', '$HOME', '*', '', 'new\nline', '`x`', '-n', "'", '"', '\\', 'é']) {
      expect(execFileSync('/bin/bash', ['-c', `printf '%s.' ${shellWord(word)}`], { encoding: 'utf8' })).toBe(
        `${word}.`,
      )
    }
  })

  it('shortens times, sizes and counts without overstating them', () => {
    expect([412, 9_994, 12_345, 125_000].map(duration)).toEqual(['0.41 s', '9.99 s', '12.3 s', '2 min 5 s'])
    expect([0, 999, 1_700_000, 777_000_000, 999_700_000].map(size)).toEqual([
      ...['0 bytes', '999 bytes', '1.7 MB', '777 MB', '1.0 GB'],
    ])
    expect(grouped(1234567)).toBe('1,234,567')
  })

  it('aligns columns', () => {
    const rows = [
      ['table', 'rows'],
      ['sales', '1,200'],
    ]
    expect(columns(rows, [false, true])).toEqual(['table   rows', 'sales  1,200'])
  })
})
