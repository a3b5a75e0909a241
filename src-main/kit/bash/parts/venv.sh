# --- The virtual environment of a restored application: kept, rebuilt, or copied from a safety copy ----------------------------
#
# All of it happens before anything stops. What the side that does it says is data. That side is the owner; where the CVD data are
# root's, it is the reader, because foreign code never runs as root.

VENV_STATE=none  # none; kept: the live one moves into the restored tree; rebuilt; copied: that of a safety copy; brought: by
                 # a system backup
VENV_WANTED=''   # not empty where there is none yet, and the site needs one
VENV_REASON=''   # why, in a sentence without its end
VENV_FAULT=''    # why it cannot be rebuilt, or empty
VENV_FAULT_CODE='' VENV_FAULT_FIX=''
declare -A VENV_FACT=()
readonly VENV_SECONDS=1800 VENV_BYTES=67108864 # to build one; the least room for it

# check_venv APPLICATION FILE: decide what becomes of the virtual environment.
check_venv() {
  local title='The virtual environment fits the restored application' why=''
  VENV_STATE=none VENV_REASON=''
  venv_look "$1"
  venv_differs
  why=$REPLY
  if [[ -d $2 && (-e $2/venv || -L $2/venv) ]]; then
    VENV_STATE=copied VENV_REASON='the safety copy has its own'
  elif [[ $R_REBUILD_VENV == '' && ($why != '' && ($R_KEEP_VENV == '' || ${VENV_FACT[venv]-none} == none)) ]] && venv_of_system_fits; then
    VENV_STATE=brought VENV_REASON='the system backup brings one for this python, processor and folder'
  elif [[ ${VENV_FACT[venv]-none} == none && $VENV_FAULT_CODE == checks-failed ]]; then
    VENV_REASON="there is no live one to keep, and $VENV_FAULT"
  elif [[ ${VENV_FACT[venv]-none} == none && $R_REBUILD_VENV$VENV_WANTED == '' ]]; then
    VENV_REASON='there is no live one to keep, and the backup brings none'
  elif [[ $R_REBUILD_VENV == '' && ($why == '' || $R_KEEP_VENV != '') && ${VENV_FACT[venv]-none} != none ]]; then
    VENV_STATE=kept VENV_REASON=${why:-requirements.txt and the interpreter are the same}
  else
    VENV_STATE=rebuilt VENV_REASON=${why:-you asked for it}
  fi
  case $VENV_STATE in
    copied | brought) found venv passed "$title" "$VENV_REASON" ;;
    none)
      if [[ $VENV_FAULT == '' ]]; then
        found venv warning "$title" "$VENV_REASON" 'if the service needs one, build it with --rebuild-venv'
      else
        found venv warning "$title" "$VENV_REASON"
      fi
      ;;
    kept)
      if [[ $why == '' ]]; then found venv passed "$title" "$VENV_REASON; the live one is kept"; else
        found venv warning "$title" "$why; the live one is kept, as you said" '' '' "${why^}. The live virtual environment is kept."
      fi
      ;;
    rebuilt)
      if [[ $VENV_FAULT == '' ]]; then
        found venv passed "$title" "$VENV_REASON; it is rebuilt before anything stops"
      elif [[ ${VENV_FACT[venv]-none} == none || $R_REBUILD_VENV != '' ]]; then
        found venv failed "$title" "$VENV_REASON; it cannot be rebuilt: $VENV_FAULT" \
          "$VENV_FAULT_FIX, or restore without building one: --keep-venv" "$VENV_FAULT_CODE" \
          "The virtual environment cannot be rebuilt: $VENV_FAULT."
      else
        found venv ask "$title" "$VENV_REASON; it cannot be rebuilt: $VENV_FAULT" "$VENV_FAULT_FIX, or keep the live one with --keep-venv" \
          "$VENV_FAULT_CODE" "The virtual environment may not fit, and cannot be rebuilt: $VENV_FAULT."
      fi
      ;;
  esac
}

