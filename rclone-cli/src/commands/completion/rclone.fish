# fish completion for rclone
function __rclone_complete
    set -l words (commandline -opc) (commandline -ct)
    $words[1] __complete -- $words[2..] 2>/dev/null
end
complete -c rclone -a '(__rclone_complete)'
