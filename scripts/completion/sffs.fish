# Completion of sffs and sffs-auth for fish; orgs come from the config file, keys from the program.

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

complete -c sffs -f
complete -c sffs -n '__sffs_is_argument 0' -a '(sffs --orgs 2>/dev/null)' -d org
complete -c sffs -n '__sffs_is_argument 0' -a 'status doctor help' -d command
complete -c sffs -n '__sffs_is_argument 1; and __fish_seen_subcommand_from status doctor' -a '(sffs --orgs 2>/dev/null)' -d org
complete -c sffs -n '__sffs_is_argument 1; and not __fish_seen_subcommand_from status doctor' -a '(__fish_complete_directories)'
complete -c sffs -s f -l foreground -d 'stay in the foreground'
complete -c sffs -s d -d 'log every request of the kernel'
complete -c sffs -s o -x -a "(sffs --keys 2>/dev/null | string replace -r '^ *([a-z_]+=).*' '\$1')" -d 'a key of the config'
complete -c sffs -l config -rF -d 'the config file'
complete -c sffs -l log-level -x -a 'error warn info debug' -d 'what to log'
complete -c sffs -l json -d 'as JSON, with status and doctor'
complete -c sffs -l cache -d 'verify the cache, with doctor'
complete -c sffs -l keys -d 'the keys of the config'
complete -c sffs -l orgs -d 'the orgs of the config'
complete -c sffs -s h -l help -d 'a summary'
complete -c sffs -s V -l version -d 'the version'

complete -c sffs-auth -f
complete -c sffs-auth -n '__sffs_is_argument 0' -a 'login status token logout import'
complete -c sffs-auth -n '__sffs_is_argument 1' -a '(sffs --orgs 2>/dev/null)' -d org
complete -c sffs-auth -n '__fish_seen_subcommand_from import; and __sffs_is_argument 2' -F
complete -c sffs-auth -l config -rF -d 'the config file'
complete -c sffs-auth -n '__fish_seen_subcommand_from login' -l no-browser -d 'print the URL'
complete -c sffs-auth -n '__fish_seen_subcommand_from login' -l timeout -x -d 'how long a browser is waited for'
complete -c sffs-auth -n '__fish_seen_subcommand_from login' -l wait -d 'until a new app works'
complete -c sffs-auth -n '__fish_seen_subcommand_from login' -l setup -d 'how to make the app'
complete -c sffs-auth -n '__fish_seen_subcommand_from status' -l json -d 'as JSON'
complete -c sffs-auth -n '__fish_seen_subcommand_from status' -l limits -d 'ask the org, too'
complete -c sffs-auth -n '__fish_seen_subcommand_from logout' -l purge -d 'remove what is cached, too'
complete -c sffs-auth -n '__fish_seen_subcommand_from import' -l from-cli -x -d 'take the token from the Salesforce CLI'
