import { accessSync, constants, existsSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { command } from '../command.ts'

/** Programs and libraries that suites need, with their Debian packages. */
const packageOf = {
  Xvfb: 'xvfb',
  bash: 'bash',
  chromium: 'chromium',
  chroot: 'coreutils',
  cp: 'coreutils',
  curl: 'curl',
  'dbus-daemon': 'dbus-daemon',
  debootstrap: 'debootstrap',
  dunst: 'dunst',
  ensurepip: 'python3-venv',
  flock: 'util-linux',
  gdbus: 'libglib2.0-bin',
  git: 'git',
  'gnome-keyring-daemon': 'gnome-keyring',
  gzip: 'gzip',
  igzip: 'isal',
  import: 'imagemagick',
  ip: 'iproute2',
  'libasound.so.2': 'libasound2',
  'libgbm.so.1': 'libgbm1',
  'libgtk-3.so.0': 'libgtk-3-0',
  'libnotify.so.4': 'libnotify4',
  'libnss3.so': 'libnss3',
  'libsecret-1.so.0': 'libsecret-1-0',
  lsof: 'lsof',
  'pam_oath.so': 'libpam-oath',
  msmtp: 'msmtp',
  nsenter: 'util-linux',
  openbox: 'openbox',
  openssl: 'openssl',
  perl: 'perl-base',
  pgrep: 'procps',
  pigz: 'pigz',
  setpriv: 'util-linux',
  setsid: 'util-linux',
  shellcheck: 'shellcheck',
  sqlite3: 'sqlite3',
  ssh: 'openssh-client',
  'ssh-agent': 'openssh-client',
  'ssh-keygen': 'openssh-client',
  'ssh-keyscan': 'openssh-client',
  sshd: 'openssh-server',
  sudo: 'sudo',
  'systemd-nspawn': 'systemd-container',
  tar: 'tar',
  unzip: 'unzip',
  useradd: 'passwd',
  xdotool: 'xdotool',
  'xfce4-panel': 'xfce4-panel',
  'xfconf-query': 'xfconf',
  xprop: 'x11-utils',
} as const

export type Program = keyof typeof packageOf

const isRoot = process.getuid?.() === 0
const adminFolders = ['/usr/local/sbin', '/usr/sbin', '/sbin']

/** Debian's folders of PAM modules, by architecture. */
export const pamFolders = ['x86_64', 'aarch64'].map((machine) => `/lib/${machine}-linux-gnu/security`)

/** Includes libraries, which need not be executable: `/usr/lib/x86_64-linux-gnu` on most machines. */
function foldersOf(program: Program): readonly string[] {
  if (program.startsWith('pam_')) return pamFolders
  // A module of Debian's python3, without which it makes no virtual environment.
  if (program === 'ensurepip') return globSync('/usr/lib/python3.*')
  if (isLibrary(program)) return globSync('/usr/lib/*-linux-gnu*')
  return [...(process.env.PATH ?? '').split(delimiter), ...adminFolders]
}

const isLibrary = (program: Program): boolean => /\.so(\.|$)/.test(program)

function has(program: Program): boolean {
  return foldersOf(program).some((folder) => {
    try {
      accessSync(join(folder, program), isLibrary(program) ? constants.R_OK : constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

function isDebian(): boolean {
  return existsSync('/etc/os-release') && /^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'))
}

/** Installs what is missing if this is Debian and we are root; otherwise changes nothing. */
export async function installPrograms(programs: readonly Program[], say: (text: string) => void): Promise<void> {
  const missing = [...new Set(programs.filter((program) => !has(program)).map((program) => packageOf[program]))]
  if (missing.length === 0 || !isRoot || !isDebian()) return
  say(`installing ${missing.join(', ')}`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const restore = forbidServices()
  try {
    await command('apt-get', ['update', '-qq'], '', { env })
    const result = await command('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], '', {
      env,
    })
    if (result.code !== 0) say(`apt-get failed: ${result.stderr.trim().split('\n').slice(-3).join(' ')}`)
  } finally {
    restore()
  }
}

/** Packages must not start their services: tests start their own, on other addresses. */
function forbidServices(): () => void {
  const policy = '/usr/sbin/policy-rc.d'
  if (existsSync(policy)) return () => undefined
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  return () => rmSync(policy)
}

/** Why a suite that needs these programs cannot run, and how to install them; undefined if it can. */
export function missingPrograms(programs: readonly Program[]): string | undefined {
  const missing = programs.filter((program) => !has(program))
  if (missing.length === 0) return undefined
  const packages = [...new Set(missing.map((program) => packageOf[program]))]
  return `needs ${missing.join(', ')}: as root on Debian this is installed by itself; else: apt-get install ${packages.join(' ')}`
}

/** Why real Debian servers cannot run here; undefined if they can. */
export async function noServers(): Promise<string | undefined> {
  if (process.platform !== 'linux' || !isDebian() || !isRoot) {
    return 'needs root on Debian (12 or later), as in CI: it boots real servers'
  }
  const probe = await command('unshare', [
    '--mount',
    '--net',
    '--pid',
    '--fork',
    'mount',
    '-t',
    'tmpfs',
    'none',
    '/mnt',
  ])
  return probe.code === 0
    ? undefined
    : 'needs the right to mount and to make namespaces: run on a machine, or in a privileged container'
}
