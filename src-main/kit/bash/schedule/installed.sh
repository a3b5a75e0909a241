# --- The installed kit: what timers run ---------------------------------------------------------------------------------------------
#
# STATE/installed/SHA256/cvd-backup. Not in STATE/kit: consoles of any version tidy up there.

# installed_problem: REPLY = why timers cannot run a kit from here as root, or empty.
installed_problem() {
  REPLY=''
  ((EUID == 0)) || { REPLY='Only root can install a schedule.'; return; }
  [[ $STATE =~ ^/[A-Za-z0-9._/-]{1,200}$ && $STATE/ != */../* ]] || { REPLY="The name of the state folder, $STATE, cannot be part of a timer."; return; }
  path_owner "$STATE"
  [[ $REPLY == '0 0' ]] || { REPLY="Others than root can change the folder $STATE, or one above it: timers must not run a kit from there."; return; }
  REPLY=''
  [[ $ROOT_OPTION == '' || $ROOT_OPTION == "${POLICY[root]}" ]] ||
    REPLY="Timers work on the CVD root in the policy, ${POLICY[root]}, not on $ROOT_OPTION."
}

# installed_intact SHA256: status 0 if that kit is installed, and only we could have written it.
installed_intact() {
  local folder=$STATE/installed/$1
  [[ $1 =~ ^[0-9a-f]{64}$ && $(find "$STATE" "$STATE/installed" "$folder" "$folder/cvd-backup" -maxdepth 0 \
    \( -type l -o -perm /022 -o ! -uid "$EUID" \) -print 2>&1) == '' ]] &&
    [[ $(sha256sum <"$folder/cvd-backup") == "$1 "* ]]
}

# installed_store: install this kit; status 1 if that did not work.
installed_store() {
  local folder=$STATE/installed/$KIT_SHA256 fresh
  ! installed_intact "$KIT_SHA256" || return 0
  [[ $KIT_FILE != '' && $KIT_SHA256 =~ ^[0-9a-f]{64}$ ]] || return 1
  mkdir -p -- "$folder" && chmod 700 -- "$STATE/installed" "$folder" && fresh=$(mktemp -- "$folder/.new.XXXXXXXX") || return 1
  cp -- "$KIT_FILE" "$fresh" && chmod 700 -- "$fresh" && sync_paths "$fresh" && mv -fT -- "$fresh" "$folder/cvd-backup" &&
    sync_paths "$folder" "$STATE/installed" "$STATE" && installed_intact "$KIT_SHA256" && return 0
  rm -f -- "$fresh"
  return 1
}

# installed_forget SHA256: remove all other kits. A run that began with one of them has it open.
installed_forget() {
  local folder
  for folder in "$STATE"/installed/*; do
    [[ ${folder##*/} == "$1" || ! ${folder##*/} =~ ^[0-9a-f]{64}$ ]] || rm -rf -- "$folder"
  done
}
