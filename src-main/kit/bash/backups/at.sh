# --- Point in time: the backup that a moment means ---------------------------------------------------------------------------

AT_MS=''      # the moment
AT_FILE=''    # the newest backup that is not later; empty if there is none
AT_NEXT=''    # `MS PATH` of the next later one; empty if there is none
AT_SKIPPED=() # paths of newer ones that are not later either, and failed their verification
AT_CHOICES=() # the two moments that a time of the hour which occurs twice can mean

readonly AT_FORM='give it as 2026-03-29 02:30, in the time of this server, or with an offset: 2026-03-29T02:30+01:00'

# shellcheck disable=SC2016 # awk's own variables
readonly AT_MOMENT_AWK='
# shown AT OFFSET: a moment in local time with its offset.
function shown(at, offset,   sign) {
  sign = offset < 0 ? "-" : "+"
  if (offset < 0) offset = -offset
  return strftime("%Y-%m-%d %H:%M:%S", at) sprintf("%s%02d:%02d", sign, int(offset / 3600), int(offset % 3600 / 60))
}
BEGIN {
  text = ENVIRON["text"]
  if (text !~ /^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9][T ][0-9][0-9]:[0-9][0-9](:[0-9][0-9])? ?(Z|[+-][0-9][0-9]:?[0-9][0-9])?$/) exit 1
  y = substr(text, 1, 4) + 0; mo = substr(text, 6, 2) + 0; d = substr(text, 9, 2) + 0
  h = substr(text, 12, 2) + 0; mi = substr(text, 15, 2) + 0
  zone = substr(text, 17)
  s = 0
  if (zone ~ /^:/) { s = substr(zone, 2, 2) + 0; zone = substr(zone, 4) }
  sub(/^ /, "", zone); sub(/:/, "", zone)
  if (y < 1980 || mo < 1 || mo > 12 || d < 1 || d > month_days(y, mo) || h > 23 || mi > 59 || s > 59) exit 1
  civil = utc_seconds(y, mo, d, h, mi, s)
  if (zone != "") {
    offset = zone == "Z" ? 0 : (zone ~ /^-/ ? -1 : 1) * (substr(zone, 2, 2) * 3600 + substr(zone, 4, 2) * 60)
    printf "at\t%.0f\n", civil - offset
    exit
  }
  early = offset_at(civil - 86400)
  late = offset_at(civil + 86400)
  one = civil - early
  other = civil - late
  first = offset_at(one) == early
  second = offset_at(other) == late
  if (early == late || (first && !second)) printf "at\t%.0f\n", one
  else if (!first && second) printf "at\t%.0f\n", other
  else if (first) printf "twice\t%s\t%s\n", shown(one, early), shown(other, late)
  else print "never"
}'

# moment_look TEXT: REPLY = `at`, and AT_MS = the moment; `twice`, and AT_CHOICES; `never`, if no clock of this server showed it;
# empty, if it is no time.
moment_look() {
  local what first second
  AT_MS='' AT_CHOICES=() REPLY=''
  IFS=$'\t' read -r what first second < <(text=$1 awk "$LISTING_RULES_AWK$AT_MOMENT_AWK")
  case $what in
    at) [[ $first =~ ^[0-9]{1,12}$ ]] || return 0; AT_MS=$((10#$first * 1000)) ;;
    twice) AT_CHOICES=("$first" "$second") ;;
    never) ;;
    *) return 0 ;;
  esac
  REPLY=$what
}

# moment_read TEXT [OPTION]: AT_MS = the moment; ends with a usage error if it is none, or not one moment only.
moment_read() {
  local option=${2:---at}
  moment_look "$1"
  case $REPLY in
    at) return ;;
    twice) usage_error "$option: $1 occurs twice on this server, as the clocks were set back. Choose one: ${AT_CHOICES[0]} or ${AT_CHOICES[1]}." ;;
    never) usage_error "$option: $1 does not exist on this server, as the clocks were set forward then." ;;
  esac
  usage_error "$option: '$1' is not a time; $AT_FORM."
}

# backup_look KIND: AT_FILE = the newest backup of that kind, by recorded time, that is not later than AT_MS; and AT_NEXT,
# AT_SKIPPED. Safety copies, empty files, and backups from the future or without a time do not count; failed ones are skipped.
backup_look() {
  local what at path
  state_say_lost
  AT_FILE='' AT_NEXT='' AT_SKIPPED=()
  while IFS=$'\t' read -r what at path; do
    [[ $at =~ ^[0-9]{1,15}$ ]] && decode_path "$path" || continue
    case $what in
      this) AT_FILE=$REPLY ;;
      next) AT_NEXT="$at $REPLY" ;;
      failed) AT_SKIPPED+=("$REPLY") ;;
    esac
  done < <(backup_list | kind=$1 moment=$AT_MS awk -F '\t' -v OFS='\t' '
    $1 == "backup" && $4 == ENVIRON["kind"] && $5 != "safety" && $6 > 0 && $8 ~ /^[0-9]+$/ && $15 == 0 {
      if ($8 + 0 > ENVIRON["moment"] + 0) { if ($9 != "failed") later = "next" OFS $8 OFS $3 }
      else if (found) next
      else if ($9 == "failed") print "failed", $8, $3
      else { print "this", $8, $3; found = 1 }
    }
    END { if (later != "") print later }')
}

# backup_at KIND TEXT: REPLY = the backup of that kind that a moment means (backup_look); fails if there is none.
backup_at() {
  local nearest words
  moment_read "$2"
  backup_look "$1"
  if [[ $AT_FILE == '' ]]; then
    words="There is no usable backup from $2 or before."
    ((${#AT_SKIPPED[@]} == 0)) || words+=" ${AT_SKIPPED[0]##*/} failed its verification."
    nearest=${AT_NEXT#* }
    [[ $AT_NEXT == '' ]] || words+=" The nearest is a later one: ${nearest##*/}, from $(moment_words "${AT_NEXT%% *}")."
    fail not-found "$words" 'nothing was changed' "${nearest:+to restore that one, name it: ${nearest##*/}}"
  fi
  REPLY=$AT_FILE
}

# at_json: REPLY = how the backup was found, as JSON.
at_json() {
  local next=null skipped=() path
  if [[ $AT_NEXT != '' ]]; then
    encode_path "${AT_NEXT#* }"
    json_object path="$REPLY" takenAt:="${AT_NEXT%% *}"
    next=$REPLY
  fi
  for path in ${AT_SKIPPED[@]+"${AT_SKIPPED[@]}"}; do
    encode_path "$path"
    json_string "$REPLY"
    skipped+=("$REPLY")
  done
  json_array ${skipped[@]+"${skipped[@]}"}
  json_object moment:="$AT_MS" next:="$next" failed:="$REPLY"
}

# moment_words MS: print a moment in the time of this server, with its offset.
moment_words() { date -d "@${1%???}" '+%Y-%m-%d %H:%M:%S%:z'; }
