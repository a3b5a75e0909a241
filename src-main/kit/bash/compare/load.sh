# --- Loading the result of a comparison -------------------------------------------------------------------------------------
#
# Parses the lines of compare-report.sh. Another user may have forged them: an invalid number counts as unknown, and text is
# only shown.

COMPARE_KNOWN=''    # yes if the live database was read
COMPARE_UNREAD=''   # why nothing was compared
COMPARE_TABLES='[]' # array of tableDifference
COMPARE_SCHEMA_JSON='[]' COMPARE_SETTINGS='[]' COMPARE_LACKS=() COMPARE_OTHERS=()
COMPARE_ONLY_LIVE=() COMPARE_ONLY_BACKUP=() COMPARE_VERSION=''
COMPARE_LOST=0 COMPARE_BACK=0 COMPARE_CHANGED=0 COMPARE_UNCOMPARED=0

# compare_load RESULT [STATUS-OF-WATCH]: set the COMPARE_ globals.
compare_load() {
  local kind a b c d e f g h i j k l tables=() schema=() settings=()
  COMPARE_KNOWN='' COMPARE_UNREAD='it could not be compared' COMPARE_TABLES='[]' COMPARE_SCHEMA_JSON='[]' COMPARE_SETTINGS='[]'
  COMPARE_LACKS=() COMPARE_OTHERS=() COMPARE_ONLY_LIVE=() COMPARE_ONLY_BACKUP=() COMPARE_VERSION=''
  COMPARE_LOST=0 COMPARE_BACK=0 COMPARE_CHANGED=0 COMPARE_UNCOMPARED=0
  [[ -r $1 ]] || return 1
  COMPARE_UNREAD=''
  while IFS='|' read -r kind a b c d e f g h i j k l; do
    case $kind in
      setting) compare_setting "$a" "$b" "$c" && settings+=("$REPLY") ;;
      schema) compare_schema_line "$a" "$b" "$c" "$d" "$e" && schema+=("$REPLY") ;;
      table) compare_table_line "$a" "$b" "$c" "$d" "$e" "$f" "$g" "$h" "$i" "$j" "$k" "$l" && tables+=("$REPLY") ;;
      unread) decode_path "${a:0:1000}" && COMPARE_UNREAD=$REPLY ;;
    esac
  done <"$1"
  [[ $COMPARE_UNREAD != '' || ${#settings[@]} -eq 0 ]] || COMPARE_KNOWN=yes
  json_array ${tables[@]+"${tables[@]}"}
  COMPARE_TABLES=$REPLY
  json_array ${schema[@]+"${schema[@]}"}
  COMPARE_SCHEMA_JSON=$REPLY
  json_array ${settings[@]+"${settings[@]}"}
  COMPARE_SETTINGS=$REPLY
  [[ $COMPARE_KNOWN == yes || $COMPARE_UNREAD != '' ]] || COMPARE_UNREAD='it could not be compared'
  [[ $COMPARE_KNOWN == yes || ${2-} != "$TOO_LONG" ]] || COMPARE_UNREAD='the comparison took too long and was stopped'
}

compare_setting() { # NAME LIVE BACKUP: REPLY = JSON
  local name=$1 live=$2 backup=$3
  [[ $name =~ ^[a-z_]{1,40}$ && $live =~ ^[A-Za-z0-9-]{1,20}$ && $backup =~ ^[A-Za-z0-9-]{1,20}$ ]] || return 1
  [[ $name != user_version ]] || COMPARE_VERSION=$live
  [[ $live == "$backup" ]] || COMPARE_OTHERS+=("$name is $backup in the backup, $live now")
  json_object name="$name" live="$live" backup="$backup"
}

compare_schema_line() { # KIND NAME TABLE STATE DETAIL: REPLY = JSON
  local kind=$1 name=$2 table=$3 state=$4 detail=$5 words
  case $state in lacks | extra | differs) ;; *) return 1 ;; esac
  decode_path "$name" && name=$REPLY
  decode_path "$table" && table=$REPLY
  decode_path "$detail" && detail=$REPLY
  words="$kind $name"
  case $kind in
    column) words="column $table.$name" ;;
    constraint) words="$name of $table" ;;
    index | trigger) words="$kind $name on $table" ;;
    table | view) ;;
    definition) words="definition of $table" ;;
    more) words="$name more differences" ;;
    *) return 1 ;;
  esac
  case $kind/$state in
    table/lacks) COMPARE_ONLY_LIVE+=("$name") ;;
    table/extra) COMPARE_ONLY_BACKUP+=("$name") ;;
  esac
  # A backup that lacks part of the live schema can stop the application; one that has more seldom does.
  case $kind/$state in
    */lacks) COMPARE_LACKS+=("no $words") ;;
    definition/* | table/differs) COMPARE_OTHERS+=("$words is another") ;;
    */differs) COMPARE_LACKS+=("another $words${detail:+ ($detail)}") ;;
    *) COMPARE_OTHERS+=("$words is not there now") ;;
  esac
  json_object kind="$kind" name="$name" table="$table" state="$state" detail="$detail"
}

