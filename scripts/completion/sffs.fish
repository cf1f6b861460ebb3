# Completion of sffs and sffs-auth for fish; commands, keys and their values come from the programs.

function __sffs_is_argument -a number
    set -l words (commandline -opc)
    set -l n 0
    for i in (seq 2 (count $words))
        if not string match -q -- '-*' $words[$i]; and not contains -- $words[(math $i - 1)] -o --config --log-level --timeout --from-cli
            set n (math $n + 1)
        end
    end
    test $n -eq $number
end

# The commands of a help text.
function __sffs_commands
    $argv[1] --help 2>/dev/null | string match -rg '^  ([a-z]+) '
end

# After -o: the keys; after a key, its values. What stands before the last comma stays.
function __sffs_keys
    set -l token (commandline -ct)
    set -l done (string match -r '.*,' -- $token)
    for line in (sffs --keys 2>/dev/null | string match -rg '^  ([a-z_]+=[^ ]*)')
        set -l pair (string split -m 1 = $line)
        if not string match -q "$done*=*" -- $token
            echo "$done$pair[1]="
        else
            for value in (string split '|' $pair[2])
                string match -qr '[A-Z.]' $value; or echo "$done$pair[1]=$value"
            end
        end
    end
end

set -l on __fish_seen_subcommand_from
complete -c sffs -f
complete -c sffs -n '__sffs_is_argument 0' -a '(sffs --orgs 2>/dev/null)' -d org
complete -c sffs -n '__sffs_is_argument 0' -a '(__sffs_commands sffs)' -d command
complete -c sffs -n "__sffs_is_argument 1; and $on status doctor" -a '(sffs --orgs 2>/dev/null)' -d org
complete -c sffs -n "__sffs_is_argument 1; and $on help" -a '(__sffs_commands sffs)' -d command
complete -c sffs -n "__sffs_is_argument 1; and not $on status doctor help" -a '(__fish_complete_directories)'
complete -c sffs -n "not $on unmount status doctor help" -s f -l foreground -d 'stay in the foreground'
complete -c sffs -n "not $on unmount status doctor help" -s d -d 'log every request of the kernel'
complete -c sffs -n "not $on unmount status help" -s o -x -a '(__sffs_keys)' -d 'a key of the config'
complete -c sffs -l config -rF -d 'the config file'
complete -c sffs -l log-level -x -a 'error warn info debug' -d 'what to log'
complete -c sffs -n "$on status doctor" -l json -d 'as JSON'
complete -c sffs -n "$on status" -l metrics -d 'as OpenMetrics'
complete -c sffs -n "$on doctor" -l cache -d 'verify the cache'
complete -c sffs -n '__sffs_is_argument 0' -l keys -d 'the keys of the config'
complete -c sffs -n '__sffs_is_argument 0' -l orgs -d 'the orgs of the config'
complete -c sffs -s h -l help -d 'how it is used'
complete -c sffs -n '__sffs_is_argument 0' -s V -l version -d 'the version'

complete -c sffs-auth -f
set -l commands setup login status list token logout import
complete -c sffs-auth -n '__sffs_is_argument 0' -a "$commands help"
complete -c sffs-auth -n '__sffs_is_argument 1; and __fish_seen_subcommand_from help' -a "$commands"
complete -c sffs-auth -n '__sffs_is_argument 1; and not __fish_seen_subcommand_from help list' -a '(sffs --orgs 2>/dev/null)' -d org
complete -c sffs-auth -n '__fish_seen_subcommand_from import; and __sffs_is_argument 2' -F
complete -c sffs-auth -l config -rF -d 'the config file'
complete -c sffs-auth -s h -l help -d 'what a command does'
complete -c sffs-auth -n '__fish_seen_subcommand_from login' -l no-browser -d 'print the URL'
complete -c sffs-auth -n '__fish_seen_subcommand_from login' -l timeout -x -d 'how long a browser is waited for'
complete -c sffs-auth -n '__fish_seen_subcommand_from login' -l wait -d 'until a new app works'
complete -c sffs-auth -n '__fish_seen_subcommand_from status list' -l json -d 'as JSON'
complete -c sffs-auth -n '__fish_seen_subcommand_from status' -l limits -d 'ask the org, too'
complete -c sffs-auth -n '__fish_seen_subcommand_from logout' -l purge -d 'remove what is cached, too'
complete -c sffs-auth -n '__fish_seen_subcommand_from import' -l from-cli -x -d 'take the token from the Salesforce CLI'
