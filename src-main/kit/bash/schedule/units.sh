# --- Timers: systemd's, or a line for cron where there is no systemd ----------------------------------------------------------------
#
# What is written here holds constants, a time that was matched (SCHEDULE_FORM), the state folder if it is plain, and the hash of the
# kit: no text of the policy. They run a copy of the kit that only root can write, with an empty environment.

# Where timers are. A site of tests, or of the demo, has a folder of its own for them.
SCHEDULE_ETC=/etc SCHEDULE_SPOOL=/var/spool/cron SCHEDULE_RUN=/run/systemd/system
if [[ ${CVD_BACKUP_ETC-} == /* ]]; then
  SCHEDULE_ETC=$CVD_BACKUP_ETC SCHEDULE_SPOOL=$CVD_BACKUP_ETC/spool SCHEDULE_RUN=$CVD_BACKUP_ETC/run
fi

readonly UNIT_MARK='# Written by cvd-backup, and again when the policy changes: cvd-backup schedule'

# schedule_manager: REPLY = systemd or cron; empty if there is neither.
schedule_manager() {
  REPLY=''
  if [[ -d $SCHEDULE_RUN && -d $SCHEDULE_ETC/systemd/system ]]; then
    REPLY=systemd
  elif [[ -d $SCHEDULE_ETC/cron.d ]]; then
    REPLY=cron
  fi
}

# unit_name KIND: REPLY = the name of its units. Another state folder has others.
unit_name() {
  local hash=''
  if [[ $STATE != /var/lib/cvd-backup ]]; then
    hash=$(printf '%s' "$STATE" | sha256sum | cut -c1-8)-
    [[ $hash =~ ^[0-9a-f]{8}-$ ]] || hash=other-
  fi
  REPLY=cvd-backup-$hash$1
}

# schedule_command KIT ARGUMENT: REPLY = the command line of a unit, or of cron.
schedule_command() {
  local etc=''
  # What monitoring looks at must be what is installed here.
  [[ ! ${CVD_BACKUP_ETC-} =~ ^/[A-Za-z0-9._/-]+$ ]] || etc=" CVD_BACKUP_ETC=$CVD_BACKUP_ETC"
  REPLY="/usr/bin/env -i CVD_BACKUP_STATE=$STATE$etc /bin/bash --noprofile --norc $STATE/installed/$1/cvd-backup scheduled $2"
}

# unit_calendar SCHEDULE: REPLY = its line `OnCalendar=`. Hours one by one: systemd 252 fails, and switches the timer off, when 00/2 meets
# a midnight that the clocks leave out.
unit_calendar() {
  local days='*-*-*' hour hours=''
  REPLY=''
  [[ $1 =~ $SCHEDULE_FORM && $1 != off ]] || return 1
  case $1 in
    every*)
      REPLY=${1//[!0-9]/}
      [[ $REPLY =~ ^[1-9][0-9]?$ ]] || return 1
      for ((hour = 0; hour < 24; hour += REPLY)); do hours+=,$hour; done
      REPLY="OnCalendar=*-*-* ${hours#,}:00:00"
      return 0
      ;;
    daily*) ;;
    monthly*) days=${1#* } days="*-*-${days%% *}" ;;
    *) days=${1:0:3} days="${days^} *-*-*" ;;
  esac
  REPLY="OnCalendar=$days ${1##* }:00"
}

unit_timer() { # KIND SCHEDULE: REPLY = its timer
  local calendar
  unit_calendar "$2" || return 1
  calendar=$REPLY
  timer_text "$1" "$calendar" 'Persistent=true
AccuracySec=30s
RandomizedDelaySec=300s'
}

# due_timer: REPLY = a timer that looks once an hour for what is due and did not run: because the clocks left its time out, or its own
# timer is off. In UTC, where no hour is left out.
due_timer() { timer_text due 'OnCalendar=*-*-* *:20:00 UTC' 'AccuracySec=1min'; }

timer_text() { # KIND CALENDAR MORE: REPLY
  unit_name "$1"
  REPLY="$UNIT_MARK
[Unit]
Description=CVD backup on schedule: $1

[Timer]
$2
Unit=$REPLY.service
$3

[Install]
WantedBy=timers.target
"
}

unit_service() { # KIND KIT: REPLY = its service
  local quiet=''
  # Reading everything again may take as long as it likes. A backup may not: it can hold up writers, and it has the lock.
  [[ $1 != verify ]] || quiet=$'Nice=19\nIOSchedulingClass=idle\nCPUSchedulingPolicy=idle\n'
  if [[ $1 == due ]]; then schedule_command "$2" due; else schedule_command "$2" "$1 --timer"; fi
  REPLY="$UNIT_MARK
[Unit]
Description=CVD backup on schedule: $1
RequiresMountsFor=$STATE
After=local-fs.target time-sync.target cvd-backup-recover.service

[Service]
Type=oneshot
ExecStart=$REPLY
${quiet}StandardInput=null
UMask=0077
KillMode=mixed
IgnoreSIGPIPE=no
TimeoutStartSec=24h
TimeoutStopSec=180
"
}

# cron_lines KIT: REPLY = the file for cron: it looks every ten minutes what is due, as systemd would after the server was off. A line for
# each kind: a run that takes hours, or hangs, keeps no other kind from running.
cron_lines() {
  local machine='' minute=0 kind rows=''
  { read -r machine </etc/machine-id; } 2>/dev/null
  # Spread: not all servers at the same minute.
  [[ ! ${machine:0:1} =~ ^[0-9]$ ]] || minute=${machine:0:1}
  for kind in "${KINDS[@]}"; do
    kind_schedule "$kind"
    [[ $REPLY != off ]] || continue
    schedule_command "$1" "$kind --timer"
    rows+="$minute-59/10 * * * * root $REPLY"$'\n'
  done
  REPLY="$UNIT_MARK
SHELL=/bin/sh
MAILTO=\"\"
$rows"
}

# units_wanted MANAGER KIT: WANTED = path and text of each file that there should be, in turn; UNITS_ON = the timers.
WANTED=() UNITS_ON=()
units_wanted() {
  local kind name timer
  WANTED=() UNITS_ON=()
  schedule_kinds
  if [[ $1 == cron ]]; then
    unit_name schedule
    name=$REPLY
    cron_lines "$2"
    WANTED=("$SCHEDULE_ETC/cron.d/$name" "$REPLY")
    return
  fi
  for kind in "${KINDS[@]}" due; do
    if [[ $kind == due ]]; then
      due_timer
    else
      kind_schedule "$kind"
      [[ $REPLY != off ]] && unit_timer "$kind" "$REPLY" || continue
    fi
    timer=$REPLY
    unit_name "$kind"
    name=$REPLY
    UNITS_ON+=("$name.timer")
    unit_service "$kind" "$2"
    WANTED+=("$SCHEDULE_ETC/systemd/system/$name.service" "$REPLY" "$SCHEDULE_ETC/systemd/system/$name.timer" "$timer")
  done
}

# unit_is_ours FILE: status 0 if this kit wrote it, or there is none.
unit_is_ours() {
  local line=''
  [[ -e $1 || -L $1 ]] || return 0
  [[ -f $1 && ! -L $1 && -O $1 ]] && { IFS= read -r line <"$1"; } 2>/dev/null && [[ $line == "$UNIT_MARK" ]]
}

# units_here [clean]: UNITS_FOUND = the files of ours that there are, for any kind.
UNITS_FOUND=()
units_here() {
  local kind file
  UNITS_FOUND=()
  for kind in "${SCHEDULE_KINDS[@]}" due; do
    unit_name "$kind"
    for file in "$SCHEDULE_ETC/systemd/system/$REPLY".{timer,service}; do
      [[ ! -e $file ]] || ! unit_is_ours "$file" || UNITS_FOUND+=("$file")
    done
  done
  unit_name schedule
  # What a killed process left: the schedule is locked.
  ((EUID != 0)) || [[ ${1-} != clean ]] || rm -f -- "$SCHEDULE_ETC/cron.d/.$REPLY".new.*
  [[ ! -e $SCHEDULE_ETC/cron.d/$REPLY ]] || ! unit_is_ours "$SCHEDULE_ETC/cron.d/$REPLY" || UNITS_FOUND+=("$SCHEDULE_ETC/cron.d/$REPLY")
}

# units_changed: status 0 if the files are not those that they should be, or a timer is off: somebody changed them, or the policy was.
units_changed() {
  local index state
  units_wanted "$S_MANAGER" "$S_KIT"
  units_here
  ((${#UNITS_FOUND[@]} * 2 == ${#WANTED[@]})) || return 0
  for ((index = 0; index < ${#WANTED[@]}; index += 2)); do
    [[ $(cat -- "${WANTED[index]}" 2>/dev/null; printf .) == "${WANTED[index + 1]}." ]] || return 0
  done
  [[ $S_MANAGER == systemd ]] && ((${#UNITS_ON[@]} > 0)) || return 1
  while IFS= read -r state; do [[ $state == active ]] || return 0; done < <(systemctl is-active -- "${UNITS_ON[@]}" 2>/dev/null)
  return 1
}

# units_write MANAGER KIT: put the files in place, take those away that are not wanted any more, and switch the timers on. Status 1 if
# it did not work.
units_write() {
  local index file gone=() off=()
  units_wanted "$1" "$2"
  units_here clean
  for file in ${UNITS_FOUND[@]+"${UNITS_FOUND[@]}"}; do
    for ((index = 0; index < ${#WANTED[@]}; index += 2)); do [[ ${WANTED[index]} != "$file" ]] || continue 2; done
    gone+=("$file")
    [[ $file != *.timer ]] || off+=("${file##*/}")
  done
  for ((index = 0; index < ${#WANTED[@]}; index += 2)); do
    write_whole "${WANTED[index]}" "${WANTED[index + 1]}" && chmod 644 -- "${WANTED[index]}" || return 1
  done
  ((${#off[@]} == 0)) || systemctl --quiet disable --now -- "${off[@]}" >&2
  ((${#gone[@]} == 0)) || rm -f -- "${gone[@]}" || return 1
  [[ -d $SCHEDULE_RUN ]] || return 0
  systemctl daemon-reload >&2 || return 1
  [[ $1 == systemd ]] && ((${#UNITS_ON[@]} > 0)) || return 0
  systemctl --quiet enable -- "${UNITS_ON[@]}" >&2 && systemctl restart -- "${UNITS_ON[@]}" >&2
}

# units_remove: take all files of ours away. Status 1 if it did not work.
units_remove() {
  local file timers=()
  units_here clean
  for file in ${UNITS_FOUND[@]+"${UNITS_FOUND[@]}"}; do [[ $file != *.timer ]] || timers+=("${file##*/}"); done
  ((${#timers[@]} == 0)) || systemctl --quiet disable --now -- "${timers[@]}" >&2
  ((${#UNITS_FOUND[@]} == 0)) || rm -f -- "${UNITS_FOUND[@]}" || return 1
  [[ ! -d $SCHEDULE_RUN ]] || systemctl daemon-reload >&2
}
