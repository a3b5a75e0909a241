import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runProgram } from '../../src-main/demo/processes.ts'
import { startDemoSite } from '../../src-main/demo/site.ts'
import { timedKit } from './kit-answer.ts'
import type { Place } from './place.ts'

/** The demo site: any machine with bash and sqlite3. No systemd, so the runbook's own scripts do not fit it. */
export async function demoPlace(): Promise<Place> {
  const site = await startDemoSite()
  const shell = (text: string, stdin: string | Buffer = '') =>
    runProgram('/bin/bash', ['-c', text], { env: site.env, stdin: String(stdin) })
  const service = async (verb: 'start' | 'stop' | 'restart'): Promise<void> => {
    if (verb !== 'start') await site.app.stop()
    if (verb !== 'stop') await site.app.start()
  }
  return {
    what: 'the demo site (no systemd)',
    root: site.root,
    database: site.database,
    probe: site.app.healthUrl,
    fitsRunbook: false,
    inItsNetwork: (words) => words,
    run: shell,
    kit: (words) => timedKit(() => runProgram('/bin/bash', [site.kit, '--events', ...words], { env: site.env }), words),
    service,
    healthy: () => site.app.healthy(),
    writeEvery: async (milliseconds) => {
      const file = join(site.root, 'config', '.env')
      const settings = readFileSync(file, 'utf8').replace(/^WRITE_EVERY_MS=.*$/m, `WRITE_EVERY_MS=${milliseconds}`)
      writeFileSync(file, settings)
      await service('restart')
      await site.app.healthy()
    },
    writes: () => site.app.writes(),
    compressors: async (only) => only === null,
    remove: () => site.stop(),
  }
}
