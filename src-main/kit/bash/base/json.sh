# --- JSON -------------------------------------------------------------------------------------------------------------

# json_string TEXT: REPLY = TEXT as a JSON string. Passes bytes above 127 unchanged; the reader decodes UTF-8 leniently.
json_string() {
  local text=$1 out='' char code i
  text=${text//\\/\\\\}
  text=${text//\"/\\\"}
  if [[ $text == *[[:cntrl:]]* ]]; then
    for ((i = 0; i < ${#text}; i++)); do
      char=${text:i:1}
      case $char in
        $'\n') out+='\n' ;;
        $'\t') out+='\t' ;;
        [[:cntrl:]])
          printf -v code '%04x' "'$char"
          out+="\\u$code"
          ;;
        *) out+=$char ;;
      esac
    done
    text=$out
  fi
  REPLY="\"$text\""
}

# json_object PAIR...: REPLY = a JSON object of `key=text` (a string) and `key:=json` (raw) arguments.
json_object() {
  local pair key value out=''
  for pair in "$@"; do
    key=${pair%%[:=]*}
    value=${pair#"$key"}
    if [[ $value == :=* ]]; then
      REPLY=${value#:=}
    else
      json_string "${value#=}"
    fi
    out+="${out:+,}\"$key\":$REPLY"
  done
  REPLY="{$out}"
}

# json_array JSON...: REPLY = an array of them.
json_array() {
  local IFS=,
  REPLY="[$*]"
}

# json_text_or_null TEXT: REPLY = TEXT as a JSON string, or null if it is empty.
json_text_or_null() {
  if [[ $1 == '' ]]; then REPLY=null; else json_string "$1"; fi
}

# ZERO_LED matches KEY=NUMBER with a leading zero, which the kit never writes. bash would read the number as octal, and abort
# at an 8 or 9; JSON does not allow it.
readonly ZERO_LED='^[A-Za-z]+=-?0[0-9]'
readonly WHOLE_NUMBER='^(0|[1-9][0-9]{0,14})$'

# json_number_or_null NUMBER: REPLY = NUMBER if it is a plain integer, else null.
json_number_or_null() {
  if [[ $1 =~ ^-?(0|[1-9][0-9]{0,17})$ ]]; then REPLY=$1; else REPLY=null; fi
}
