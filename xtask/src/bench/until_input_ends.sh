# Arguments: a file for the process's id, the signal that ends it, the program, its arguments.
# Runs the program until it ends or standard input does, which comes also when whoever started us is killed.
id_file=$1 signal=$2
shift 2
exec 3<&0 </dev/null
# A measurement may hold thousands of connections.
ulimit -n "$(ulimit -H -n)"
rm -f "$id_file" "$id_file.asked"

"$@" 3<&- &
process=$!
echo "$process" >"$id_file"

{
    cat
    touch "$id_file.asked"
    # Asked first, and then no longer asked.
    kill -s "$signal" "$process"
    for _ in $(seq 200); do
        sleep 0.1
        kill -0 "$process" || exit
    done
    kill -s KILL "$process"
} <&3 >/dev/null 2>&1 &
watcher=$!

wait "$process"
if [ -e "$id_file.asked" ]; then
    wait "$watcher"
else
    kill "$watcher"
fi
