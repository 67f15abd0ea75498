#compdef rclone
_rclone() {
    local line candidate
    local -a closed open
    for line in "${(@f)$(${words[1]} __complete -- "${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
        candidate=${line%%$'\t'*}
        [[ -z $candidate ]] && continue
        if [[ $candidate == *[:/=] ]]; then open+=("$candidate"); else closed+=("$candidate"); fi
    done
    compadd -S '' -a open
    compadd -a closed
    (( ${#open} + ${#closed} )) || [[ ${words[CURRENT]} == *:* ]] || _files
}
if [ "$funcstack[1]" = _rclone ]; then _rclone "$@"; else compdef _rclone rclone; fi
