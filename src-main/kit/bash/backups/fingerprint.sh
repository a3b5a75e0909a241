# --- Fingerprints: what is recorded when a backup is made ---------------------------------------------------------------------
#
# In STATE/state.db, by the backup's own name: what every fingerprint has, further facts, and the rows of each table of a database.
# That of an archive has a kind, and its list of members.

declare -A FP=()
FP_TABLES=()
readonly FINGERPRINT_NUMBERS='size databaseSize pageSize pageCount userVersion foreignKeyViolations takenAt'

# fingerprint_load BACKUP [archive]: set FP and FP_TABLES; status 1 if there is no valid fingerprint of this file as a database
# or as an archive.
fingerprint_load() {
  local line word key
  FP=() FP_TABLES=()
  while IFS= read -r line; do
    word=${line%%$'\t'*} line=${line#*$'\t'}
    key=${line%%$'\t'*}
    case $word in
      table)
        decode_path "${line##*$'\t'}"
        FP_TABLES+=("${line%$'\t'*}"$'\t'"$REPLY")
        ;;
      fact)
        # The path stays encoded.
        if [[ $key == path ]]; then REPLY=${line#*$'\t'}; else decode_path "${line#*$'\t'}"; fi
        [[ ! $key =~ ^[A-Za-z0-9.]{1,40}$ ]] || FP[$key]=$REPLY
        ;;
    esac
  done < <(state_record asked "${1##*/}" | state_rows "$FINGERPRINT_SQL")
  if [[ ${2-} == archive ]]; then archive_plausible; else fingerprint_plausible; fi && ! fingerprint_of_another "$1" ||
    { FP=() FP_TABLES=(); return 1; }
}

readonly FINGERPRINT_SQL="
  CREATE TEMP TABLE found AS SELECT fingerprint.* FROM said JOIN fingerprint ON name = a WHERE word = 'asked';
  SELECT 'fact', 'path', path FROM found;
  SELECT 'fact', 'kind', kind FROM found;
  SELECT 'fact', 'sha256', sha256 FROM found;
  SELECT 'fact', 'size', size FROM found;
  SELECT 'fact', 'takenAt', taken_at FROM found;
  SELECT 'fact', key, value FROM found JOIN fact USING (name);
  SELECT 'table', \"table\", rows, max_rowid, newest FROM found JOIN table_count USING (name) ORDER BY n;"

