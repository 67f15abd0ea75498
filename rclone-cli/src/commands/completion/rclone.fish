# fish completion for rclone
function __rclone_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l found ($words[1] __complete -- $words[2..] 2>/dev/null)
    string join -- \n $found
    # A file of this machine, where it can be one.
    string match -qr -- '^-|:' $words[-1]; or set -q found[1]; or __fish_complete_path $words[-1]
end
complete -c rclone -f -a '(__rclone_complete)'
