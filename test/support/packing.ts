/**
 * Builds and packs the console in its own folder, with a stand-in for the runtime, which is not available everywhere.
 */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { build } from 'vite'
import { command } from './command.ts'
import { copyPackages } from './electron/project.ts'
import { fakeRuntime } from './fake-runtime.ts'

const top = resolve(import.meta.dirname, '../..')

export interface Target {
  readonly platform: 'linux' | 'win32' | 'darwin'
  readonly arch: 'x64' | 'arm64'
}

/** A built project with a minimal page. */
export async function builtProject(folder: string): Promise<void> {
  for (const name of ['package.json', 'package-lock.json', 'electron-builder.yml', 'LICENSE'])
    cpSync(join(top, name), join(folder, name))
  cpSync(join(top, 'build'), join(folder, 'build'), { recursive: true })
  // Must not be shipped, wherever it is.
  for (const name of [
    'src-main/entry/host.ts',
    'test/x.test.ts',
    '.env',
    'dist/renderer/app.js.map',
    'dist/main/x.map',
  ]) {
    mkdirSync(join(folder, name, '..'), { recursive: true })
    writeFileSync(join(folder, name), 'not to be shipped')
  }
  copyPackages(folder)
  for (const [name, part] of [
    ['vite.main.ts', 'main'],
    ['vite.preload.ts', 'preload'],
  ] as const) {
    const outDir = join(folder, 'dist', part)
    await build({ configFile: join(top, 'build', name), logLevel: 'silent', build: { outDir, emptyOutDir: false } })
  }
  writeFileSync(join(folder, 'dist/renderer/index.html'), '<!doctype html><title>page</title>')
}

export interface Runtime {
  readonly folder: string
  readonly version: string
}

function standIn(project: string, { platform, arch }: Target): Runtime {
  const { version } = createRequire(import.meta.url)('electron/package.json') as { version: string }
  const folder = join(project, `runtime-${platform}-${arch}`)
  fakeRuntime(folder, platform, version)
  return { folder, version }
}

/**
 * Packs the project for a target and returns the output folder. Throws with electron-builder's output on failure.
 * @param runtime the unpacked Electron; default: a stand-in
 */
export async function pack(project: string, target: Target, runtime = standIn(project, target)): Promise<string> {
  const { platform, arch } = target
  const { folder, version } = runtime
  const output = join(project, `packed-${platform}-${arch}`)
  const flag = { linux: '--linux', win32: '--win', darwin: '--mac' }[platform]
  const result = await command(
    process.execPath,
    [
      ...[join(top, 'node_modules/electron-builder/cli.js'), flag, 'dir', `--${arch}`, '--publish', 'never'],
      ...['--projectDir', project, '--config', 'electron-builder.yml'],
      ...[`-c.electronDist=${folder}`, `-c.directories.output=${output}`, `-c.electronVersion=${version}`],
      // The program is not a real executable, so its resources cannot be edited.
      ...['-c.win.signAndEditExecutable=false', '-c.mac.identity=null'],
      ...(platform === 'win32' ? ['-c.disableAsarIntegrity=true'] : []),
    ],
    '',
    { cwd: project, env: { ...process.env, CSC_IDENTITY_AUTO_DISCOVERY: 'false' } },
  )
  if (result.code !== 0) throw new Error(`${result.stdout}\n${result.stderr}`)
  return output
}