# venv_look APPLICATION: VENV_FACT, and VENV_FAULT: why none can be built.
venv_look() {
  local line
  venv_side
  VENV_FACT=() VENV_FAULT='' VENV_FAULT_CODE=missing-tool VENV_FAULT_FIX=''
  while IFS= read -r line; do
    [[ $line =~ ^venv=(none|odd|there)$ ]] && VENV_FACT[venv]=${BASH_REMATCH[1]}
    [[ $line =~ ^recorded=([0-9]{1,2}\.[0-9]{1,3})$ ]] && VENV_FACT[recorded]=${BASH_REMATCH[1]}
    [[ $line =~ ^runs=([0-9]{1,2}\.[0-9]{1,3})\ venv$ ]] && VENV_FACT[runs]=${BASH_REMATCH[1]}
    [[ $line =~ ^python=([0-9]{1,2}\.[0-9]{1,3})\ .*$ ]] && VENV_FACT[python]=${BASH_REMATCH[1]}
    [[ $line =~ ^bytes=([1-9][0-9]{0,14})$ ]] && VENV_FACT[bytes]=${BASH_REMATCH[1]}
    [[ $line != makes=yes ]] || VENV_FACT[makes]=yes
  done < <(side_says 150 4096 venv venv_facts "$1")
  if [[ ! -f reader/sealed/tree/requirements.txt || -L reader/sealed/tree/requirements.txt ]]; then
    VENV_FAULT='the backup has no requirements.txt' VENV_FAULT_CODE=checks-failed VENV_FAULT_FIX='restore another backup'
  elif [[ ${VENV_FACT[python]-} == '' ]]; then
    VENV_FAULT='python3 is not installed, or does not run'
    venv_install python3 python3-venv
  elif [[ ${VENV_FACT[makes]-} == '' ]]; then
    VENV_FAULT='python3 cannot make one: its module ensurepip is not installed'
    venv_install python3-venv
  fi
}

# venv_install DEBIAN-PACKAGE...: VENV_FAULT_FIX = how to install what is missing.
venv_install() {
  package_tool
  # Debian keeps ensurepip in a package of its own.
  if [[ $PACKAGE_TOOL == apt-get ]]; then install_words "$@"; else install_words python3 python3-pip; fi
  VENV_FAULT_FIX=${REPLY:+install it: $REPLY}
  VENV_FAULT_FIX=${VENV_FAULT_FIX:-install python3 with venv and ensurepip}
}

# venv_differs: REPLY = why the live one does not fit what is restored, or empty.
venv_differs() {
  local runs=${VENV_FACT[runs]-} recorded=${VENV_FACT[recorded]-}
  REPLY=''
  case ${VENV_FACT[venv]-} in
    there) ;;
    odd) REPLY='venv of the live application is no folder'; return ;;
    none) REPLY='the live application has none'; return ;;
    *) REPLY='it is not known what the live application has'; return ;;
  esac
  if [[ $FOLDER_REQUIREMENTS == unknown ]]; then REPLY='the requirements.txt of the backup could not be compared with the live one'
  elif [[ $FOLDER_REQUIREMENTS != same ]]; then REPLY='the requirements.txt of the backup is not the live one'
  elif [[ $runs == '' ]]; then REPLY='the interpreter of the live one does not start'
  elif [[ $recorded != "$runs" ]]; then REPLY="the live one was made for Python ${recorded:-of an unknown version}, and runs with $runs"; fi
}

# venv_side: VENV_SIDE = owner or reader: who builds it, in that side's folder.
VENV_SIDE=owner
venv_side() {
  VENV_SIDE=owner
  ((EUID != 0 || OWNER_UID != 0)) || VENV_SIDE=reader
}

venv_do() { # FUNCTION ARG...
  if [[ $VENV_SIDE == owner ]]; then owner_do "$@"; else reader_do "$@"; fi
}

# venv_source APPLICATION: give that side a copy of the extracted application, in its folder `build`.
venv_source() {
  in_background venv_source_pump "$1"
  watch "$FOLDER_UNCHANGED" '' "$REPLY"
}
venv_source_pump() { # APPLICATION
  local status
  reader_do folder_send sealed/tree application 2>/dev/null | venv_do venv_receive "$1" >/dev/null 2>&1
  status=("${PIPESTATUS[@]}")
  ((status[0] == 0 && status[1] == 0))
}

