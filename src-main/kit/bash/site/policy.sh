# --- The state folder and the policy ---------------------------------------------------------------------------------------

if [[ ${CVD_BACKUP_STATE-} != '' ]]; then
  STATE=$CVD_BACKUP_STATE
elif ((EUID == 0)); then
  STATE=/var/lib/cvd-backup
else
  STATE=${XDG_STATE_HOME:-${HOME:-/nonexistent}/.local/state}/cvd-backup
fi

declare -rA POLICY_DEFAULTS=(
  [root]=/opt/cvd [database]='' [service]=cvd [service_manager]=systemd [service_program]=''
  [health]='' [health_status]=200 [health_timeout]=60 [key_tables]='users devices service_orders'
  [compressor]='' [busy_timeout]=10000 [writer_block_limit]=30 [backup_max_age]=14400 [owner]=''
  [units]=/etc/systemd/system [nginx_site]=/etc/nginx/sites-available/cvd [include_venv]=no
  [application_max_age]=93600 [system_max_age]=691200
  [retention_database]='days 30 most 200' [retention_application]='days 14' [retention_config]='days 14'
  [retention_systemd]='days 14' [retention_system]='days 28' [retention_safety]='days 14' [retention_rejected]='days 30'
  [schedule_database]='every 2h' [schedule_application]='daily 02:00' [schedule_config]='daily 02:00'
  [schedule_system]='sunday 01:00' [schedule_verify]='daily 06:00' [schedule_rotate]='daily 06:30'
  [schedule_monitor]='every 1h' [schedule_wait]=1800 [schedule_paused]=''
  [verify_budget]=30 [verify_within]=30
  [alert_min_size]=1048576 [alert_change]=50 [alert_runway]=14 [alert_lock]=7200 [quiet_hours]=''
)
declare -A POLICY=()
policy_reset() {
  local key
  for key in "${!POLICY_DEFAULTS[@]}"; do POLICY[$key]=${POLICY_DEFAULTS[$key]}; done
}
policy_reset
POLICY_AT='' POLICY_BY='' # when, and by whom, a setting was last changed, as the file says
POLICY_SUM=''             # the hash of the lines before it, as the file says; files of earlier kits have none
POLICY_NOT_TAKEN=0        # lines of the file that are no settings
declare -A POLICY_OTHERS=() # settings of kits that know more keys: they stay in the file
readonly RETENTION_FORM='^days ([1-9][0-9]{0,3})( most ([1-9][0-9]{0,4}))?( hourly ([1-9][0-9]{0,3}))?( daily ([1-9][0-9]{0,3}))?( weekly ([1-9][0-9]{0,3}))?( monthly ([1-9][0-9]{0,3}))?$'
readonly RETENTION_COPY_FORM='^days [1-9][0-9]{0,3}$'
# How often: the same in src-shared/domain/schedule.ts. Text of this form is all that is ever made into a timer.
readonly SCHEDULE_FORM='^(off|every (1|2|3|4|6|8|12)h|(daily|sunday|monday|tuesday|wednesday|thursday|friday|saturday|monthly (0[1-9]|1[0-9]|2[0-8])) ([01][0-9]|2[0-3]):[0-5][0-9])$'
ROOT='' BACKUPS='' LOGS='' ROOT_OPTION=''
DATABASE=''      # path from the policy; may be a symbolic link
DATABASE_FILE='' # the link's target: what a restore replaces, with the sidecars beside it

# Mode 711: other users can reach the work folders but list nothing. Everything else in STATE is private by its own mode.
state_create() {
  mkdir -p -- "$STATE"/{operations,work,kit} 2>/dev/null && chmod 711 -- "$STATE" "$STATE/work" 2>/dev/null
}

state_writable() { [[ -d $STATE/operations && -O $STATE && -w $STATE ]] || state_create; }

readonly POLICY_BYTES=4096

