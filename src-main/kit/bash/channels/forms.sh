# --- Channels: how alerts leave the server ------------------------------------------------------------------------------------
#
# A channel is a file STATE/channels/NAME that only root can read: `form=FORM` first, then KEY=VALUE, then `end`, without which it is
# torn. Addresses of webhooks and passwords are secrets: no message, event, argument or record has them.
#
#   mail     sendmail or mail of this server: to, from
#   smtp     a mail server: host, port, tls, user, password, from, to
#   webhook  a request of HTTP: url, preset, header and secret (its value), watch

declare -A CHANNEL=() # the values of one channel
readonly CHANNEL_NAMES='^[a-z][a-z0-9-]{0,30}$'
readonly CHANNELS_MOST=20
readonly CHANNEL_ADDRESS='^[A-Za-z0-9][A-Za-z0-9._+=%-]{0,63}@[A-Za-z0-9]([A-Za-z0-9.-]{0,200}[A-Za-z0-9])?$'
readonly CHANNEL_USER='^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'
readonly CHANNEL_HOST='^([A-Za-z0-9]([A-Za-z0-9.-]{0,200}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])$'
# SCHEME :// USER:PASSWORD@ HOST :PORT /PATH ?QUERY. No backslash before the host: programs do not agree what it means.
readonly CHANNEL_URL='^(https?)://([^]/?#@[]+@)?([A-Za-z0-9]([A-Za-z0-9.-]{0,200}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(:[1-9][0-9]{0,4})?(/[^?#]*)?(\?[^#]*)?$'

# channel_keys FORM: REPLY = the keys that it may have; empty if there is no such form.
channel_keys() {
  case $1 in
    mail) REPLY='level to from' ;;
    smtp) REPLY='level host port tls user password from to' ;;
    webhook) REPLY='level url preset header secret watch' ;;
    *) REPLY='' ;;
  esac
}

# channel_secret KEY: status 0 if its value is a secret.
channel_secret() { [[ $1 == password || $1 == url || $1 == secret ]]; }

# channel_problem FORM KEY VALUE: REPLY = what is wrong with the value, or empty. Says nothing of a secret but that.
channel_problem() {
  local form=$1 key=$2 value=$3
  channel_keys "$form"
  [[ $key =~ ^[a-z]{1,20}$ && " $REPLY " == *" $key "* ]] || { REPLY="a channel of the form $form has: $REPLY"; return; }
  REPLY=''
  [[ $value != *[[:cntrl:]]* ]] && ((${#value} <= 2000)) || { REPLY="$key: one line of at most 2000 bytes, without control characters"; return; }
  [[ $value != '' ]] || return 0
  case $key in
    level) [[ $value == all || $value == errors ]] || REPLY="level: all or errors, not '$value'" ;;
    to) channel_recipients_problem "$form" "$value" ;;
    from) [[ $value =~ $CHANNEL_ADDRESS ]] || REPLY="from: one mail address, not '$value'" ;;
    host) [[ $value =~ $CHANNEL_HOST ]] || REPLY="host: the name or address of a mail server, not '$value'" ;;
    port) [[ $value =~ ^[1-9][0-9]{0,4}$ ]] && ((value <= 65535)) || REPLY="port: a number up to 65535, not '$value'" ;;
    tls) [[ $value == starttls || $value == tls || $value == none ]] || REPLY="tls: starttls, tls or none, not '$value'" ;;
    # curl would take what follows as the password, or as options.
    user) [[ $value != *[:\;]* ]] || REPLY='user: without colon and semicolon' ;;
    url)
      [[ $value =~ $CHANNEL_URL && $value != *[!\!-~]* && $value != *\\* ]] ||
        REPLY='url: http:// or https:// with a host, without blanks, fragment or backslash, other characters as %XX; a name in Unicode as xn--'
      ;;
    preset)
      [[ $value =~ ^(json|slack|teams|ntfy|healthchecks)$ ]] || REPLY="preset: json, slack, teams, ntfy or healthchecks, not '$value'"
      ;;
    header)
      [[ $value =~ ^[A-Za-z][A-Za-z0-9-]{0,63}$ && ! ${value,,} =~ ^(host|connection|content-.*|transfer-encoding|expect|upgrade|te|trailer|title|priority|tags)$ ]] ||
        REPLY="header: the name of a header, such as Authorization, not '$value'"
      ;;
    watch) channel_watchable "$value" || REPLY="watch: what the schedule runs, such as database, not '$value'" ;;
  esac
}