# venv_prepare APPLICATION FILE: have the environment in build/venv of that side, if it is not the live one; or end the restore.
venv_prepare() {
  local status room=${VENV_FACT[bytes]-0}
  [[ $room =~ $WHOLE_NUMBER ]] && ((room >= VENV_BYTES)) || room=$VENV_BYTES
  case $VENV_STATE in
    copied)
      part_step venv 'Copy the virtual environment of the safety copy'
      VENV_SIDE=owner
      in_background venv_copy_by_owner "$2"
      ;;
    rebuilt)
      part_step venv 'Build the virtual environment'
      extract_space . "$((FOLDER_BYTES + room))" ||
        fail no-space "The virtual environment cannot be built: $EXTRACT_PROBLEM" "$NOTHING_CHANGED" 'make space'
      venv_source "$1" || fail internal 'The application could not be copied to build its virtual environment.' "$NOTHING_CHANGED"
      in_background venv_build_by_side "$1"
      ;;
    brought)
      part_step venv 'Unpack the virtual environment of the system backup'
      venv_of_system || {
        venv_said
        fail checks-failed "The virtual environment in the system backup cannot be used: ${EXTRACT_PROBLEM:-${REPLY:-its python does not start}}" \
          "$NOTHING_CHANGED" 'have one built: --rebuild-venv'
      }
      step_done environment=brought
      return 0
      ;;
    *) return 0 ;;
  esac
  local WATCH_SECONDS=$VENV_SECONDS
  watch "$NOTHING_CHANGED" venv_progress "$REPLY"
  status=$?
  ((status == 0)) || venv_failed "$status"
  step_done environment="$VENV_STATE" python="${VENV_FACT[python]-}"
}
venv_copy_by_owner() { owner_do venv_copy "$1" 2>/dev/null | head -c 65536 >venv.said; return "${PIPESTATUS[0]}"; }

# venv_build_by_side APPLICATION: where root can, in a mount namespace in which the build folder is the application: then every
# path in the environment is right by construction.
venv_build_by_side() {
  PROGRAMS=()
  # A unit that is restored, too, may start something else.
  [[ " ${RESTORE_PARTS[*]-} " == *' systemd '* ]] || service_programs "$1/venv/bin"
  if ((EUID == 0 && OWNER_UID != 0)) && unshare --mount true 2>/dev/null; then
    SIDE_BEFORE=(unshare --mount --propagation private /bin/bash --noprofile --norc -c "$VENV_MOUNT" mount "$OWNER_UID" "$1")
  fi
  venv_do venv_build ${PROGRAMS[@]+"${PROGRAMS[@]}"} 2>/dev/null | head -c 1048576 >venv.said
  return "${PIPESTATUS[0]}"
}

# Run by root in the new namespace, in the owner's folder, whose names the owner can replace. So both folders are entered,
# looked at, and mounted by descriptor; both are the owner's, so nothing that root runs lies below one of them. If that
# cannot be, nothing is mounted, and the paths are rewritten later.
# shellcheck disable=SC2016 # another bash expands it
readonly VENV_MOUNT='
uid=$1 application=$2
shift 2
exec 6<.
if cd -P build 2>/dev/null && [[ .. -ef /proc/self/fd/6 && $(stat -c %u .) == "$uid" ]] && exec 8<. &&
  cd -P -- "$application" 2>/dev/null && [[ $(stat -c %u .) == "$uid" ]] && exec 7<.; then
  mount --no-canonicalize --bind /proc/self/fd/8 /proc/self/fd/7 2>/dev/null
fi
cd -P /proc/self/fd/6 && exec 6<&- 7<&- 8<&- && exec "$@"'

# venv_progress: how many packages pip has looked at.
venv_progress() {
  local count
  count=$(grep -cE '^(Collecting|Processing) ' venv.said 2>/dev/null)
  [[ ! $count =~ ^[1-9][0-9]{0,6}$ ]] || progress "$count" 0 packages
}

