/**
 * The baseline: the runbook's procedures. With RUNBOOK_DIR its scripts are copied to the place and run there
 * unchanged; without it (or where they cannot run) the same steps are timed, as written here:
 *   backup: `.backup` of the live file without a transaction, integrity_check of the copy, gzip as it comes (level 6);
 *   application: an archive of the live one for safety, stop, extract to a scratch folder, set the virtual environment aside,
 *   delete, copy, set it back, start;
 *   disaster recovery: stop, extract all parts, copy them over, start. Its own script is never run here: without an index
 *   of packages it leaves no environment, and it sleeps for 30 s;
 *   restore: a copy of the live file for safety, stop, extract, integrity_check, copy over the live file, integrity_check,
 *   start.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { must, type Place, shellWord } from './place.ts'

export interface Baseline {
  /** Such as `the runbook's backup_database.sh`. */
  readonly backupName: string
  readonly restoreName: string
  /** Milliseconds; null if it had not ended after `seconds`. */
  backup(seconds: number): Promise<number | null>
  readonly applicationName: string
  /** Runs to its end, whatever the outcome; its downtime is measured from outside. */
  restore(backup: string): Promise<void>
  restoreApplication(backup: string): Promise<void>
  readonly systemName: string
  restoreSystem(backup: string): Promise<void>
}

export function baselineOf(place: Place): Baseline {
  const folder = place.fitsRunbook ? process.env.RUNBOOK_DIR : undefined
  return folder === undefined || folder === '' ? sameSteps(place) : ownScripts(place, folder)
}

function ownScripts(place: Place, folder: string): Baseline {
  const send = async (name: string): Promise<string> => {
    await must(place, `mkdir -p /root/runbook && cat >/root/runbook/${name}`, readFileSync(join(folder, name)))
    return `bash /root/runbook/${name}`
  }
  return {
    ...sameSteps(place),
    backupName: "the runbook's backup_database.sh",
    restoreName: "the runbook's restore_database.sh",
    backup: async (seconds) => timed(place, seconds, await send('backup_database.sh')),
    // It probes an address that the application lacks, and so ends with a rollback; the first gap is its restore.
    restore: async (backup) => void (await place.run(`${await send('restore_database.sh')} ${shellWord(backup)}`)),
    applicationName: "the runbook's restore_application.sh",
    restoreApplication: async (backup) =>
      void (await place.run(`${await send('restore_application.sh')} ${shellWord(backup)}`)),
  }
}

function sameSteps(place: Place): Baseline {
  const live = shellWord(place.database)
  return {
    backupName: "the runbook's steps for a backup",
    restoreName: "the runbook's steps for a restore",
    backup: (seconds) =>
      timed(
        place,
        seconds,
        `set -e; copy=${shellWord(`${place.root}/backups/baseline.db`)}; rm -f "$copy" "$copy".gz
        sqlite3 -batch -bail ${live} ".backup '$copy'"
        sqlite3 -batch "$copy" 'PRAGMA integrity_check;' | grep -qx ok
        gzip "$copy"`,
      ),
    restore: async (backup) => {
      const scratch = `${place.root}/data/baseline-restore.db`
      await must(place, `cp ${live} ${shellWord(`${scratch}.safety`)}`)
      await place.service('stop')
      await must(
        place,
        `set -e; gunzip -c ${shellWord(backup)} >${shellWord(scratch)}
        sqlite3 -batch ${shellWord(scratch)} 'PRAGMA integrity_check;' | grep -qx ok
        cp ${shellWord(scratch)} ${live}
        sqlite3 -batch ${live} 'PRAGMA integrity_check;' | grep -qx ok
        rm -f ${shellWord(scratch)} ${shellWord(`${scratch}.safety`)}`,
      )
      await place.service('start')
      await place.healthy()
    },
    applicationName: "the runbook's steps for the application",
    restoreApplication: async (backup) => {
      const app = shellWord(`${place.root}/app`)
      await must(place, `tar -czf /tmp/baseline-safety.tar.gz -C ${app} .`)
      await place.service('stop')
      await must(
        place,
        `set -e; t=$(mktemp -d); tar -xzf ${shellWord(backup)} -C "$t"
        if [ -d ${app}/venv ]; then mv ${app}/venv "$t/venv_current"; fi
        rm -rf ${app}/*; cp -r "$t"/* ${app}/
        if [ -d ${app}/venv_current ]; then mv ${app}/venv_current ${app}/venv; fi
        chown -R --reference=${shellWord(place.root)} ${app}; rm -rf "$t" /tmp/baseline-safety.tar.gz`,
      )
      await place.service('start')
      await place.healthy()
    },
    systemName: "the runbook's steps for a disaster recovery",
    restoreSystem: async (backup) => {
      await place.service('stop')
      await must(
        place,
        `set -e; t=$(mktemp -d); tar -xzf ${shellWord(backup)} -C "$t"; s=$(echo "$t"/cvd_system_*); cd ${shellWord(place.root)}
        gunzip -c "$s"/database/cvd.db.gz >${live}
        if [ -d app/venv ]; then mv app/venv "$t/venv"; fi
        rm -rf app/*; tar -xzf "$s"/application/app.tar.gz -C app
        if [ -d "$t/venv" ]; then mv "$t/venv" app/venv; fi
        chown -R --reference=. app; rm -rf "$t"`,
      )
      await place.service('start')
      await place.healthy()
    },
  }
}

/** Milliseconds that a bash text takes on the place; null if it was ended after `seconds`. Throws if it fails. */
async function timed(place: Place, seconds: number, text: string): Promise<number | null> {
  const began = performance.now()
  // Ended as a whole, as when a terminal closes.
  const { code, stdout, stderr } = await place.run(`exec timeout --signal=KILL ${seconds} bash -c ${shellWord(text)}`)
  const ms = performance.now() - began
  if (code === 124 || code === 137 || code === null) return null
  if (code !== 0) throw new Error(`the baseline ended with ${code}: ${stderr || stdout}`)
  return ms
}
