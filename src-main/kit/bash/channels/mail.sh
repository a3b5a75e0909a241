# --- Mail: headers that no text can leave, and the programs of the server that send it ------------------------------------------------

# mail_words TEXT: REPLY = TEXT as a header may have it: as it is if it is ASCII, else in words of RFC 2047.
mail_words() {
  local text=$1 part out='' at=0 length
  if [[ $text != *[!\ -~]* && $text != *'=?'* ]]; then
    REPLY=$text
    return
  fi
  while ((at < ${#text})); do
    length=42
    # Not within a character.
    while ((at + length < ${#text} && length > 36)) && [[ ${text:at+length:1} == [$'\x80'-$'\xbf'] ]]; do length=$((length - 1)); done
    part=$(printf '%s' "${text:at:length}" | base64 -w 0)
    out+="${out:+ }=?UTF-8?B?$part?="
    at=$((at + length))
  done
  REPLY=$out
}

# mail_message: REPLY = the message for CHANNEL, with its headers, on lines that end with a line break.
mail_message() {
  local head='' now id
  [[ ${CHANNEL[from]-} == '' ]] || head="From: CVD backup <${CHANNEL[from]}>"$'\n'
  head+="To: ${CHANNEL[to]//,/, }"$'\n'
  mail_words "$M_SUBJECT"
  # A header has lines of at most 78 characters where it can.
  head+="Subject: ${REPLY//?= =?/?=$'\n' =?}"$'\n'
  printf -v now '%(%a, %d %b %Y %H:%M:%S %z)T' -1
  now_ms
  id=$REPLY.$BASHPID.$RANDOM$RANDOM
  message_host
  head+="Date: $now"$'\n'"Message-ID: <$id@${REPLY//[!A-Za-z0-9.-]/-}>"$'\n'
  head+=$'MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\nAuto-Submitted: auto-generated\n\n'
  message_body
  mail_fold "$REPLY"
  REPLY=$head$REPLY
}

# mail_fold TEXT: REPLY = TEXT with lines of at most 900 bytes: a mail server may refuse more than 998.
mail_fold() {
  local rest=$1 out='' line
  while [[ $rest != '' ]]; do
    line=${rest%%$'\n'*} rest=${rest#*$'\n'}
    while ((${#line} > 900)); do
      out+=${line:0:900}$'\n'
      line=${line:900}
    done
    out+=$line$'\n'
  done
  REPLY=$out
}

# mail_plain TEXT: REPLY = TEXT without lines that a program `mail` obeys: those that begin with ~, and a dot.
mail_plain() {
  REPLY=$'\n'$1
  REPLY=${REPLY//$'\n~'/$'\n ~'}
  REPLY=${REPLY//$'\n.'/$'\n .'}
  REPLY=${REPLY#$'\n'}
}

# mail_program NAME: REPLY = the program of that name that only root can have put there; status 1 if there is none.
mail_program() {
  local path
  path=$(type -P "$1") && real_path "$path" || return 1
  path=$REPLY
  ((EUID == 0)) || { REPLY=$path; return 0; }
  path_owner "$path"
  [[ $REPLY == '0 0' && -f $path && $(find "$path" -maxdepth 0 -perm /022 -print -quit) == '' ]] || return 1
  REPLY=$path
}

# mail_send: send it by sendmail, or by mail where there is no sendmail. REPLY = why it was not taken, or empty.
mail_send() {
  local message program said=/dev/null status words=()
  mail_message
  message=$REPLY
  if mail_program sendmail; then
    program=$REPLY words=(-t -oi)
    [[ ${CHANNEL[from]-} == '' ]] || words+=(-f "${CHANNEL[from]}")
  elif mail_program mail; then
    mail_words "$M_SUBJECT"
    program=$REPLY words=(-s "$REPLY")
    mail_program mail
    program=$REPLY message=${message#*$'\n\n'}
    mail_plain "$message"
    message=$REPLY
    mail_recipients
    words+=("${RECIPIENTS[@]}")
  else
    channel_words no-mailer
    return
  fi
  # What it says goes to a file: whatever delivers in the background may keep a pipe open.
  { : >"$STATE/channels/.said.new.$BASHPID"; } 2>/dev/null && said=$STATE/channels/.said.new.$BASHPID
  # As root: a sendmail has to write its queue.
  printf '%s' "$message" 2>/dev/null | (
    cd /
    drop_descriptors
    exec timeout --signal=KILL "$MAILER_SECONDS" env -i PATH="$PATH" LC_ALL=C HOME=/nonexistent MAILRC=/dev/null "$program" "${words[@]}" >"$said" 2>&1
  )
  status=${PIPESTATUS[1]}
  message=$(head -c 2000 -- "$said" | tr -d '\0')
  [[ $said == /dev/null ]] || rm -f -- "$said"
  REPLY=''
  case $status in
    0) return ;;
    137) channel_words mailer-slow "${program##*/}" ;;
    *)
      message_plain "${message:0:300}"
      channel_words mailer "${program##*/}" "${REPLY:-it ended with $status}"
      ;;
  esac
}

readonly MAILER_SECONDS=30

RECIPIENTS=()
mail_recipients() {
  local rest=${CHANNEL[to]},
  RECIPIENTS=()
  while [[ $rest != '' ]]; do
    RECIPIENTS+=("${rest%%,*}")
    rest=${rest#*,}
  done
}

# smtp_send: send it by the mail server of CHANNEL. REPLY = why it was not taken, or not for everybody, or empty. A server that refuses one
# recipient would keep all others from it, so each gets it alone then.
smtp_send() {
  local config first why='' one left refused=() words=() end=$((SECONDS + SMTP_SECONDS))
  smtp_config
  config=$W_CONFIG
  mail_recipients
  smtp_request "${RECIPIENTS[@]}"
  first=$REPLY
  ((SMTP_REFUSED && ${#RECIPIENTS[@]} > 1)) || return 0
  for one in "${RECIPIENTS[@]}"; do
    left=$((end - SECONDS)) W_CONFIG=$config
    if ((left > 0)); then smtp_request "$one"; else channel_words slow; fi
    if [[ $REPLY == '' ]]; then
      CHANNEL_PART=yes
    else
      refused+=("$one") why=$REPLY
    fi
  done
  REPLY=$first
  [[ $CHANNEL_PART == yes ]] || return 0
  REPLY=''
  ((${#refused[@]} > 0)) || return 0
  words=("${refused[@]:0:3}")
  ((${#refused[@]} <= 3)) || words+=("$((${#refused[@]} - 3)) more")
  printf -v one '%s, ' "${words[@]}"
  channel_words recipients "${one%, }" "$why"
}
readonly SMTP_SECONDS=40

# smtp_request RECIPIENT...: ask with W_CONFIG and W_BODY, for `left` seconds at most. REPLY = why it was not taken, or empty; SMTP_REFUSED = 1
# if that was because of a recipient.
SMTP_REFUSED=0
smtp_request() {
  local one
  for one in "$@"; do
    config_line mail-rcpt "$one"
    W_CONFIG+=$REPLY
  done
  channel_request smtp "${left-}"
  SMTP_REFUSED=0
  [[ $REPLY != *'RCPT failed: '* ]] || SMTP_REFUSED=1
  smtp_words "$REPLY"
}

# smtp_config: W_CONFIG and W_BODY = the message for CHANNEL, without its recipients.
smtp_config() {
  local scheme=smtp
  [[ ${CHANNEL[tls]} != tls ]] || scheme=smtps
  config_line url "$scheme://${CHANNEL[host]}:${CHANNEL[port]}"
  W_CONFIG=$REPLY
  [[ ${CHANNEL[tls]} == none ]] || W_CONFIG+=$'ssl-reqd\n'
  if [[ ${CHANNEL[user]-} != '' ]]; then
    config_line user "${CHANNEL[user]}:${CHANNEL[password]}"
    W_CONFIG+=$REPLY
  fi
  config_line mail-from "${CHANNEL[from]}"
  W_CONFIG+=$REPLY
  mail_message
  W_BODY=${REPLY//$'\n'/$'\r\n'}
}