# venv_said: REPLY = the last line of what pip or python said that is no remark.
venv_said() {
  REPLY=$(grep -v -e '^$' -e '^WARNING: ' -e '^\[notice\]' venv.said 2>/dev/null | tail -n 1 | head -c 300 | tr -s '[:cntrl:] ' ' ')
}

venv_failed() { # STATUS
  local said what next='install what is missing, or restore with --keep-venv'
  venv_said
  said=$REPLY
  case $1 in
    32) what='pip could not install what requirements.txt names' ;;
    33) what='it was built, and does not work' ;;
    35) what='it was built, and lacks a program that the service starts' ;;
    34) what='it was built, and its scripts name another folder' ;;
    "$TOO_LONG")
      span_words "$VENV_SECONDS"
      what="it took longer than $REPLY"
      ;;
    *) what='python could not make it' ;;
  esac
  [[ ${VENV_FACT[venv]-none} == there ]] || next='install what is missing, or restore without building one: --keep-venv'
  what="The virtual environment could not be built: $what${said:+: $said}"
  ! extract_full "$said" || fail no-space "$what" "$NOTHING_CHANGED" 'make space'
  fail checks-failed "$what" "$NOTHING_CHANGED" "$next"
}

# venv_take: put the environment into the staged tree. The owner made it, and may still hold folders in it open, so root enters
# none: each folder above it becomes root's first, so that no name can be replaced; then one rename. The reader has ended.
venv_take() {
  [[ $VENV_STATE =~ ^(copied|rebuilt|brought)$ ]] || return 0
  local folder facts place=$VENV_SIDE/build/venv
  for folder in "$VENV_SIDE" "$VENV_SIDE/build"; do
    [[ -d $folder && ! -L $folder ]] || return 1
    if ((EUID == 0)); then chown -h -- 0:0 "$folder" && chmod 700 -- "$folder" || return 1; fi
  done
  if [[ $VENV_SIDE == reader ]]; then venv_seal "$place" || return 1; fi
  facts=$(stat -c '%u %F' -- "$place" 2>/dev/null)
  [[ $facts == "$OWNER_UID directory" || ($VENV_STATE == copied && $facts == "$OWNER_UID symbolic link") ]] || return 1
  rename_choose
  row_rename "$place" staged.tree/venv
}

# venv_seal FOLDER: give what the reader built to the owner of the CVD data, which is root.
venv_seal() {
  reader_end
  [[ -d $1 && ! -L $1 ]] && chown -hR -- "$OWNER_UID:$DATA_GID" "$1" || return 1
  find "$1" -type f -perm /7000 -exec chmod a-st -- {} + || return 1
  [[ $(find "$1" ! '(' -type f -links 1 -o -type d -o -type l ')' -print -quit) == '' ]]
}

# plan_venv APPLICATION: REPLY = `venv` of the plan. For one that is rebuilt, asks whether the packages can be had.
plan_venv() {
  local said='' status fault
  if [[ $VENV_STATE == rebuilt && $VENV_FAULT == '' ]]; then
    if venv_source "$1"; then
      side_says 30 65536 venv venv_index >venv.said
      status=$?
      venv_said
      said=$REPLY
    else
      status=1 said='the application could not be copied'
    fi
    venv_index_found "$status" "$said"
  fi
  json_text_or_null "$VENV_FAULT"
  fault=$REPLY
  json_object state="$VENV_STATE" reason="$VENV_REASON" fault:="$fault" live:="$([[ ${VENV_FACT[venv]-} == there ]] && echo true || echo false)"
}

venv_index_found() { # STATUS SAID
  local title='pip finds the packages of requirements.txt'
  case $1 in
    0) found packages passed "$title" "${2:-each one}" ;;
    2) found packages warning "$title" 'this pip cannot look without installing; the restore says it before anything stops' ;;
    *) found packages warning "$title" "${2:-it did not answer in time}" \
      'see that the package index can be reached, or restore with --keep-venv' ;;
  esac
}
