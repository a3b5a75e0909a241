/**
 * Which side runs each function that runs a program on its input. `owner` and `reader` have no rights that
 * the application's user lacks; entries that root runs as well give the reason. A missing function is a failure: whoever adds
 * one decides. The claims are checked against the call graph (calls.ts).
 */
export type Side = 'owner' | 'reader' | 'owner and reader' | `root: ${string}`

const own = 'root: a file in a folder of root, written by root'
const limited = 'root: limits the output of an unprivileged side, and reads no more than that'
const system = 'root: what a program of the system, or the kernel, prints'
const listed = 'root: the list, in which a malformed line does not count, and a path is letters and %XX'
const settled = 'root: a file of the reader after root has taken its folder over'

export const sides: Readonly<Record<string, Side>> = {
  // Databases.
  'database/check.sh:database_check': 'reader',
  'backups/extract-sides.sh:sql_private': 'reader',
  'commands/database.sh:database_copy_run': 'owner',
  'compare/compare.sh:compare_say': 'owner',
  'database/census.sh:census': 'owner and reader',
  'database/census.sh:census_listed': 'owner and reader',
  'database/sqlite.sh:sqlite_safe': 'owner and reader',
  'database/sqlite.sh:sql': 'owner',
  'database/sqlite.sh:sql_run': 'owner and reader',
  'compare/compare.sh:compare_begin': 'owner',
  'compare/compare.sh:compare_options': 'owner',
  'compare/compare.sh:compare_run': 'owner',
  'compare/compare.sh:compare_catalog': 'owner',
  'compare/compare.sh:compare_describe': 'owner',
  'compare/compare.sh:compare_reason': 'owner',
  'compare/compare.sh:compare_looked_up': 'owner',
  'compare/compare.sh:compare_keep': 'owner',
  'compare/streams.sh:compare_sorted': 'owner',
  // Archives and byte streams.
  'backups/compress.sh:compress_side_by_side': 'reader',
  'backups/compress.sh:same_as_copy': 'reader',
  'backups/compress.sh:range': 'reader',
  'backups/extract-sides.sh:stream_gzip': 'reader',
  'backups/extract-sides.sh:stream_archive': 'reader',
  'backups/extract-sides.sh:stream_plain': 'reader',
  'backups/extract-sides.sh:database_fold': 'reader',
  'backups/extract-sides.sh:backup_facts': 'owner and reader',
  'backups/extract-sides.sh:backup_send': 'owner and reader',
  'base/files.sh:sha256': 'reader',
  'commands/verify.sh:members_facts': 'reader',
  // Files of the application.
  'base/files.sh:log_line': 'owner',
  'backups/fingerprint.sh:site_commit': 'owner',
  'backups/fingerprint.sh:plain_line': 'owner',
  'inspect/look.sh:look_errors': 'owner',
  'inspect/look.sh:look_tables': 'owner',
  // Output of the sides, and of the system.
  'database/check.sh:database_check_load':
    'root: what the reader says of a database, in a file of root; each line is matched',
  'commands/database.sh:database_check_and_compress': settled,
  'backups/extract-sides.sh:stream_said': 'reader',
  'base/work.sh:work_parts_make': 'root: cp takes over the mode of an empty folder in STATE, which is root’s',
  'backups/extract.sh:extract_said': settled,
  'commands/database.sh:database_copy': limited,
  'base/identity.sh:side_says': limited,
  'backups/fingerprint.sh:fingerprint_of_check': limited,
  'base/files.sh:hasher_choose': 'reader',
  'compare/compare.sh:compare_by_owner': limited,
  'compare/compare.sh:compare_schema_by_owner': limited,
  'commands/verify.sh:check_by_reader': limited,
  'commands/verify.sh:live_violates_foreign_keys': limited,
  'commands/database.sh:database_copy_by_owner': limited,
  'backups/extract.sh:extract_pump': limited,
  'backups/extract.sh:extract_fold': limited,
  'backups/listing.sh:listing_awk': listed,
  'backups/listing-json.sh:backups_json': listed,
  'restore/plan.sh:plan_recovery_point': listed,
  'commands/verify.sh:verify_select': listed,
  'commands/delete.sh:delete_by_owner': limited,
  'commands/delete.sh:delete_classes': listed,
  'commands/delete.sh:looks_like_data': 'owner',
  'commands/delete.sh:looks_complete': 'owner',
  'backups/listing.sh:backup_class': 'root: a name, as letters and %XX',
  'backups/fingerprint.sh:fingerprint_compare_tables':
    'root: lines that were matched when they were read, and those of its own fingerprint',
  'base/files.sh:free_bytes': system,
  'inspect/inspect.sh:inspect_disk': system,
  'site/tools.sh:tool_version': system,
  'restore/journal.sh:transaction_begin': system,
  'database/live.sh:flock_held': system,
  'operation/operation.sh:operation_start': system,
  'restore/plan.sh:plan_check_lock': system,
  // Root's own state.
  'operation/follow.sh:result_is_whole': own,
  'operation/follow.sh:copy_whole_lines': own,
  'operation/follow.sh:follow_worker': own,
  'operation/operations.sh:operations_json': own,
  'restore/recover.sh:kit_is_kept': own,
  'base/append.sh:line_is_torn': own,
  'backups/catalog.sh:catalog_lines': own,
  'backups/catalog.sh:catalog_mark': own,
  'inspect/inspect.sh:inspect_unfinished': own,
  'operation/journal.sh:failpoint': own,
  'launcher.sh': 'root: the kit itself, from the console',
  'main.sh:kit_identity': own,
  'operation/operation.sh:store_kit': own,
  'operation/operation.sh:worker_exit': own,
  'base/processes.sh:cancel_asked': own,
  'restore/recover.sh:recovery_unit_install': own,
  'commands/show.sh:catalog_verdicts': own,
}
