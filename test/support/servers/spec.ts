export type Login = 'root' | 'sudo-password' | 'sudo-passwordless' | 'unprivileged'
export type Compressor = 'igzip' | 'pigz' | 'gzip'

/** Properties of a test server. */
export interface ServerSpec {
  readonly name: string
  readonly journal: 'wal' | 'delete'
  /** The account in `user` and `password`; every server has all four. */
  readonly login: Login
  /** `tcp`: gunicorn on 127.0.0.1:5000; `unix`: on /opt/cvd/app/cvd.sock. */
  readonly health: 'tcp' | 'unix'
  /** Size of the database in megabytes, roughly. Default 1.7. */
  readonly databaseMb?: number
  /** The installed compressors; default all. gzip is always there. */
  readonly compressors?: readonly Compressor[]
  /** Such as `Europe/Berlin`; default `Etc/UTC`. */
  readonly timezone?: string
  /** Has the packages that a site needs, and nothing of one: no user, no folder, no unit, no nginx site. It cannot be reset. */
  readonly empty?: boolean
}

/** Account names by their rights. */
export const accountNames: Readonly<Record<Login, string>> = {
  root: 'root',
  'sudo-password': 'admin',
  'sudo-passwordless': 'deploy',
  unprivileged: 'clerk',
}

/** The two servers shared by the tests: they differ in everything in which sites differ. */
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
