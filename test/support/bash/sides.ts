/**
 * On which side each function runs that runs a program on what it is given to read. `owner` and `reader` have no rights that
 * the application's user has not; what stays root's says why. A function that is not here is a failure: whoever adds one decides.
 */
export type Side = 'owner' | 'reader' | `root: ${string}`

const own = 'root: a file in a folder of root, written by root'
const said = 'root: cuts off what an unprivileged side says, and reads no more than that'
const system = 'root: what a program of the system, or the kernel, prints'
const settled = 'root: a file of the reader after root has taken its folder over'

export const sides: Readonly<Record<string, Side>> = {
  // Databases, by whoever has them.
  'check.sh:database_check': 'reader',
  'sqlite.sh:sql': 'reader',
  'sqlite.sh:header_read': 'reader',
  'extract.sh:sql_private': 'reader',
  'database.sh:database_copy_run': 'owner',
  'compare.sh:compare_say': 'owner',
  // Archives, and streams of bytes.
  'compress.sh:compress_side_by_side': 'reader',
  'compress.sh:same_as_copy': 'reader',
  'compress.sh:range': 'reader',
  'extract.sh:stream_gzip': 'reader',
  'extract.sh:stream_archive': 'reader',
  'extract.sh:stream_plain': 'reader',
  'extract.sh:database_fold': 'reader',
  'extract.sh:backup_facts': 'owner',
  'extract.sh:backup_send': 'owner',
  'files.sh:sha256': 'reader',
  'verify.sh:members_facts': 'reader',
  // Files of the application.
  'files.sh:log_line': 'owner',
  'fingerprint.sh:site_commit': 'owner',
  'fingerprint.sh:plain_line': 'owner',
  'inspect.sh:log_errors_found': 'owner',
  // What is said by them, and by the system.
  'check.sh:database_check_load': settled,
  'database.sh:database_check_and_compress': settled,
  'extract.sh:stream_said': settled,
  'extract.sh:extract_said': settled,
  'database.sh:database_copy': said,
  'extract.sh:extract_look': said,
  'fingerprint.sh:fingerprint_of_check': said,
  'inspect.sh:inspect_database': said,
  'inspect.sh:inspect_key_tables': said,
  'inspect.sh:inspect_log_errors': said,
  'inspect.sh:inspect_backups': said,
  'listing.sh:backup_lines': said,
  'listing.sh:backup_lines_json': said,
  'files.sh:encode_listing': said,
  'live.sh:live_look': said,
  'verify.sh:verify_archive': said,
  'files.sh:hasher_choose': 'root: nothing is read',
  'files.sh:free_bytes': system,
  'inspect.sh:inspect_host': system,
  'inspect.sh:inspect_disk': system,
  'inspect.sh:tool_version': system,
  'journal.sh:transaction_begin': system,
  'live.sh:flock_held': system,
  'operation.sh:operation_start': system,
  'plan.sh:plan_check_lock': system,
  'service.sh:holders_find': system,
  // Root's own state.
  'follow.sh:result_is_whole': own,
  'follow.sh:copy_whole_lines': own,
  'follow.sh:operation_json': own,
  'inspect.sh:inspect_unfinished': own,
  'journal.sh:failpoint': own,
  'launcher.sh': 'root: the kit itself, from the console',
  'main.sh:kit_identity': own,
  'operation.sh:store_kit': own,
  'operation.sh:worker_exit': own,
  'operation.sh:cancel_asked': own,
  'recover.sh:recovery_unit_install': own,
  'recover.sh:recover_end': own,
  'restore.sh:undo_find': own,
  'show.sh:catalog_verdicts': own,
}
