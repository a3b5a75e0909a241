/** Archives as tar reads them: what is in one, read without the kit. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Member {
  readonly kind: 'file' | 'folder' | 'link' | 'other'
  readonly mode: string
  readonly uid: number
  readonly gid: number
  /** SHA-256 of a file, target of a link. */
  readonly content: string
}

/** Everything below a folder, by its path; the folder itself is `.`. */
export function treeOf(folder: string): Map<string, Member> {
  const found = new Map<string, Member>()
  const visit = (path: string): void => {
    const full = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(path, 'latin1')])
    const stat = lstatSync(full)
    const kind = stat.isFile() ? 'file' : stat.isDirectory() ? 'folder' : stat.isSymbolicLink() ? 'link' : 'other'
    const content =
      kind === 'file'
        ? createHash('sha256').update(readFileSync(full)).digest('hex')
        : kind === 'link'
          ? readlinkSync(full, 'latin1')
          : ''
    found.set(path, { kind, mode: (stat.mode & 0o7777).toString(8), uid: stat.uid, gid: stat.gid, content })
    if (kind !== 'folder') return
    for (const name of readdirSync(full, 'latin1')) visit(path === '.' ? name : `${path}/${name}`)
  }
  visit('.')
  return found
}

/** What an archive unpacks to, with its owners and modes; needs root for owners. */
export function unpacked(archive: string): Map<string, Member> {
  const folder = mkdtempSync(join(tmpdir(), 'cvd-unpacked-'))
  try {
    execFileSync('tar', ['-xpzf', archive, '-C', folder, '--same-owner', '--numeric-owner'])
    return treeOf(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The names of an archive's members, as tar lists them. */
export const namesIn = (archive: string): readonly string[] =>
  execFileSync('tar', ['-tzf', archive], { encoding: 'latin1' }).trimEnd().split('\n')
