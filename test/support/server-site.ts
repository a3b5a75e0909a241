/** A site on a server that is as new, and a console for it: what a test of restores begins with. */

import type { JournalEntry } from '../../src-main/store/operations.ts'
import type { Site } from '../../src-main/store/sites.ts'
import { archiveReport } from '../../src-shared/domain/kit-backups.ts'
import { beginRestore, clearFailpoint, type RestoreHow, undo } from './restores.ts'
import { ServerDesk } from './server-desk.ts'
import type { Server } from './servers/server.ts'

export type ArchiveKind = 'application' | 'config' | 'systemd' | 'system'

export class ServerSite implements AsyncDisposable {
  readonly server: Server
  readonly desk: ServerDesk
  readonly site: Site

  constructor(server: Server, desk: ServerDesk, site: Site) {
    this.server = server
    this.desk = desk
    this.site = site
  }

  /** On a server that is reset first. */
  static async fresh(server: Server, policy: Readonly<Record<string, string>> = {}): Promise<ServerSite> {
    await server.reset()
    const one = await ServerSite.of(server)
    if (Object.keys(policy).length > 0) await one.desk.setPolicy(one.site, policy)
    return one
  }

  /** With a console of its own, on a server as it is. */
  static async of(server: Server, who?: string): Promise<ServerSite> {
    const desk = new ServerDesk(who)
    return new ServerSite(server, desk, await desk.add(server, { health: server.probe }))
  }

  /** The report of a backup of files; throws unless that succeeds. */
  async make(kind: ArchiveKind) {
    const { outcome, code, message, data } = await this.desk.run(this.site, kind)
    if (outcome !== 'succeeded') throw new Error(`${code}: ${message}`)
    return archiveReport.parse(data)
  }

  /** The path of a backup of files. */
  async backUp(kind: ArchiveKind): Promise<string> {
    return (await this.make(kind)).backup.path
  }

  begin(backup: string, how: RestoreHow = {}): Promise<JournalEntry> {
    return beginRestore(this.desk, this.site, backup, how)
  }

  /** Restores and waits for the end, whatever the outcome. */
  async restore(backup: string, how: RestoreHow = {}): Promise<JournalEntry> {
    return await this.desk.settled(await this.begin(backup, how))
  }

  /** Starts a restore like a console that makes no plan first: the server itself has to refuse. */
  startUnplanned(part: string, backup: string, ...options: string[]): JournalEntry {
    const confirmed = ['--confirm', this.server.name, '--reason', 'a test']
    return this.desk.start(this.site, 'restore', part, { path: backup }, ...confirmed, ...options)
  }

  undo(operation: string): Promise<JournalEntry> {
    return undo(this.desk, this.site, operation)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearFailpoint(this.server)
    await this.desk[Symbol.asyncDispose]()
  }
}