# policy_problem KEY VALUE: REPLY = what is wrong with the setting, or empty.
policy_problem() {
  local key=$1 value=$2
  REPLY=''
  [[ $key =~ ^[a-z_]{1,40}$ && ${POLICY[$key]+known} == known ]] || { REPLY="unknown setting: $key"; return; }
  ((${#value} <= POLICY_BYTES)) || { REPLY="$key: at most $POLICY_BYTES characters"; return; }
  [[ ! $value =~ [[:cntrl:]] ]] || { REPLY="$key: one line without control characters"; return; }
  case $key in
    include_venv)
      [[ $value == yes || $value == no ]] || REPLY="include_venv: yes or no, not '$value'" ;;
    schedule_wait)
      [[ $value =~ ^(0|[1-9][0-9]{0,3})$ ]] || REPLY="schedule_wait: seconds, at most 9999, not '$value'" ;;
    schedule_paused)
      [[ $value =~ ^([1-9][0-9]{12}|yes)?$ ]] || REPLY="schedule_paused: empty, yes, or milliseconds since 1970, not '$value'" ;;
    schedule_*)
      [[ $value =~ $SCHEDULE_FORM ]] ||
        REPLY="$key: off, every 2h, daily 02:00, sunday 01:00 or monthly 01 02:00, not '$value'" ;;
    verify_budget)
      [[ $value =~ ^(0|[1-9][0-9]{0,3})$ ]] && ((value <= 1440)) || REPLY="verify_budget: minutes a night, at most 1440; 0 is off, not '$value'" ;;
    verify_within)
      [[ $value =~ ^[1-9][0-9]{0,3}$ ]] || REPLY="verify_within: days, at most 9999, not '$value'" ;;
    alert_min_size)
      [[ $value =~ ^(0|[1-9][0-9]{0,14})$ ]] || REPLY="alert_min_size: bytes; 0 is off, not '$value'" ;;
    alert_change)
      [[ $value =~ ^(0|[1-9][0-9]{0,3})$ ]] || REPLY="alert_change: percent, at most 9999; 0 is off, not '$value'" ;;
    alert_runway)
      [[ $value =~ ^(0|[1-9][0-9]{0,3})$ ]] || REPLY="alert_runway: days, at most 9999; 0 is off, not '$value'" ;;
    quiet_hours)
      [[ $value =~ ^(([01][0-9]|2[0-3])-([01][0-9]|2[0-3]))?$ && ($value == '' || ${value%-*} != "${value#*-}") ]] ||
        REPLY="quiet_hours: empty, or hours such as 22-07, not '$value'" ;;
    root | units | nginx_site)
      [[ $value == /* ]] || REPLY="$key: an absolute path, not '$value'" ;;
    service_program | database)
      [[ $value == '' || $value == /* ]] || REPLY="$key: an absolute path, not '$value'" ;;
    health_status)
      [[ $value =~ ^[1-5][0-9][0-9]$ ]] || REPLY="health_status: a status of HTTP, such as 200, not '$value'" ;;
    health_timeout | busy_timeout | writer_block_limit | backup_max_age | application_max_age | system_max_age | alert_lock)
      [[ $value =~ ^[1-9][0-9]{0,6}$ ]] || REPLY="$key: a positive whole number, not '$value'" ;;
    retention_safety | retention_rejected)
      [[ $value =~ $RETENTION_COPY_FORM ]] || REPLY="$key: 'days 14', not '$value'" ;;
    retention_*)
      [[ $value =~ $RETENTION_FORM ]] ||
        REPLY="$key: 'days 30 most 200 hourly 24 daily 7 weekly 4 monthly 12', in this order, where all but the days may be left out, not '$value'" ;;
    service_manager)
      [[ $value == systemd || $value == program ]] || REPLY="service_manager: systemd or program, not '$value'" ;;
    health)
      [[ $value == '' || (! $value =~ [[:cntrl:]] && ($value =~ ^https?://[^[:space:]]+$ || $value =~ ^unix:/[^:]+:/[^[:space:]]*$)) ]] ||
        REPLY="health: http://HOST:PORT/PATH or unix:SOCKET:PATH, not '$value'" ;;
    compressor)
      [[ $value =~ ^(igzip|pigz|gzip)?$ ]] || REPLY="compressor: igzip, pigz or gzip, not '$value'" ;;
    key_tables)
      [[ $value =~ ^[A-Za-z0-9_\ ]*$ ]] || REPLY="key_tables: table names separated by blanks, not '$value'" ;;
    service)
      [[ $value =~ ^[A-Za-z0-9@._\ -]+$ && $value != -* ]] || REPLY="service: unit names separated by blanks, not '$value'" ;;
    owner)
      [[ $value == '' || $value =~ $OWNER_NAMES ]] || REPLY="owner: user:group, not '$value'" ;;
  esac
}

# policy_take LINE: apply a line KEY=VALUE; status 1 if it is not valid, and ignored.
policy_take() {
  # bash takes minutes to cut a line of a megabyte.
  ((${#1} <= POLICY_BYTES + 41)) || return 1
  local key=${1%%=*} value=${1#*=}
  policy_problem "$key" "$value"
  [[ $1 == *=* && $REPLY == '' && $key =~ ^[a-z_]{1,40}$ ]] && POLICY[$key]=$value
}

# policy_keep LINE: keep the setting of another kit; status 1 if it cannot be one.
policy_keep() {
  ((${#1} <= POLICY_BYTES + 41)) || return 1
  local key=${1%%=*} value=${1#*=}
  [[ $1 == *=* && $key =~ ^[a-z_]{1,40}$ && ${POLICY[$key]+known} != known && ! $value =~ [[:cntrl:]] ]] && ((${#value} <= POLICY_BYTES)) || return 1
  ((${#POLICY_OTHERS[@]} < 100)) || [[ ${POLICY_OTHERS[$key]+known} == known ]] || return 1
  POLICY_OTHERS[$key]=$value
}

policy_load() {
  local line
  policy_reset
  POLICY_AT='' POLICY_BY='' POLICY_SUM='' POLICY_NOT_TAKEN=0 POLICY_OTHERS=()
  if [[ -r $STATE/policy ]]; then
    while IFS= read -r line || [[ $line != '' ]]; do
      # Earlier kits ignore these three, and drop them with the next change.
      case $line in
        changed_at=*) [[ ! ${line#*=} =~ ^[1-9][0-9]{12}$ ]] || POLICY_AT=${line#*=} ;;
        changed_by=*) POLICY_BY=${line#*=} ;;
        sum=*) POLICY_SUM=${line#*=} ;;
        *) policy_take "$line" || policy_keep "$line" || POLICY_NOT_TAKEN=$((POLICY_NOT_TAKEN + 1)) ;;
      esac
    done <"$STATE/policy"
  fi
  paths_set
  if real_path "$DATABASE"; then DATABASE_FILE=$REPLY; else DATABASE_FILE=$DATABASE; fi
  identities_load
}

paths_set() {
  ROOT=${ROOT_OPTION:-${POLICY[root]}}
  DATABASE=${POLICY[database]:-$ROOT/data/cvd.db}
  BACKUPS=$ROOT/backups
  LOGS=$ROOT/logs
  real_path "${POLICY[units]}" || REPLY=${POLICY[units]}
  ROOT_PLACES=$'\n'$REPLY$'\n'
  real_path "${POLICY[nginx_site]}" || REPLY=${POLICY[nginx_site]}
  ROOT_PLACES+=${REPLY%/*}$'\n'
}

# pause_state NOW: REPLY = yes, or until when (milliseconds), if the schedule is paused; else empty.
pause_state() {
  REPLY=${POLICY[schedule_paused]}
  [[ $1 =~ ^[0-9]{1,15}$ && $REPLY =~ ^[1-9][0-9]{12}$ ]] || { [[ $REPLY == yes ]] || REPLY=''; return; }
  ((REPLY > $1)) || REPLY=''
}
