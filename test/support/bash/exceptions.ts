/**
 * Justified exceptions to the rules, each with its reason. An unused entry is a failure, so that the lists only shrink.
 * The place is `FILE`, or `FILE:FUNCTION`.
 */

const system = 'a program of the system prints it, from what the kernel says'
const argument = 'its callers hand on numbers that are proven at their side'
const matched = 'matched against digits where it was read'
const own = 'written by root, in a folder of root'
const side = 'runs with the rights of whoever could have written it'

/** `FUNCTION:NAME`, or `FILE:NAME`: a number, although the rule cannot see it. */
export const numbers: Readonly<Record<string, string>> = {
  'uptime_ms:up': system,
  'compress_side_by_side:count': system,
  'read_back:most': system,
  'restore_dress:mode': `${matched}, with the words beside it`,
  'path_owner:uid': matched,
  OWNER_GID: matched,
  'compress_in_turn:1': argument,
  'compress_side_by_side:1': argument,
  'progress:1': argument,
  'progress:total': argument,
  'gzip_size:REPLY': argument,
  'extract_space:2': argument,
  'human_bytes:1': argument,
  'become:uid': argument,
  'become_side:uid': argument,
  'run_inspect:number': 'sqlite_number leaves a number',
  'sqlite_problem:number': 'sqlite_number leaves a number',
  'sqlite_number:BASH_REMATCH': 'its pattern catches digits, and a point before the last of them that is not used',
  'look_end:left': 'uptime_ms leaves a number, less one that was taken from it',
  I_NOW: 'now_ms leaves a number',
  I_FREE: matched,
  I_TOTAL: matched,
  I_BYTES: matched,
  I_DATABASES: matched,
  I_FUTURE: matched,
  I_EMPTY: matched,
  I_FAILED: matched,
  I_UNSUPPORTED: matched,
  I_UNFINISHED_FILES: matched,
  'plan_words:1': argument,
  'page_time:1': argument,
  'counted:1': argument,
  'span_words:1': argument,
  'span_words:unit': 'a constant list',
  'health_await:seconds': `${argument}: the policy's, which are checked when they are set`,
  'follow_worker:offset': `${argument}: run_follow matches it`,
  'copy_whole_lines:offset': argument,
  'copy_whole_lines:size': argument,
  'operation_state:started': own,
  'launcher.sh:count': 'it is REPLY, which was matched in the line before',
  'database_copy_progress:REPLY': 'file_size leaves a number, and then it is compared',
  'extract_progress:REPLY': 'file_size leaves a number, and then it is compared',
  EXTRACT_WANTED: argument,
  'read_back:from': side,
  'read_back:bytes': side,
  'read_back:at': side,
  'read_back:length': side,
  'header_read:hex': 'printf writes it: hexadecimal digits, and the length is compared',
  I_SIDECAR: matched,
  'verdict_of_check:T_ROWS': `${matched}: COUNT_LINE`,
  'transaction_prove:expected': `${matched}: COUNT_LINE`,
  'transaction_prove:rows': `${matched}: COUNT_LINE`,
  CHECK_FK: matched,
  'run_plan:recovery': `${matched}: json_number_or_null, or a fingerprint, which is matched as it is read`,
  OWNER_UID: matched,
  READER_UID: 'counted, or the owner, which is matched',
}

/** Rule, place, reason. */
export const exceptions: readonly (readonly [rule: string, where: string, reason: string])[] = [
  ['no command is run inside arithmetic', 'commands/database.sh:run_database', system],
  ['no data is the key of an array', 'backups/fingerprint.sh:fingerprint_plausible', 'the keys are a constant list'],
  ['no data is the key of an array', 'backups/fingerprint.sh:fingerprint_json', 'the keys are a constant list'],
  [
    'what an unprivileged side answers has an end',
    'inspect/look.sh:look_begin',
    'look_end reads no more of it than LOOK_BYTES, and ends it',
  ],
  ['no data is the key of an array', 'site/tools.sh:facts_read', 'the keys are constant lists'],
  ['no data is the key of an array', 'site/tools.sh:tools_read', 'the keys are a constant list'],
  ['no data is the key of an array', 'inspect/inspect.sh:inspect_tools', 'the keys are a constant list'],
  ['nothing is evaluated', 'base/identity.sh:become_side', 'the text is a constant that loads the kit itself'],
  ['nothing is evaluated', 'launcher.sh', 'the kit itself, whose hash was compared'],
  [
    'no loop over words that are split',
    'database/check.sh:check_key_tables',
    'the policy lets it be letters, digits and blanks',
  ],
  [
    'no loop over words that are split',
    'inspect/inspect.sh:inspect_key_tables',
    'the policy lets it be letters, digits and blanks',
  ],
  [
    'no loop over words that are split',
    'inspect/look.sh:look_tables',
    'the policy lets it be letters, digits and blanks',
  ],
  [
    'no loop over words that are split',
    'restore/transaction.sh:transaction_prove',
    'the policy lets it be letters, digits and blanks',
  ],
  [
    'no loop over words that are split',
    'backups/compress.sh:compressor_choose',
    'the policy lets it be one of three words',
  ],
  ['no loop over words that are split', 'backups/extract.sh:extract_plain', 'matched: -wal and -journal only'],
  ['no loop over words that are split', 'backups/fingerprint.sh:fingerprint_plausible', 'a constant list'],
  ['no loop over words that are split', 'backups/fingerprint.sh:fingerprint_json', 'a constant list'],
  ['no loop over words that are split', 'inspect/look.sh:look_errors', 'a constant list'],
  [
    'no finding of shellcheck is silenced without being listed',
    'base/prologue.sh',
    'the parts set and read each other’s globals',
  ],
  ['no finding of shellcheck is silenced without being listed', 'base/identity.sh', 'another bash expands it'],
  ['no finding of shellcheck is silenced without being listed', 'base/work.sh:reader_end', 'another bash expands it'],
  ['no finding of shellcheck is silenced without being listed', 'backups/listing.sh', 'awk expands it'],
  ['no finding of shellcheck is silenced without being listed', 'backups/listing-json.sh', 'awk expands it'],
  ['no finding of shellcheck is silenced without being listed', 'backups/listing-rules.sh', 'awk expands it'],
  ['no finding of shellcheck is silenced without being listed', 'database/census.sh', 'awk expands it'],
  ['no finding of shellcheck is silenced without being listed', 'operation/operations.sh', 'awk expands it'],
  ['no finding of shellcheck is silenced without being listed', 'operation/follow.sh', 'another bash expands it'],
  [
    'no finding of shellcheck is silenced without being listed',
    'database/live.sh:answer_stop',
    'numbers of processes, as words',
  ],
]