readonly COMPARE_MOMENT='^[12][0-9]{3}-[0-9]{2}-[0-9]{2}( [0-9:]{5,8})?$'

# compare_table_line NAME LIVE BACKUP ONLY-LIVE ONLY-BACKUP CHANGED BASIS OLDEST NEWEST REASON COLUMNS-ONLY-LIVE
# COLUMNS-ONLY-BACKUP: REPLY = JSON
compare_table_line() {
  local name=$1 basis=$7 oldest=$8 newest=$9 reason=${10} only_live_columns=${11} only_backup_columns=${12} numbers=() value
  for value in "${@:2:5}"; do
    [[ $value =~ $WHOLE_NUMBER ]] || value=null
    numbers+=("$value")
  done
  case $basis in key | content) ;; *) basis=none ;; esac
  [[ ${numbers[2]} != null && ${numbers[3]} != null && ${numbers[4]} != null ]] || basis=none
  [[ $oldest =~ $COMPARE_MOMENT ]] || oldest=''
  [[ $newest =~ $COMPARE_MOMENT ]] || newest=''
  decode_path "$name" && name=$REPLY
  decode_path "$reason" && reason=$REPLY
  if [[ $basis == none ]]; then
    COMPARE_UNCOMPARED=$((COMPARE_UNCOMPARED + 1)) reason=${reason:-no reason is known}
  else
    COMPARE_LOST=$((COMPARE_LOST + 10#${numbers[2]})) COMPARE_BACK=$((COMPARE_BACK + 10#${numbers[3]}))
    COMPARE_CHANGED=$((COMPARE_CHANGED + 10#${numbers[4]}))
  fi
  compare_readable "$name" "$basis" "$reason" "$oldest" "$newest" "${numbers[@]}"
  names_json "$only_live_columns"
  only_live_columns=$REPLY
  names_json "$only_backup_columns"
  only_backup_columns=$REPLY
  json_text_or_null "$oldest"
  oldest=$REPLY
  json_text_or_null "$newest"
  newest=$REPLY
  json_object table="$name" live:="${numbers[0]}" backup:="${numbers[1]}" onlyLive:="${numbers[2]}" onlyBackup:="${numbers[3]}" \
    changed:="${numbers[4]}" basis="$basis" reason="$reason" oldest:="$oldest" newest:="$newest" \
    columnsOnlyLive:="$only_live_columns" columnsOnlyBackup:="$only_backup_columns"
}

compare_readable() { # NAME BASIS REASON OLDEST NEWEST LIVE BACKUP ONLY-LIVE ONLY-BACKUP CHANGED
  local line
  [[ $READABLE_FD != '' ]] || return 0
  if [[ $2 == none ]]; then
    printf -v line '  %-32s could not be compared: %s' "$1" "$3"
  else
    printf -v line '  %-32s live %10s   backup %10s   would be lost %8s   would come back %8s   changed %8s%s' "$1" "${6/null/-}" "${7/null/-}" "$8" "$9" "${10}" \
      "${4:+   $4 to $5}"
  fi
  say_readable "$line"
}

# names_json ENCODED,ENCODED...: REPLY = array of the names.
names_json() {
  local rest=$1 list=()
  while [[ $rest != '' ]]; do
    decode_path "${rest%%,*}"
    json_string "$REPLY"
    list+=("$REPLY")
    if [[ $rest == *,* ]]; then rest=${rest#*,}; else rest=''; fi
  done
  json_array ${list[@]+"${list[@]}"}
}

# texts_json TEXT...: REPLY = array of the texts.
texts_json() {
  local text list=()
  for text in "$@"; do
    json_string "$text"
    list+=("$REPLY")
  done
  json_array ${list[@]+"${list[@]}"}
}
