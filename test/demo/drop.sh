#!/bin/sh
# Drops task files into a spool by hand: nothing but cp, mv and cat.
# usage: drop.sh TASKS OUTBOX   (two folders on one file system, so that mv is one rename)
set -eu
tasks=$1
outbox=$2
mkdir -p "$tasks" "$outbox"

# A task for photograph $1.
task() {
  cat <<END
{
  "source": "photographs/$1.jpg",
  "outputs": [
    { "file": "print/$1-wall.jpg", "width": 1600, "height": 1600, "fit": "inside" },
    { "file": "print/$1-web.webp", "width": 640, "height": 640, "fit": "inside" },
    { "file": "print/$1-frame.jpg", "width": 400, "height": 300, "fit": "cover" }
  ],
  "supplicant": "drop.sh, by hand",
  "summary": "prints of photograph ${1#0}"
}
END
}

# The first half of a task: the rest comes at the end, and nobody may run it before.
task 12 > "$outbox/slow.json"
dd if="$outbox/slow.json" of="$tasks/slow.json" bs=180 count=1 2> /dev/null
echo "began slow.json"

# A number of its own, and two other ways to write one.
task 07 > "$outbox/101.json"
cp "$outbox/101.json" "$tasks/101.json"
echo "cp 101.json"
task 08 > "$outbox/0102.json"
mv "$outbox/0102.json" "$tasks/0102.json"
echo "mv 0102.json"
task 09 > "$outbox/103"
mv "$outbox/103" "$tasks/103"
echo "mv 103"

# No number: the spool gives the next one.
task 10 > "$outbox/moon.json"
cp "$outbox/moon.json" "$tasks/moon.json"
echo "cp moon.json"
task 11 > "$outbox/in may.json"
mv "$outbox/in may.json" "$tasks/in may.json"
echo "mv in may.json"

# JSON, but no task.
cat > "$outbox/misspelt.json" <<END
{
  "source": "photographs/01.jpg",
  "outputs": [{ "file": "print/01.jpg", "widht": 800, "fit": "insde" }],
  "supplicent": "drop.sh, by hand"
}
END
mv "$outbox/misspelt.json" "$tasks/misspelt.json"
echo "mv misspelt.json"

# No JSON at all.
echo "remember to water the plants" > "$tasks/note.json"
echo "cat note.json"

# Longer than a whole drop must lie before it is taken, shorter than a half-written one may lie.
sleep 2
tail -c +181 "$outbox/slow.json" >> "$tasks/slow.json"
echo "ended slow.json"
