# PowerShell completion for rclone
Register-ArgumentCompleter -Native -CommandName rclone -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | Select-Object -Skip 1 | ForEach-Object { "$_" })
    if ($wordToComplete -eq '') { $words += '' }
    & $commandAst.CommandElements[0].Value __complete '--' @words 2>$null | ForEach-Object {
        $candidate, $help = $_ -split "`t", 2
        $help = if ($help) { $help } else { $candidate }
        [System.Management.Automation.CompletionResult]::new($candidate, $candidate, 'ParameterValue', $help)
    }
}
