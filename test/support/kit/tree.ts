/** A folder with all that is below it, read without the kit: what a transaction must change whole or not at all. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** `PATH TYPE MODE OWNER CONTENT` of everything below a folder and of itself, sorted. */
export function treeState(folder: string, but: readonly string[] = []): readonly string[] {
  const lines: string[] = []
  const look = (path: string): void => {
    const found = lstatSync(join(folder, path))
    const { mode, uid, gid } = found
    const type = found.isDirectory() ? 'd' : found.isSymbolicLink() ? 'l' : found.isFile() ? 'f' : '?'
    let content = ''
    if (type === 'l') content = readlinkSync(join(folder, path))
    if (type === 'f')
      content = createHash('sha256')
        .update(readFileSync(join(folder, path)))
        .digest('hex')
    lines.push(`${path} ${type} ${(mode & 0o7777).toString(8)} ${uid}:${gid} ${content}`)
    if (type !== 'd') return
    for (const name of readdirSync(join(folder, path)).sort()) {
      if (!but.includes(join(path, name))) look(join(path, name))
    }
  }
  look('.')
  return lines
}

/** Writes files by their paths; a value that begins with `-> ` is a link. */
export function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    if (text.startsWith('-> ')) symlinkSync(text.slice(3), join(folder, path))
    else writeFileSync(join(folder, path), text)
  }
}

/** As the runbook makes them. */
export function pack(part: 'application' | 'config', root: string, file: string): string {
  const out = ['--exclude=venv', '--exclude=__pycache__', '--exclude=*.pyc', '--exclude=.git', '--exclude=ai_cache.db']
  const what = part === 'application' ? ['-C', join(root, 'app'), ...out, '.'] : ['-C', root, 'config/']
  execFileSync('tar', ['-czf', file, ...what])
  return file
}
