import { describe, expect, it } from 'vitest'
import { type Ask, missingForDemo } from '../../src-main/demo/requirements.ts'

const debian: Ask = (program) =>
  ({
    '/bin/bash': 'GNU bash, version 5.2.15(1)-release',
    sqlite3: '3.40.1 2022-12-28 14:03:47',
    stat: 'stat (GNU coreutils) 9.1',
    find: 'find (GNU findutils) 4.9.0',
    tar: 'tar (GNU tar) 1.34',
    sed: 'sed (GNU sed) 4.9',
  })[program] ?? 'some version'

const mac: Ask = (program) =>
  ({
    '/bin/bash': 'GNU bash, version 3.2.57(1)-release (arm64-apple-darwin23)',
    sqlite3: '3.43.2 2023-10-10',
    stat: 'stat: illegal option -- -',
    find: 'find: illegal option -- -',
    tar: 'bsdtar 3.5.3 - libarchive 3.7.4',
    sed: 'sed: illegal option -- -',
    gzip: 'Apple gzip 430',
    curl: 'curl 8.7.1',
  })[program] ?? null

const whats = (platform: NodeJS.Platform, ask: Ask): string[] => missingForDemo(platform, ask).map(({ what }) => what)

describe('what the demo needs', () => {
  it('is present on a typical Linux', () => expect(missingForDemo('linux', debian)).toEqual([]))

  it('is named, with how to get it, if it is missing or too old', () => {
    const old: Ask = (program) => (program === 'sqlite3' ? '3.22.0 2018' : program === 'curl' ? null : debian(program))
    expect(missingForDemo('linux', old)).toEqual([
      { what: 'sqlite3 3.26 or newer', found: '3.22.0 2018', how: expect.stringContaining('apt-get install sqlite3') },
      { what: 'curl', found: 'nothing', how: expect.stringContaining('dnf install curl') },
    ])
    const older: Ask = (program) => (program === '/bin/bash' ? 'GNU bash, version 4.3.48' : debian(program))
    expect(whats('linux', older)).toEqual(['bash 4.4 or newer, as /bin/bash'])
  })

  it('is explained plainly on macOS and Windows', () => {
    expect(whats('darwin', mac)).toEqual([
      'bash 4.4 or newer, as /bin/bash',
      'GNU coreutils',
      'GNU findutils',
      'GNU tar',
      'GNU sed',
      'setsid',
      'flock',
      'a Linux kernel (/proc)',
    ])
    expect(missingForDemo('darwin', mac)[1]?.how).toBe('brew install coreutils')
    expect(missingForDemo('win32', () => null)).toEqual([
      { what: 'Linux', found: 'Windows', how: expect.stringContaining('WSL') },
    ])
  })
})