# channel_watchable KIND: status 0 if the schedule has it.
channel_watchable() {
  local kind=$1
  [[ $kind =~ ^[a-z]{1,20}$ && $kind != wait && $kind != paused ]] || return 1
  kind=schedule_$kind
  [[ $kind =~ ^[a-z_]{1,40}$ && ${POLICY[$kind]+known} == known ]]
}

channel_recipients_problem() { # FORM VALUE
  local form=$1 rest=$2, one count=0
  while [[ $rest != '' ]]; do
    one=${rest%%,*} rest=${rest#*,} count=$((count + 1))
    [[ $one =~ $CHANNEL_ADDRESS || ($form == mail && $one =~ $CHANNEL_USER) ]] && ((count <= 20)) ||
      { REPLY="to: at most 20 mail addresses, with commas between them, not '$2'"; return; }
  done
}

# channel_incomplete: REPLY = what CHANNEL lacks, or what does not go together; empty if it is whole.
channel_incomplete() {
  local key needed=''
  REPLY=''
  case ${CHANNEL[form]-} in
    mail) needed='to' ;;
    smtp) needed='host from to' ;;
    webhook) needed='url' ;;
    *) REPLY='its form is not known'; return ;;
  esac
  for key in to from host url; do
    [[ " $needed " != *" $key "* || ${CHANNEL[$key]-} != '' ]] || { REPLY="$key is missing"; return; }
  done
  if [[ ${CHANNEL[user]-} != '' && ${CHANNEL[password]-} == '' ]]; then
    REPLY='password is missing'
  elif [[ ${CHANNEL[password]-} != '' && ${CHANNEL[user]-} == '' ]]; then
    REPLY='user is missing'
  elif [[ ${CHANNEL[password]-} != '' && ${CHANNEL[tls]-} == none ]] && ! channel_here "${CHANNEL[host]}"; then
    REPLY='tls=none would send the password for everybody to read: only to this server itself (localhost)'
  elif [[ ${CHANNEL[header]-} != '' && ${CHANNEL[secret]-} == '' ]]; then
    REPLY='secret, the value of the header, is missing'
  elif [[ ${CHANNEL[secret]-} != '' && ${CHANNEL[header]-} == '' ]]; then
    REPLY='header, the name of the header for the secret, is missing'
  elif [[ ${CHANNEL[preset]-} == healthchecks && ${CHANNEL[watch]-} == '' ]]; then
    REPLY='watch, the kind of run that is reported, is missing'
  elif [[ ${CHANNEL[preset]-} != healthchecks && ${CHANNEL[watch]-} != '' ]]; then
    REPLY='watch is for preset=healthchecks only'
  fi
}

# channel_here HOST: status 0 if that is this server itself.
channel_here() { [[ $1 == localhost || $1 =~ ^127\.[0-9.]+$ || $1 == '[::1]' ]]; }

# channel_origin URL: REPLY = its scheme, host and port: what may be shown.
channel_origin() {
  REPLY=''
  [[ ! $1 =~ $CHANNEL_URL ]] || REPLY=${BASH_REMATCH[1]}://${BASH_REMATCH[3]}${BASH_REMATCH[5]}
}

# channel_to: REPLY = who gets the messages of CHANNEL: what may be shown.
channel_to() {
  REPLY=${CHANNEL[to]-}
  [[ ${CHANNEL[form]-} != webhook ]] || channel_origin "${CHANNEL[url]-}"
}
