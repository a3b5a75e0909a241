# --- Replacing the jobs of others, and putting them back ---------------------------------------------------------------------------
#
# STATE/replaced/N/ has `about` (what, where, mode, owner, the hash of what we made of it) and `original`, byte for byte. It is on disk
# before anything is changed. A line of a crontab becomes a comment below REPLACE_MARK, a script loses its right to be executed, a link
# is taken away, a timer is switched off.

readonly REPLACE_MARK="# cvd-backup replaced the next line: 'cvd-backup timers remove' puts it back"
readonly REPLACE_MARK_SED=${REPLACE_MARK//\//\\/}
# The edits that take our marks away, and the comment below each if it is a line that we made one of.
# shellcheck disable=SC2016 # awk's own variables
readonly REPLACE_AWK='
FILENAME != "-" { was["#" $0]; next }
marked && $0 in was { print FNR "s/^#//" }
{ marked = $0 == ENVIRON["mark"] }
marked { print FNR "d" }'
readonly REPLACE_FACTS='%a %u %g %h %i %s %y' # mode, owner and group first

# replaced_about N KEY: REPLY = the value in its record; status 1 if there is none
replaced_about() {
  local line
  REPLY=''
  while IFS= read -r line; do
    [[ $line != "$2="* ]] || { REPLY=${line#*=}; return 0; }
  done 2>/dev/null <"$STATE/replaced/$1/about"
  return 1
}

# replaced_numbers: NUMBERS = the records, oldest first.
NUMBERS=()
replaced_numbers() {
  local folder
  NUMBERS=()
  for folder in "$STATE"/replaced/[1-9]*; do
    [[ ! ${folder##*/} =~ ^[1-9][0-9]{0,5}$ || ! -f $folder/about ]] || NUMBERS+=("${folder##*/}")
  done
}

file_hash() { REPLY=$(foreign_read "$1" | sha256sum | cut -c1-64); } # FILE

# replace_folder: REPLY = the folder of a new record, which counts once `about` is there.
replace_folder() {
  local number
  mkdir -p -- "$STATE/replaced" && chmod 700 -- "$STATE/replaced" || return 1
  for ((number = 1; number < 100000; number++)); do
    REPLY=$STATE/replaced/$number
    ! mkdir -- "$REPLY" 2>/dev/null || return 0
  done
  return 1
}

# replace_about FOLDER KEY=VALUE...: complete the record; on disk on status 0.
replace_about() {
  local text
  now_ms
  printf -v text '%s\n' "at=$REPLY" "${@:2}"
  write_whole "$1/about" "$text" && sync_paths "$1" "$STATE/replaced" "$STATE"
}

# swap_new FILE: REPLY = a new file beside it, for swap_in. Those of killed processes go: the schedule is locked.
swap_new() {
  find "${1%/*}" -mindepth 1 -maxdepth 1 -type f -name '.cvd-backup.????????' -delete 2>/dev/null
  REPLY=$(mktemp -- "${1%/*}/.cvd-backup.XXXXXXXX")
}

# swap_in NEW FILE FACTS: give NEW, in the folder of FILE, the mode and owner of FILE (FACTS), and its name.
swap_in() {
  local mode uid gid
  read -r mode uid gid _ < <(printf '%s\n' "$3")
  [[ $mode =~ ^[0-7]{3,4}$ && $uid =~ ^[0-9]{1,10}$ && $gid =~ ^[0-9]{1,10}$ ]] || return 1
  # With SELinux, cron reads no file that is labelled as another kind.
  chcon -h --reference="$2" -- "$1" 2>/dev/null
  # The owner last: from then on it is theirs, and they could put another file in its place.
  sync_paths "$1" && chmod -- "$mode" "$1" && { ((EUID != 0)) || chown -h -- "$uid:$gid" "$1"; } && mv -fT -- "$1" "$2" || return 1
  sync_paths "${2%/*}"
  return 0
}

# replace_crontab PATH: make comments of its jobs. They are looked for again in what was read: the file may have changed since it
# was listed. Status 1 if it cannot be done, or it changes meanwhile.
replace_crontab() {
  local file=$1 folder facts before
  facts=$(stat -c "$REPLACE_FACTS" -- "$file") && replace_folder || return 1
  folder=$REPLY
  read -r _ _ _ _ _ before _ < <(printf '%s\n' "$facts")
  if foreign_read "$file" >"$folder/original" && sync_paths "$folder/original"; then
    file_size "$folder/original"
    # It may be longer than what we read.
    [[ $REPLY != "$before" ]] || ! replace_lines "$file" "$folder" "$facts" || return 0
  fi
  rm -rf -- "$folder"
  return 1
}

replace_lines() { # FILE FOLDER FACTS
  local line lines=() edits=() new hash
  mapfile -t lines < <(foreign_lines crontab "$2/original" -)
  for line in ${lines[@]+"${lines[@]}"}; do
    [[ $line == *$'\t'here ]] || continue
    line=${line%%$'\t'*}
    [[ $line =~ ^[1-9][0-9]{0,8}$ ]] || return 1
    edits+=(-e "${line}s/^/$REPLACE_MARK_SED\\n#/")
  done
  ((${#edits[@]} > 0)) && swap_new "$1" || return 1
  new=$REPLY
  if sed "${edits[@]}" -- "$2/original" >"$new"; then
    file_hash "$new"
    hash=$REPLY
    encode_path "$1"
    replace_about "$2" form=crontab "path=$REPLY" "hash=$hash" && failpoint replacing &&
      [[ $(stat -c "$REPLACE_FACTS" -- "$1") == "$3" && ! -L $1 ]] && swap_in "$new" "$1" "$3" && failpoint replaced && return 0
  fi
  rm -f -- "$new"
  return 1
}

# replace_script PATH: nothing runs it any more.
replace_script() {
  local folder target='' facts
  facts=$(stat -c '%a %u %g' -- "$1") && replace_folder || return 1
  folder=$REPLY
  if [[ -L $1 ]]; then
    target=$(readlink -- "$1" && printf .)
    encode_path "${target%$'\n.'}"
    target=$REPLY
  fi
  encode_path "$1"
  if ! replace_about "$folder" form=script "path=$REPLY" "facts=$facts" "link=$target"; then
    :
  elif [[ $target != '' ]]; then
    rm -f -- "$1" && { sync_paths "${1%/*}"; return 0; }
  else
    chmod a-x -- "$1" && return 0
  fi
  rm -rf -- "$folder"
  return 1
}

replace_timer() { # PATH
  local folder on='' name=${1##*/}
  replace_folder || return 1
  folder=$REPLY
  [[ $(systemctl is-enabled -- "$name" 2>/dev/null) != enabled ]] || on=yes
  encode_path "$1"
  replace_about "$folder" form=timer "path=$REPLY" "enabled=$on" && systemctl --quiet disable --now -- "$name" >&2 && return 0
  rm -rf -- "$folder"
  return 1
}

# replace_all: replace what foreign_find found. REPLY = how many; FAILED = paths that could not be, with the reason.
FAILED=()
replace_all() {
  local index form path last='' count=0
  FAILED=()
  for index in "${!FOREIGN[@]}"; do
    IFS=$'\t' read -r form path line _ < <(printf '%s\n' "${FOREIGN[index]}")
    decode_path "$path"
    [[ $REPLY != "$last" && ${FOREIGN_WHY[index]} != "$FOREIGN_ELSEWHERE" ]] || continue
    last=$REPLY
    if [[ ${FOREIGN_WHY[index]} != '' ]]; then
      FAILED+=("$last: ${FOREIGN_WHY[index]}")
      continue
    fi
    case $form in
      crontab) replace_crontab "$last" ;;
      script) replace_script "$last" ;;
      timer) replace_timer "$last" ;;
    esac && { count=$((count + 1)); say info "replaced: $last"; continue; }
    FAILED+=("$last: it could not be changed, or somebody was changing it.")
  done
  REPLY=$count
}

# put_back_all: undo what replace_all did. REPLY = how many; FAILED = those that could not be; their originals stay in STATE/replaced.
put_back_all() {
  local number path count=0
  FAILED=()
  replaced_numbers
  for number in ${NUMBERS[@]+"${NUMBERS[@]}"}; do
    replaced_about "$number" path
    decode_path "$REPLY"
    path=$REPLY
    replaced_about "$number" form
    case $REPLY in
      crontab) put_back_crontab "$number" "$path" ;;
      script) put_back_script "$number" "$path" ;;
      timer) put_back_timer "$number" "$path" ;;
      *) false ;;
    esac || { FAILED+=("$path: it could not be put back; what it was is in $STATE/replaced/$number."); continue; }
    rm -rf -- "$STATE/replaced/$number"
    count=$((count + 1))
    say info "put back: $path"
  done
  REPLY=$count
}

# put_back_crontab N PATH: byte for byte, if nobody changed it since; otherwise only our comments go.
put_back_crontab() {
  local folder=$STATE/replaced/$1 file=$2 new facts hash seen
  [[ -f $file && ! -L $file ]] || return 1
  replaced_about "$1" hash
  hash=$REPLY
  facts=$(stat -c "$REPLACE_FACTS" -- "$file") || return 1
  file_size "$file"
  ((REPLY <= FOREIGN_BYTES)) || return 1
  file_hash "$file"
  seen=$REPLY
  swap_new "$file" || return 1
  new=$REPLY
  # If it is what it was, we were interrupted before it was changed.
  if [[ $seen == "$(sha256sum <"$folder/original" | cut -c1-64)" ]]; then
    rm -f -- "$new"
    return 0
  elif [[ $seen == "$hash" ]]; then
    cat -- "$folder/original" >"$new"
  else
    # By line numbers: sed leaves every other byte alone.
    sed -f <(foreign_read "$file" | mark="$REPLACE_MARK" awk "$REPLACE_AWK" "$folder/original" -) -- "$file" >"$new"
  fi || { rm -f -- "$new"; return 1; }
  [[ $(stat -c "$REPLACE_FACTS" -- "$file") == "$facts" && ! -L $file ]] && swap_in "$new" "$file" "$facts" && return 0
  rm -f -- "$new"
  return 1
}

put_back_script() { # N PATH
  local mode target
  replaced_about "$1" facts
  mode=${REPLY%% *}
  replaced_about "$1" link
  if [[ $REPLY != '' ]]; then
    decode_path "$REPLY"
    target=$REPLY
    [[ ! -L $2 || $(readlink -- "$2") != "$target" ]] || return 0
    [[ ! -e $2 && ! -L $2 ]] && ln -sT -- "$target" "$2" && sync_paths "${2%/*}"
  else
    [[ -f $2 && ! -L $2 && -O $2 && $mode =~ ^[0-7]{3,4}$ ]] && chmod -- "$mode" "$2" && sync_paths "$2"
  fi
}

put_back_timer() { # N PATH
  local name=${2##*/}
  [[ -f $2 && $name =~ ^[A-Za-z0-9@_.-]+\.timer$ ]] || return 1
  replaced_about "$1" enabled
  if [[ $REPLY == yes ]]; then systemctl --quiet enable --now -- "$name" >&2; else systemctl start -- "$name" >&2; fi
}
