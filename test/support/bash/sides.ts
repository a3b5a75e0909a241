/**
 * On which side each function runs that runs a program on what it is given to read. `owner` and `reader` have no rights that
 * the application's user has not; what root runs, too, says why. A function that is not here is a failure: whoever adds one
 * decides. Whether it is so is found out from who calls whom (calls.ts).
 */
export type Side = 'owner' | 'reader' | 'owner and reader' | `root: ${string}`

const own = 'root: a file in a folder of root, written by root'
const said = 'root: cuts off what an unprivileged side says, and reads no more than that'
const system = 'root: what a program of the system, or the kernel, prints'
const listed = 'root: the list, in which what is no such line is none, and a path is letters and %XX'
const settled = 'root: a file of the reader after root has taken its folder over'

export const sides: Readonly<Record<string, Side>> = {
  // Databases, by whoever has them.
  'check.sh:database_check': 'reader',
  'extract-sides.sh:sql_private': 'reader',
  'database.sh:database_copy_run': 'owner',
  'compare.sh:compare_say': 'owner',
  'census.sh:census': 'owner and reader',
  'census.sh:census_listed': 'owner and reader',
  'sqlite.sh:sqlite_safe': 'owner and reader',
  'compare.sh:compare_begin': 'owner',
  'compare.sh:compare_options': 'owner',
  'compare.sh:compare_run': 'owner',
  'compare.sh:compare_catalog': 'owner',
  'compare.sh:compare_describe': 'owner',
  'compare.sh:compare_reason': 'owner',
  'compare.sh:compare_looked_up': 'owner',
  'compare.sh:compare_keep': 'owner',
  'compare-streams.sh:compare_sorted': 'owner',
  // Archives, and streams of bytes.
  'compress.sh:compress_side_by_side': 'reader',
  'compress.sh:same_as_copy': 'reader',
  'compress.sh:range': 'reader',
  'extract-sides.sh:stream_gzip': 'reader',
  'extract-sides.sh:stream_archive': 'reader',
  'extract-sides.sh:stream_plain': 'reader',
  'extract-sides.sh:database_fold': 'reader',
  'extract-sides.sh:backup_facts': 'owner and reader',
  'extract-sides.sh:backup_send': 'owner and reader',
  'files.sh:sha256': 'reader',
  'verify.sh:members_facts': 'reader',
  // Files of the application.
  'files.sh:log_line': 'owner',
  'fingerprint.sh:site_commit': 'owner',
  'fingerprint.sh:plain_line': 'owner',
  'look.sh:look_errors': 'owner',
  'look.sh:look_tables': 'owner',
  // What is said by them, and by the system.
  'check.sh:database_check_load': 'root: what the reader says of a database, in a file of root; each line is matched',
  'database.sh:database_check_and_compress': settled,
  'extract-sides.sh:stream_said': 'reader',
  'work.sh:work_parts_make': 'root: cp takes over the mode of an empty folder in STATE, which is root’s',
  'extract.sh:extract_said': settled,
  'database.sh:database_copy': said,
  'fingerprint.sh:fingerprint_of_check': said,
  'verify.sh:verify_archive': said,
  'files.sh:hasher_choose': 'reader',
  'compare.sh:compare_by_owner': said,
  'compare.sh:compare_schema_by_owner': said,
  'verify.sh:check_by_reader': said,
  'verify.sh:live_violates_foreign_keys': said,
  'database.sh:database_copy_by_owner': said,
  'extract.sh:extract_pump': said,
  'extract.sh:extract_plain': said,
  'listing.sh:listing_awk': listed,
  'listing-json.sh:backups_json': listed,
  'plan.sh:plan_recovery_point': listed,
  'verify.sh:verify_select': listed,
  'delete.sh:delete_classes': listed,
  'delete.sh:looks_like_data': 'owner',
  'listing.sh:backup_class': 'root: a name, as letters and %XX',
  'fingerprint.sh:fingerprint_compare_tables':
    'root: lines that were matched when they were read, and those of its own fingerprint',
  'files.sh:free_bytes': system,
  'inspect.sh:inspect_disk': system,
  'tools.sh:tool_version': system,
  'journal.sh:transaction_begin': system,
  'live.sh:flock_held': system,
  'operation.sh:operation_start': system,
  'plan.sh:plan_check_lock': system,
  // Root's own state.
  'follow.sh:result_is_whole': own,
  'follow.sh:copy_whole_lines': own,
  'follow.sh:follow_worker': own,
  'operations.sh:operations_json': own,
  'recover.sh:kit_is_kept': own,
  'state.sh:line_is_torn': own,
  'state.sh:catalog_lines': own,
  'state.sh:catalog_mark': own,
  'inspect.sh:inspect_unfinished': own,
  'journal.sh:failpoint': own,
  'launcher.sh': 'root: the kit itself, from the console',
  'main.sh:kit_identity': own,
  'operation.sh:store_kit': own,
  'operation.sh:worker_exit': own,
  'operation.sh:cancel_asked': own,
  'recover.sh:recovery_unit_install': own,
  'show.sh:catalog_verdicts': own,
}
