export type Login = 'root' | 'sudo-password' | 'sudo-passwordless' | 'unprivileged'
export type Compressor = 'igzip' | 'pigz' | 'gzip'

/** What a test server shall be. */
export interface ServerSpec {
  readonly name: string
  readonly journal: 'wal' | 'delete'
  /** The account that `user` and `password` name; every server has all four. */
  readonly login: Login
  /** `tcp`: gunicorn on 127.0.0.1:5000; `unix`: on /opt/cvd/app/cvd.sock. */
  readonly health: 'tcp' | 'unix'
  /** The database is grown to about this many megabytes; 1.7 without. */
  readonly databaseMb?: number
  /** Those that the server has; all of them without. gzip is always there. */
  readonly compressors?: readonly Compressor[]
  /** Such as `Europe/Berlin`; `Etc/UTC` without. */
  readonly timezone?: string
}

/** Account names by what they may do. */
export const accountNames: Readonly<Record<Login, string>> = {
  root: 'root',
  'sudo-password': 'admin',
  'sudo-passwordless': 'deploy',
  unprivileged: 'clerk',
}

/** The two servers that the tests share: they differ in everything that sites differ in. */
export const standardServers: readonly ServerSpec[] = [
  { name: 'north', journal: 'wal', login: 'root', health: 'tcp', timezone: 'Europe/Berlin' },
  {
    name: 'south',
    journal: 'delete',
    login: 'sudo-password',
    health: 'unix',
    compressors: ['gzip'],
    timezone: 'America/New_York',
  },
]
