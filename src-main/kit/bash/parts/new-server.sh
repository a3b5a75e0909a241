# --- A server without the site: what has to be there before anything can be brought back -----------------------------------------

NEW_USER='' NEW_GROUP=''   # to be created; empty if they exist
NEW_OWNER=''               # user:group that is to own the CVD data, on a server where it belongs to root
NEW_OWNER_SAID=''          # the same, or what the backup says where that is not taken; `none` where nobody is to be named
NEW_FOLDERS=()             # to be created, in this order
N_FACTS_USER='' N_FACTS_GROUP='' N_FACTS_HEALTH='' # what the system backup says

# new_server_look: find out what is missing for the parts of this restore, on a server without the site; and what applies there
# unless somebody says otherwise.
new_server_look() {
  NEW_USER='' NEW_GROUP='' NEW_OWNER='' NEW_OWNER_SAID=none NEW_FOLDERS=() N_REFUSED=''
  new_site_is_absent || return 0
  new_server_lacks
  new_server_defaults
}

new_server_lacks() {
  local folder
  for folder in "$ROOT" "${DATABASE_FILE%/*}" "$LOGS" "$BACKUPS" "$BACKUPS/app" "$BACKUPS/system"; do new_folder "$folder"; done
  # Whoever controls the place is the owner.
  ((EUID == 0)) && path_owner "$DATABASE_FILE" && [[ $REPLY == '0 0' ]] && path_owner "$BACKUPS" && [[ $REPLY == '0 0' ]] || return 0
  new_owner
  NEW_OWNER_SAID=${NEW_OWNER:-${N_FACTS_USER:+$N_FACTS_USER:${N_FACTS_GROUP:-$N_FACTS_USER}}}
  [[ $NEW_OWNER != '' ]] || return 0
  id_in /etc/group "${NEW_OWNER#*:}" || getent group "${NEW_OWNER#*:}" >/dev/null || NEW_GROUP=${NEW_OWNER#*:}
  id_in /etc/passwd "${NEW_OWNER%%:*}" || getent passwd "${NEW_OWNER%%:*}" >/dev/null || NEW_USER=${NEW_OWNER%%:*}
}
N_REFUSED='' # why the owner that the backup names is not taken

# new_folder FOLDER: it is to be created, and those above it.
new_folder() {
  [[ $1 == /* && ! -e $1 ]] && ! new_has "$1" || return 0
  new_folder "${1%/*}"
  NEW_FOLDERS+=("$1")
}

# new_owner: NEW_OWNER = by what was asked for, by the policy, by the manifest, or by the unit file of the backup. Never root. What
# the backup says gives nobody rights: the user is a new one, or one that cannot log in; the group is its own, or a web server's.
new_owner() {
  local user group shell
  NEW_OWNER=${R_OWNER:-${POLICY[owner]}}
  if [[ $NEW_OWNER == '' && $N_FACTS_USER != '' ]]; then
    user=$N_FACTS_USER group=${N_FACTS_GROUP:-$N_FACTS_USER}
    NEW_OWNER=$user:$group
    IFS=: read -r _ _ _ _ _ _ shell < <(getent passwd "$user")
    if [[ $shell != '' && $shell != */@(nologin|false) ]]; then
      N_REFUSED="the backup names the user $user, who can log in here"
    elif [[ $group != "$user" && ! $group =~ ^(www-data|nginx|apache|http|www)$ ]] && getent group "$group" >/dev/null; then
      N_REFUSED="the backup names the group $group, which others here belong to"
    fi
  fi
  [[ $NEW_OWNER =~ $OWNER_NAMES && $NEW_OWNER != root:* && $NEW_OWNER != *:root && $N_REFUSED == '' ]] || NEW_OWNER=''
}

# new_has FOLDER: status 0 if it is one of those that will be created.
new_has() {
  local one
  for one in ${NEW_FOLDERS[@]+"${NEW_FOLDERS[@]}"}; do [[ $one != "$1" ]] || return 0; done
  return 1
}

# new_server_needed: status 0 if anything has to be created or given away.
new_server_needed() { [[ ${#NEW_FOLDERS[@]} -gt 0 || $NEW_OWNER != '' ]]; }

# check_new_server: what is missing is created if a person says so.
check_new_server() {
  local title='The place for the site is there' words=''
  new_server_needed || return 0
  [[ $NEW_USER == '' ]] || words="the user $NEW_USER"
  [[ $NEW_GROUP == '' ]] || words+="${words:+, }the group $NEW_GROUP"
  ((${#NEW_FOLDERS[@]} == 0)) || words+="${words:+, }the folders ${NEW_FOLDERS[*]}"
  [[ $words == '' ]] || words="to be created: $words"
  if ((EUID == 0 && OWNER_UID == 0)) && [[ $NEW_OWNER == '' ]]; then
    found new-server failed "$title" "it is not known who is to own the CVD data${N_REFUSED:+: $N_REFUSED}" \
      'say it: --owner USER:GROUP' checks-failed "It is not known who is to own the CVD data on this server${N_REFUSED:+: $N_REFUSED}."
    return
  fi
  [[ $NEW_OWNER == '' ]] || words+="${words:+; }$ROOT is given to $NEW_OWNER"
  found new-server ask "$title" "$words" 'if this is the server that you mean, restore with --new-server' checks-failed \
    "The site is not on this server: $words." "$R_NEW_SERVER"
}

# new_server_create: create what is missing, and give it to its owner. Until then root alone controls the place.
new_server_create() {
  local folder
  new_server_needed || return 0
  step create 'Create what the site needs'
  [[ $NEW_GROUP == '' ]] || group_create "$NEW_GROUP"
  [[ $NEW_USER == '' ]] || user_create "$NEW_USER" "${NEW_OWNER#*:}" "$ROOT"
  for folder in ${NEW_FOLDERS[@]+"${NEW_FOLDERS[@]}"}; do
    # After a failed attempt, the place has its owner already.
    if [[ $NEW_OWNER == '' ]] && ((EUID == 0 && OWNER_UID != 0)); then folder_create "$folder" owner; else folder_create "$folder"; fi
  done
  [[ $NEW_OWNER == '' ]] || new_server_give
  identities_load
  step_done user="$NEW_USER" group="$NEW_GROUP" folders="${NEW_FOLDERS[*]-}" owner="$NEW_OWNER"
}

# new_server_give: give ROOT and the folders of the site to their owner. From inside out: what is given away is not entered any more.
new_server_give() {
  local folder strange
  strange=$(find "$ROOT" -xdev -type d ! -uid 0 -print -quit 2>/dev/null)
  [[ $strange == '' ]] && path_owner "$ROOT" && [[ $REPLY == '0 0' ]] ||
    fail checks-failed "Not all folders in $ROOT belong to root: ${strange:-$ROOT}." "$NOTHING_CHANGED" "give them to root first: chown -R root: $ROOT"
  for folder in "$ROOT" "$BACKUPS"; do
    id_of "$folder"
    create_done given "$folder" "$REPLY"
  done
  find "$BACKUPS" -xdev -depth -exec chown -h -- "$NEW_OWNER" {} + || fail internal "The backups could not be given to $NEW_OWNER." "$NOTHING_CHANGED"
  for folder in "$LOGS" "${DATABASE_FILE%/*}" "$ROOT"; do
    [[ $folder == "$ROOT" || $folder == "$ROOT"/* ]] || new_has "$folder" || continue
    chown -h -- "$NEW_OWNER" "$folder" || fail internal "$folder could not be given to $NEW_OWNER." "$NOTHING_CHANGED"
  done
}

# new_server_facts: what the system backup says about its server; in the work folder that the backup was opened in.
new_server_facts() {
  local line
  N_FACTS_USER='' N_FACTS_GROUP='' N_FACTS_HEALTH='' N_FACTS_MACHINE='' N_FACTS_ROOT='' N_FACTS_VENV=''
  if system_holds facts && ((SYSTEM_BYTES <= 67108864)) && system_take facts manifest.json "$NOTHING_CHANGED"; then
    while IFS= read -r line; do new_server_said "$line"; done < <(side_says 30 65536 reader facts_said manifest.json)
  fi
  if [[ $N_FACTS_USER == '' ]] && new_site_is_absent && system_holds systemd && system_take systemd picked.said "$NOTHING_CHANGED"; then
    line=${SYSTEM_TOP#./}
    while IFS= read -r line; do new_server_said "$line"; done < <(side_says 30 65536 reader unit_said "${line}config" "${SERVICES[0]-cvd}")
  fi
  EXTRACT_PROBLEM='' EXTRACT_CODE=ok
}

new_server_said() { # LINE
  local value=${1#*=}
  case $1 in
    user=*) [[ ! $value =~ ^[a-z_][a-z0-9_-]{0,31}$ ]] || N_FACTS_USER=$value ;;
    group=*) [[ ! $value =~ ^[a-z_][a-z0-9_-]{0,31}$ ]] || N_FACTS_GROUP=$value ;;
    machine=*) [[ ! $value =~ ^[A-Za-z0-9._-]{1,40}$ ]] || N_FACTS_MACHINE=$value ;;
    venv=*) [[ ! $value =~ ^([0-9]{1,2}\.[0-9]{1,3})([^0-9].*)?$ ]] || N_FACTS_VENV=${BASH_REMATCH[1]} ;;
    root=*)
      decode_path "${value:0:4000}"
      N_FACTS_ROOT=$REPLY
      ;;
    health=*)
      decode_path "${value:0:1000}"
      N_FACTS_HEALTH=$REPLY
      policy_problem health "$N_FACTS_HEALTH"
      # Only this server can say that its site is healthy.
      [[ $REPLY == '' && $N_FACTS_HEALTH =~ ^(https?://(localhost|127\.0\.0\.1|\[::1\])[:/]|unix:) ]] || N_FACTS_HEALTH=''
      ;;
  esac
}

# new_server_defaults: without a health probe in the policy, use the one that the backup's site had; build the virtual
# environment.
new_server_defaults() {
  # A site that is not there does not answer; whoever says --new-server says so.
  ! new_server_needed || SITE_IS_DOWN=yes
  # There is no environment to keep.
  [[ $R_KEEP_VENV != '' ]] || VENV_WANTED=yes
  [[ ${POLICY[health]} == '' && $N_FACTS_HEALTH != '' ]] || return 0
  POLICY[health]=$N_FACTS_HEALTH
  say info "The health check is that of the site in the backup: $N_FACTS_HEALTH."
}

# new_site_is_absent: status 0 if neither the database nor the application is here.
new_site_is_absent() { [[ ! -e $DATABASE_FILE && ! -e $ROOT/app ]]; }

# --- Run by the reader --------------------------------------------------------------------------------------------------------

# facts_said FILE: print what a restore elsewhere has to know, from a manifest that this kit wrote: its first line.
facts_said() {
  head -n 1 -- "$1" | head -c 1048576 |
    grep -oE '"owner":\{"user":"[a-z0-9_-]*","uid":[0-9]+,"group":"[a-z0-9_-]*"|"(health|root)":"[A-Za-z0-9._/%-]*"|"versions":\{[^}]*\}' |
    sed -nE 's/^"owner":\{"user":"([^"]*)".*"group":"([^"]*)"$/user=\1\ngroup=\2/p; s/^"(health|root)":"([^"]*)"$/\1=\2/p
      /^"versions"/ { s/^"versions":\{//; s/\}$//; s/,/\n/g; s/"([a-z]+)":"([^"]*)"/\1=\2/g; p }'
}

# unit_said FOLDER UNIT: print as whom the service runs.
unit_said() {
  sed -nE 's/^[[:space:]]*User=[[:space:]]*([a-z0-9_-]+)[[:space:]]*$/user=\1/p; s/^[[:space:]]*Group=[[:space:]]*([a-z0-9_-]+)[[:space:]]*$/group=\1/p' \
    "picked/$1/${2%.service}.service" 2>/dev/null
  chmod -R u+rwX picked 2>/dev/null
  rm -rf picked
}
