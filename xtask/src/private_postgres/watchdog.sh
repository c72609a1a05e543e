# Arguments: the cluster's folder, the folder of PostgreSQL's programs, the port.
# Runs a cluster until standard input ends, then stops it and removes the folder.
folder=$1 programs=$2 port=$3
exec 3<&0 </dev/null

finish() {
    touch "$folder/stopped"
    cat <&3 >/dev/null
    rm -rf "$folder"
    exit
}

"$programs/initdb" -D "$folder/data" -U waifu -A trust -E UTF8 --no-locale --no-sync \
    >"$folder/log" 2>&1 3<&- || finish

# Nothing here has to outlive a crash of the machine, so nothing waits for the disk.
"$programs/postgres" -D "$folder/data" -k "$folder" -p "$port" -c listen_addresses= \
    -c max_connections=200 -c shared_buffers=64MB \
    -c fsync=off -c full_page_writes=off -c synchronous_commit=off \
    >>"$folder/log" 2>&1 3<&- &
server=$!

# Asks more than once: a server that has only just been forked may not hear it the first time.
{
    cat
    while kill -QUIT "$server"; do sleep 0.1; done
} <&3 >/dev/null 2>&1 &
watcher=$!

wait "$server"
kill "$watcher"
finish
