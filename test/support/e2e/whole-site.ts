/** The parts of a demo site, looked at and broken without the console and its kit. */
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DemoSite } from '../../../src-main/demo/site.ts'
import { treeState } from '../kit/tree.ts'
import { sql } from './demo.ts'

export const unitOf = ({ units }: DemoSite): string => join(units, 'cvd.service')

/** What is live, by part. Only what the application does not change by itself. */
export function wholeState(demo: DemoSite) {
  return {
    database: sql(demo, 'SELECT count(*), sum(id) FROM products'),
    application: treeState(join(demo.root, 'app')),
    config: treeState(join(demo.root, 'config')),
    systemd: readFileSync(unitOf(demo), 'utf8'),
    nginx: readFileSync(demo.nginxSite, 'utf8'),
  }
}

/** A broken release, a wrong setting, an edited unit and site, and deleted rows. The application goes on. */
export function breakWhole(demo: DemoSite): void {
  sql(demo, 'PRAGMA foreign_keys=OFF; DELETE FROM products WHERE id <= 5')
  appendFileSync(join(demo.root, 'app/app.mts'), '\n// a broken release\n')
  writeFileSync(join(demo.root, 'app/added.py'), 'print()\n')
  appendFileSync(join(demo.root, 'config/.env'), 'MAIL_SERVER=nowhere\n')
  appendFileSync(unitOf(demo), '# edited by hand\n')
  rmSync(demo.nginxSite)
  writeFileSync(demo.nginxSite, 'server { listen 81; }\n')
}