# fingerprint_of_another BACKUP: is the one that was made still in its place, and this one of another size? Then they share no
# more than the name.
fingerprint_of_another() {
  local size
  file_size "$1"
  size=$REPLY
  decode_path "${FP[path]-}"
  [[ $REPLY == /* && $size != "${FP[size]}" && -f $REPLY && ! $REPLY -ef $1 ]] || return 1
  file_size "$REPLY"
  [[ $REPLY == "${FP[size]}" ]]
}

archive_plausible() {
  local key
  [[ "${FP[sha256]-} ${FP[contentSha256]-} ${FP[membersSha256]-}" =~ ^[0-9a-f]{64}\ [0-9a-f]{64}\ [0-9a-f]{64}$ ]] || return 1
  [[ ${FP[kind]-} =~ ^(application|config|systemd|system)$ ]] || return 1
  for key in size contentSize members bytes takenAt; do
    [[ ${FP[$key]-} =~ ^[0-9]{1,15}$ ]] || return 1
  done
}

fingerprint_plausible() {
  local key line
  [[ ${FP[kind]-} == '' && ${FP[sha256]-} =~ ^[0-9a-f]{64}$ && ${FP[databaseSha256]-} =~ ^[0-9a-f]{64}$ ]] || return 1
  for key in $FINGERPRINT_NUMBERS; do
    [[ ${FP[$key]-} =~ ^-?[0-9]{1,15}$ ]] || return 1
  done
  for line in ${FP_TABLES[@]+"${FP_TABLES[@]}"}; do
    count_line "$line"
    [[ $T_ROWS =~ ^[0-9]{1,15}$ ]] || return 1
  done
}

# fingerprint_of_check BACKUP SHA256 SIZE DATABASE-SHA256 TAKEN-AT-MS: set FP and FP_TABLES from the CHECK_ globals and the
# site: commit, zone, tools.
fingerprint_of_check() {
  FP=([sha256]=$2 [size]=$3 [databaseSha256]=$4 [takenAt]=$5)
  encode_path "$1"
  FP[path]=$REPLY
  FP[databaseSize]=$CHECK_SIZE FP[pageSize]=$CHECK_PAGE_SIZE FP[pageCount]=$CHECK_PAGE_COUNT
  FP[userVersion]=$CHECK_USER_VERSION FP[journalMode]=$CHECK_JOURNAL FP[foreignKeyViolations]=${CHECK_FK:-0}
  FP[commit]=$(side_says 10 64 owner site_commit)
  [[ ${FP[commit]} =~ ^[0-9a-f]{40,64}$ ]] || FP[commit]=''
  FP[unchecked]=$CHECK_UNABLE FP[names]=utf8
  FP[zone]=$(date '+%Z %z')
  FP[tool.sqlite3]=$(sqlite3 -version 2>/dev/null </dev/null | cut -d' ' -f1)
  FP[tool.kit]=$KIT_SHA256
  FP_TABLES=(${CHECK_TABLES[@]+"${CHECK_TABLES[@]}"})
}

# site_commit: print the application's commit, read from its files; for owner_do. git itself would run configuration of that
# folder.
site_commit() {
  local git=$ROOT/app/.git head ref
  plain_line "$git/HEAD"
  head=$REPLY
  if [[ $head == 'ref: refs/'* && $head != *..* ]]; then
    ref=${head#ref: }
    plain_line "$git/$ref"
    head=$REPLY
    if [[ $head == '' && -f $git/packed-refs ]]; then
      head=$(ref=$ref awk '$2 == ENVIRON["ref"] { print $1; exit }' "$git/packed-refs" 2>/dev/null)
    fi
  fi
  [[ ! $head =~ ^[0-9a-f]{40,64}$ ]] || printf '%s' "$head"
}

# site_git: print what git knows of the application's code, as key=value lines; for owner_do. Whether files were changed since
# the commit, only git could say.
site_git() {
  local git=$ROOT/app/.git
  [[ -e $git ]] || return 0
  printf 'git=yes\ncommit=%s\n' "$(site_commit)"
  plain_line "$git/HEAD"
  [[ $REPLY == 'ref: refs/heads/'* ]] || return 0
  encode_path "${REPLY#ref: refs/heads/}"
  printf 'branch=%s\n' "$REPLY"
}

# plain_line FILE: REPLY = the first line of a plain file, at most 200 bytes. Does not block on a named pipe.
plain_line() {
  REPLY=''
  [[ ! -f $1 ]] || REPLY=$(head -c 200 -- "$1" 2>/dev/null | tr -d '\0' | head -n 1)
}

# fingerprint_save BACKUP [members]: record FP and FP_TABLES, and the file `members` as its list of members; all or nothing.
fingerprint_save() { state_write fingerprint_rows "${1##*/}" "${2-}"; }

fingerprint_rows() { # NAME [members]
  local key line index=0 name
  decode_path "${FP[path]-}"
  state_record fingerprint "$1" "$REPLY" "${FP[kind]-}" "${FP[sha256]}" "${FP[size]}" "${FP[takenAt]}"
  for key in "${!FP[@]}"; do
    [[ $key == @(path|kind|sha256|size|takenAt) ]] || state_record fact "$1" "$key" "${FP[$key]}"
  done
  encode_path "$1"
  name=$REPLY
  for line in ${FP_TABLES[@]+"${FP_TABLES[@]}"}; do
    index=$((index + 1))
    count_line "$line"
    encode_path "$T_NEWEST"
    state_row table "$name" "$index" "$T_NAME" "$T_ROWS" "$T_MAX" "$REPLY"
  done
  [[ $2 == '' ]] || members_rows "$1"
}

# fingerprint_compare SHA256 SIZE DATABASE-SHA256: compare FP with the file's values (an empty one is skipped) and with the
# CHECK_ globals. REPLY = the first difference in a sentence, or empty; status 0 if there is none.
fingerprint_compare() {
  REPLY=''
  if [[ $2 != '' && $2 != "${FP[size]}" ]]; then
    REPLY="The file has $2 bytes; it had ${FP[size]} when it was made."
  elif [[ $1 != '' && $1 != "${FP[sha256]}" ]]; then
    REPLY="The file is not what was written: its SHA-256 is ${1:0:12}…, it was ${FP[sha256]:0:12}…."
  elif [[ $CHECK_SIZE != "${FP[databaseSize]}" ]]; then
    REPLY="The database has $CHECK_SIZE bytes; it had ${FP[databaseSize]} when it was copied."
  elif [[ $3 != '' && $3 != "${FP[databaseSha256]}" ]]; then
    REPLY="The database is not what was copied: its SHA-256 is ${3:0:12}…, it was ${FP[databaseSha256]:0:12}…."
  elif [[ $3 != '' ]]; then
    : # every byte is the same, so the content is
  elif [[ $CHECK_PAGE_COUNT != "${FP[pageCount]}" ]]; then
    REPLY="The database has $CHECK_PAGE_COUNT pages; it had ${FP[pageCount]} when it was copied."
  elif [[ $CHECK_USER_VERSION != "${FP[userVersion]}" ]]; then
    REPLY="user_version is $CHECK_USER_VERSION; it was ${FP[userVersion]} when it was copied."
  elif [[ ${FP[names]-} == utf8 || $CHECK_ENCODING == 1 ]]; then # earlier kits could not read names of other encodings
    fingerprint_compare_tables
  fi
  [[ $REPLY == '' ]]
}

# Compare only what can be counted here and now: the rest may need another sqlite3.
fingerprint_compare_tables() {
  local difference kind name now before
  difference=$({
    ((${#CHECK_TABLES[@]} == 0)) || printf 'now\t%s\n' "${CHECK_TABLES[@]}"
    ((${#CHECK_UNREAD[@]} == 0)) || printf 'unread\t%s\n' "${CHECK_UNREAD[@]}"
    ((${#FP_TABLES[@]} == 0)) || printf 'then\t%s\n' "${FP_TABLES[@]}"
  } | awk -F '\t' '
    $1 == "now" { now[$2] = $3; next }
    $1 == "unread" { unread[$2]; next }
    found || $2 in unread { delete now[$2]; next }
    !($2 in now) { found = 1; print "missing\t" $2 "\t\t" $3; next }
    now[$2] != $3 { found = 1; print "rows\t" $2 "\t" now[$2] "\t" $3; next }
    { delete now[$2] }
    END { if (!found) { for (name in now) more++; if (more) print "more\t\t" more "\t" } }')
  kind=${difference%%$'\t'*} difference=${difference#*$'\t'}
  name=${difference%%$'\t'*} difference=${difference#*$'\t'}
  now=${difference%%$'\t'*} before=${difference#*$'\t'}
  name_for_people "$name"
  case $kind in
    missing) REPLY="The table $REPLY is missing; it had $before rows." ;;
    rows) REPLY="The table $REPLY has $now rows; it had $before when it was copied." ;;
    more) REPLY="There are $now tables that were not there when it was copied." ;;
    *) REPLY='' ;;
  esac
}

# fingerprint_of_archive BACKUP KIND SHA256 SIZE CONTENT-SHA256 CONTENT-SIZE TAKEN-AT-MS: set FP from the M_ globals and the site.
# The hash of the list of members is for the caller to add.
fingerprint_of_archive() {
  FP=([kind]=$2 [sha256]=$3 [size]=$4 [contentSha256]=$5 [contentSize]=$6 [takenAt]=$7 [members]=$M_COUNT [bytes]=$M_BYTES)
  FP_TABLES=()
  encode_path "$1"
  FP[path]=$REPLY
  FP[zone]=$(date '+%Z %z')
  FP[tool.kit]=$KIT_SHA256
}

# archive_fingerprint_json: REPLY = FP as an archive's fingerprint of the protocol.
archive_fingerprint_json() {
  local commit
  json_text_or_null "${FP[commit]-}"
  commit=$REPLY
  json_object path="${FP[path]-}" kind="${FP[kind]}" sha256="${FP[sha256]}" size:="${FP[size]}" members:="${FP[members]}" \
    bytes:="${FP[bytes]}" membersSha256="${FP[membersSha256]}" takenAt:="${FP[takenAt]}" commit:="$commit" zone="${FP[zone]-}"
}

# fingerprint_json: REPLY = FP as a fingerprint of the protocol.
fingerprint_json() {
  local key tools=() tables commit numbers=()
  for key in "${!FP[@]}"; do
    [[ $key != tool.* ]] || tools+=("${key#tool.}=${FP[$key]}")
  done
  for key in $FINGERPRINT_NUMBERS; do numbers+=("$key:=${FP[$key]}"); done
  tables_json ${FP_TABLES[@]+"${FP_TABLES[@]}"}
  tables=$REPLY
  json_text_or_null "${FP[commit]-}"
  commit=$REPLY
  json_object ${tools[@]+"${tools[@]}"}
  json_object path="${FP[path]-}" sha256="${FP[sha256]}" databaseSha256="${FP[databaseSha256]}" "${numbers[@]}" \
    journalMode="${FP[journalMode]-}" tables:="$tables" commit:="$commit" zone="${FP[zone]-}" tools:="$REPLY"
}
