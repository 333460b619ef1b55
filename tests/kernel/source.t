#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The module's source: built anew with all warnings and by sparse, and read by the kernel's checkpatch,
# none of which may say anything.
#   CHECKPATCH=FILE      checkpatch.pl; else that of the headers, or of KERNEL_SOURCE
#   KERNEL_SOURCE=FILE   an archive of a kernel's source
set -eu
cd "$(dirname "$0")/../.."
build=${BUILD:-build}
out=$build/kernel-source
PATH=$PATH:/usr/sbin:/sbin
version=$(tests/kernel/version) || {
	echo "1..0 # SKIP no kernel in /boot that headers are installed of"
	exit 0
}
headers=/lib/modules/$version/build
status=0

# NAME FILE: what a tool said, of which nothing should be left.
result() {
	number=$((number + 1))
	if [ -s "$2" ]; then
		head -40 "$2" | sed 's/^/# /'
		printf 'not '
		status=1
	fi
	echo "ok $number - $1"
}

# Where checkpatch.pl is; nothing: nowhere.
find_checkpatch() {
	archive=${KERNEL_SOURCE:-/usr/src/linux-source-6.1.tar.xz}
	for file in "${CHECKPATCH:-}" "$headers/scripts/checkpatch.pl" "$build/checkpatch.pl"; do
		[ -r "$file" ] && echo "$file" && return
	done
	[ -r "$archive" ] || return 0
	name=$(basename "$archive" .tar.xz)/scripts/checkpatch.pl
	tar xOf "$archive" --occurrence=1 "$name" >"$build/checkpatch.new" 2>/dev/null || return 0
	mv "$build/checkpatch.new" "$build/checkpatch.pl"
	echo "$build/checkpatch.pl"
}

number=0
sparse=C=2
command -v sparse >/dev/null || sparse=
rm -rf "$out"
mkdir -p "$out"
echo 1..2
make --no-print-directory kernel KDIR="$headers" KBUILD_OUT="$out" $sparse >"$out/said" 2>&1 ||
	echo 'make: failed' >>"$out/said"
grep -Ev '^  [A-Z]+ |^Skipping BTF|^make.*: (Entering|Leaving) directory' "$out/said" >"$out/left" || true
result "built without a warning${sparse:+, sparse finds nothing}" "$out/left"

checkpatch=$(find_checkpatch)
if [ -z "$checkpatch" ] || ! command -v perl >/dev/null; then
	echo 'ok 2 - checkpatch finds nothing # SKIP no checkpatch.pl here: CHECKPATCH='
	exit $status
fi
perl "$checkpatch" --no-tree --terse -f --ignore LINUX_VERSION_CODE,CONSTANT_COMPARISON \
	kernel/*.[ch] kernel/*/*.[ch] >"$out/left" 2>/dev/null || true
result 'checkpatch finds nothing' "$out/left"
exit $status
