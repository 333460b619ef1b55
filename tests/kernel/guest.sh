# SPDX-License-Identifier: GPL-3.0-or-later
# For tests that run in a guest, read by them in the top folder: skips where that cannot be done, builds
# the module as build/kernel-test/rtpengine.ko, puts vmrun's options for the kernel in $@, and in $checks
# those that have its memory checked, where the kernel does not do so by itself.
#   KERNEL_DEBUG=FOLDER   the kernel that mkdebug has made there, instead of one in /boot
build=${BUILD:-build}
skip() {
	echo "1..0 # SKIP $1"
	exit 0
}
PATH=$PATH:/usr/sbin:/sbin
for tool in qemu-system-x86_64 busybox cpio depmod modprobe ip nft xz; do
	command -v $tool >/dev/null || skip "no $tool here"
done
if [ -n "${KERNEL_DEBUG:-}" ]; then
	headers=$KERNEL_DEBUG/build
	checks=''
	set -- -r "$KERNEL_DEBUG/root" -m 1024
else
	version=$(tests/kernel/version) || skip "no kernel in /boot that headers are installed of"
	headers=/lib/modules/$version/build
	checks=-D
	set -- -k "$version"
fi
make --no-print-directory kernel KDIR="$headers" KBUILD_OUT="$build/kernel-test" >&2
export VMRUN_CACHE="$build/vm"
