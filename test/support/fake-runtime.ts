/** A folder that electron-builder accepts as an unpacked Electron: the names are right, and the fuses are real. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const SENTINEL = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'
const FUSES = 9

/** The fuse section of Electron's program: version 1, nine fuses, all on. */
export function fuseWire(fuses = FUSES): Buffer {
  const wire = Buffer.concat([Buffer.from(SENTINEL), Buffer.of(1, fuses), Buffer.alloc(fuses, '1')])
  return Buffer.concat([Buffer.alloc(16), wire, Buffer.alloc(16)])
}

const plist = (facts: Readonly<Record<string, string>>): string => {
  const lines = Object.entries(facts).map(([key, value]) => `<key>${key}</key><string>${value}</string>`)
  return `<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0"><dict>${lines.join('')}</dict></plist>\n`
}

function filesFor(platform: 'linux' | 'win32' | 'darwin'): Record<string, string | Buffer> {
  if (platform === 'linux') return { electron: fuseWire(), 'resources/x': '' }
  if (platform === 'win32') return { 'electron.exe': fuseWire(), 'resources/x': '' }
  const app = 'Electron.app/Contents'
  const helpers = ['', ' (Renderer)', ' (Plugin)', ' (GPU)'].flatMap((suffix) => {
    const name = `Electron Helper${suffix}`
    const folder = `${app}/Frameworks/${name}.app/Contents`
    return [
      [`${folder}/Info.plist`, plist({ CFBundleExecutable: name, CFBundleIdentifier: 'x' })],
      [`${folder}/MacOS/${name}`, ''],
    ]
  })
  return {
    [`${app}/Info.plist`]: plist({ CFBundleExecutable: 'Electron', CFBundleIdentifier: 'x' }),
    [`${app}/MacOS/Electron`]: '',
    [`${app}/Resources/electron.icns`]: '',
    [`${app}/Frameworks/Electron Framework.framework/Electron Framework`]: fuseWire(),
    ...Object.fromEntries(helpers),
  }
}

export function fakeRuntime(folder: string, platform: 'linux' | 'win32' | 'darwin', version: string): void {
  for (const [name, content] of Object.entries({ ...filesFor(platform), version, LICENSE: '' })) {
    const file = join(folder, name)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, content, { mode: 0o755 })
  }
}
