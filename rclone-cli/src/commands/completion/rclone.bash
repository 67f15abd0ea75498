# bash completion for rclone
_rclone() {
    local line=${COMP_LINE:0:COMP_POINT} words current found candidate kept
    read -ra words <<<"$line"
    [[ $line == *[[:space:]] ]] && words+=("")
    current=${words[-1]}
    # What bash takes for words of their own ends at a colon or an equals sign.
    kept=${current%"${current##*[:=]}"}
    COMPREPLY=()
    while IFS=$'\t' read -r candidate found; do
        [[ $candidate == *[:/=] ]] && compopt -o nospace 2>/dev/null
        printf -v candidate %q "${candidate#"$kept"}"
        COMPREPLY+=("$candidate")
    done < <("${words[0]}" __complete -- "${words[@]:1}" 2>/dev/null)
    [[ ${#COMPREPLY[@]} -gt 0 || $current == *:* || $current == -* ]] || compopt -o default 2>/dev/null
}
complete -F _rclone rclone
