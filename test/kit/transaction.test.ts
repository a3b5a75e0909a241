/** How an interrupted transaction ends, even if the journal or the outcome could not be written, or the lock is held. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ScratchSite } from '../support/scratch-site.ts'

const restore = '20260101T000000Z-restore-0a1b2c'
const recover = '20260101T000100Z-recover-0a1b2c'

/** Bash text: a site with obedient, healthy services. */
const tame = `services_do() { :; }; services_states() { SERVICE_STATES=(active); }; holders_find() { HOLDERS=(); }
  health_ask() { HEALTH_STATUS=200; }
  begin() { # OPERATION
    OPERATION=$1; ON_RESULT=operation_record_outcome; OPERATION_DIR=$STATE/operations/$1; COMMAND=\${1#*-} COMMAND=\${COMMAND%-*}
    state_create; mkdir "$OPERATION_DIR"; : >"$OPERATION_DIR/events"; : >"$OPERATION_DIR/readable"; : >"$OPERATION_DIR/alive"
    printf '%s\\n' "command=$COMMAND" "startedAt=1" "boot=$(</proc/sys/kernel/random/boot_id)" >"$OPERATION_DIR/about"
    printf '%s\\n' "$$" >"$OPERATION_DIR/pid"
  }`
/** A restore up to the start of the service with the new database. */
const started = `${tame}
  begin ${restore}
  folder=\${DATABASE_FILE%/*} stage=.cvd-backup-00000000 TX_WERE=cvd TX_HEALTHY_BEFORE=yes HEALTH_PROBE=http://127.0.0.1:1/
  cd "$folder"; mkdir -m 700 "$stage"; gzip -dc <"$1" >"$stage/staged.db"; exec {folder_fd}<. {stage_fd}<"$stage"
  row_add database database "$folder" "\${DATABASE_FILE##*/}" "$stage" staged.db "$folder_fd" "$stage_fd"
  transaction_begin "$1"; phase stopping; transaction_keep; transaction_swap; phase starting`
const noSpace = 'journal() { return 1; }'
/** Another operation holds the lock until `: >"$STATE/waits"`; waiting ends after half a minute. */
const backupRuns = `(flock 9; : >"$STATE/held"; for ((i = 0; i < 600; i++)); do [[ ! -e $STATE/waits ]] || break; sleep 0.05; done) \
    9>>"$STATE/lock" >/dev/null 2>&1 & until [[ -e $STATE/held ]]; do sleep 0.05; done`

describe('an interrupted transaction', () => {
  let site: ScratchSite
  let backup: string
  beforeEach(() => {
    site = new ScratchSite()
    backup = site.backup('cvd_backup_20260110_120000.db.gz')
    site.sql(site.database, "INSERT INTO routes VALUES (3, 'after the backup')")
  })
  afterEach(() => site.remove())

  const routes = () => site.sql(site.database, 'SELECT count(*) FROM routes').trim()
  const outcome = () => readFileSync(join(site.state, 'operations', restore, 'outcome'), 'utf8')
  const unfinished = () => existsSync(join(site.state, 'unfinished'))
  const recovered = () => {
    site.library(`${tame}\nbegin ${recover}; run_recover`)
    expect(unfinished()).toBe(false)
    return outcome()
  }

  it('is completed by recovery when the new database is in place', () => {
    site.library(started, [backup])
    expect(recovered()).toContain('outcome=succeeded')
    expect(routes()).toBe('2')
  })

  it('has not succeeded when the old database is back, even if the journal could not record it', () => {
    site.library(`${started}\n${noSpace}; transaction_files_back`, [backup])
    expect(recovered()).toContain('outcome=rolled back')
    expect(routes()).toBe('3')
  })

  it('has its database before the services start at boot, even if the journal could not record the rollback', () => {
    site.library(`${started}\n${noSpace}; rejected_aside 0`, [backup])
    expect(existsSync(site.database)).toBe(false)
    site.library(`${tame}\noperation_start() { :; }; recover_at_boot`)
    expect(routes()).toBe('3')
    expect(recovered()).toContain('outcome=rolled back')
  })

  it('is recovered even if another operation holds the lock just then', () => {
    site.library(started, [backup])
    const waits = `eval "true_$(declare -f say)"; say() { [[ $2 != *waits* ]] || : >"$STATE/waits"; true_say "$@"; }`
    site.library(`${tame}\n${waits}; begin ${recover}; ${backupRuns}; run_recover`)
    expect(existsSync(join(site.state, 'waits'))).toBe(true)
    expect(outcome()).toContain('outcome=succeeded')
  })

  it('is recovered at boot even if another operation holds the lock just then', () => {
    site.library(`${started}\n${noSpace}; rejected_aside 0`, [backup])
    const waits = 'flock() { [[ $1 != -w ]] || : >"$STATE/waits"; command flock "$@"; }'
    const boot = `${tame}\n${backupRuns}; ${waits}; operation_start() { echo started; }; recover_at_boot`
    expect(site.library(boot)).toBe('started\n')
    expect(existsSync(join(site.state, 'waits'))).toBe(true)
    expect(routes()).toBe('3')
  })

  it('keeps entries written after a line that was cut off', () => {
    site.library(`${started}\nprintf 'phase=sta' >>"$TX_DIR/journal"`, [backup])
    site.library(`${tame}\nbegin ${recover}; transaction_load ${restore}; journal safety /the/copy`)
    expect(readFileSync(join(site.state, 'operations', restore, 'journal'), 'utf8')).toContain('\nsafety=/the/copy\n')
  })

  it('stays open until its outcome is on disk', () => {
    const full =
      'eval "true_$(declare -f write_whole)"; write_whole() { [[ $1 != */outcome ]] && true_write_whole "$@"; }'
    site.library(`${started}\ntransaction_commit; ${full}; succeed done`, [backup])
    expect(unfinished()).toBe(true)
    expect(recovered()).toContain('outcome=succeeded')
    expect(routes()).toBe('2')
  })
})

describe('a key table whose name the policy writes in other letters', () => {
  let site: ScratchSite
  beforeEach(() => {
    site = new ScratchSite()
  })
  afterEach(() => site.remove())

  const prove = `cd "\${DATABASE_FILE%/*}"; exec {folder}<.; row_add database database "$PWD" cvd.db x x "$folder" ''
    id_of cvd.db; ROW_STAGED_ID=("$REPLY"); READABLE_FD=1
    CHECK_TABLES=($'users\t40\t40\t'); POLICY[key_tables]=USERS; (transaction_prove; step_done; echo proven) || true`

  it('is missed where it is empty in the running database', () => {
    expect(site.library(prove)).toContain('proven')
    site.sql(site.database, 'DELETE FROM users')
    const said = site.library(prove)
    expect(said).toContain('The table USERS is empty in the running database; the backup has 40 rows.')
    expect(said).not.toContain('proven')
  })

  it('is not missing where it cannot be read', () => {
    const text = `CHECK_TABLES=(); CHECK_UNREAD=($'Users\tno'); POLICY[key_tables]=uSERS
      check_key_tables; printf '%s|%s' "$CHECK_KEY_MISSING" "$CHECK_KEY_UNREAD"`
    expect(site.library(text)).toBe('|uSERS')
  })
})
