/** Opens a page in the user's browser without revealing its token to other users of this computer. */
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

const openers: Readonly<Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>>> = {
  darwin: ['open'],
  win32: ['explorer.exe'],
  linux: ['xdg-open'],
}

/** False without a desktop. */
export function canOpen(env: NodeJS.ProcessEnv = process.env, platform = process.platform): boolean {
  if (env.CI || env.SSH_CONNECTION) return false
  return platform !== 'linux' || Boolean(env.DISPLAY || env.WAYLAND_DISPLAY)
}

/** Other users can read process arguments: the browser opens a private file that redirects to the page. */
export function openInBrowser(url: string, folder: string): void {
  const file = join(folder, 'open-console.html')
  const html = `<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=${url}"><title>CVD Backup Console</title>`
  writeFileSync(file, html, { mode: 0o600 })
  const [program, ...words] = openers[process.platform] ?? ['xdg-open']
  const child = spawn(program, [...words, file], { stdio: 'ignore', detached: true })
  // No such program: the address was printed.
  child.on('error', () => {})
  child.unref()
}
