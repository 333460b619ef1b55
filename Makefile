# SPDX-License-Identifier: GPL-3.0-or-later
#
# One build for everything in user space: daemon, tools, tests, load kit. Sources are found by
# folder. `make help` lists what can be made.
#
#   make [BUILD=folder] [CFLAGS=…] [CC=…] [VERSION=…] [V=1]

BUILD   ?= build
VERSION ?= 0.1.0
CFLAGS  ?= -O2 -g
ifeq ($(origin CC),default)
CC := gcc
endif
PREFIX     ?= /usr/local
SYSCONFDIR ?= /etc
DESTDIR    ?=
JOBS       ?= $(shell nproc 2>/dev/null || echo 2)
FUZZ_SECS  ?= 10
FUZZ_SEED  ?= 1
ROUNDS     ?= 3

# What the daemon links. Looked up when first needed, since `make deps` may still have to run.
PKGS       := glib-2.0 openssl libsrtp2
PKG_CFLAGS  = $(eval PKG_CFLAGS := $$(shell pkg-config --cflags $(PKGS) 2>/dev/null))$(PKG_CFLAGS)
PKG_LIBS    = $(eval PKG_LIBS := $$(shell pkg-config --libs $(PKGS) 2>/dev/null))$(PKG_LIBS)

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes
# SANITIZE and WERROR are set by the targets below that build into folders of their own.
ALL_CFLAGS = -std=gnu11 -D_GNU_SOURCE -Icore -I. $(WARNINGS) $(if $(WERROR),-Werror) \
	-DRTPENGINE_VERSION=\"$(VERSION)\" $(PKG_CFLAGS) -pthread $(CFLAGS) $(SANITIZE)
ALL_LDFLAGS = -pthread -Wl,--as-needed $(LDFLAGS) $(SANITIZE)

# ---- sources ----

TOOL_SRC := $(wildcard core/tools/*.c)
CORE_SRC := $(filter-out core/main.c $(TOOL_SRC),$(wildcard core/*.c core/*/*.c))
MOCK_SRC := $(wildcard tests/mock/*.c)
UNIT_SRC := $(wildcard tests/unit/*.c)
FLOW_SRC := $(wildcard tests/flow/*.c)
AUDIO_SRC := $(wildcard tests/audio/*.c)
FUZZ_SRC := $(wildcard tests/fuzz/*.c)
KTEST_SRC := $(wildcard tests/kernel/*.c)
PERF_SRC := $(wildcard tests/perf/src/*.c)

# A plugin is one file, or a folder of its name; it becomes plugins/NAME.so beside the daemon.
# Those that need more than GLib have a line here with their packages: PKGS_name := package …
PKGS_amr        := opencore-amrnb opencore-amrwb vo-amrwbenc
PKGS_avformat   := libavformat libavcodec libswresample libavutil
PKGS_compressed := libavformat libavcodec libavutil
PKGS_avcodec    := libavcodec libavutil
PKGS_dtmf       := spandsp
PKGS_g729       := libbcg729
PKGS_gsm        := libavcodec libavutil spandsp
PKGS_ilbc       := libavcodec libavutil
PKGS_mysql      := libmariadb
PKGS_opus       := opus
PKGS_swresample := libswresample libavutil
PLUGIN_FILES   := $(wildcard codecs/*.c plugins/*/*.c recording/*.c)
PLUGIN_FOLDERS := $(patsubst %/,%,$(sort $(dir $(wildcard codecs/*/*.c plugins/*/*/*.c))))
lacks_package   = $(if $(PKGS_$(1)),$(shell pkg-config --exists $(PKGS_$(1)) || echo yes))
usable = $(foreach p,$(1),$(if $(call lacks_package,$(basename $(notdir $(p)))),$(info plugin \
	$(basename $(notdir $(p))) left out: $(PKGS_$(basename $(notdir $(p)))) not installed),$(p)))
PLUGIN_PARTS   := $(call usable,$(PLUGIN_FILES) $(PLUGIN_FOLDERS))
PLUGIN_SRC     := $(filter %.c,$(PLUGIN_PARTS)) \
	$(foreach f,$(filter-out %.c,$(PLUGIN_PARTS)),$(wildcard $(f)/*.c))
# What loading must survive, and what plugins get of the core.
BROKEN_SRC     := $(wildcard tests/plugins/*.c)
# A plugin's unit test is called FOLDER_NAME.c after it, and left out with it.
PLUGINS_LACKING := $(filter-out $(basename $(notdir $(PLUGIN_PARTS))),\
	$(basename $(notdir $(PLUGIN_FILES) $(PLUGIN_FOLDERS))))
UNIT_SRC := $(filter-out $(foreach p,$(PLUGINS_LACKING),tests/unit/codec_$(p).c tests/unit/player_$(p).c),\
	$(UNIT_SRC))
HELPER_SRC     := core/base/arena.c core/base/dict.c

objects = $(patsubst %.c,$(BUILD)/%.o,$(1))
DAEMON  := $(BUILD)/rtpengine
TOOLS   := $(TOOL_SRC:core/tools/%.c=$(BUILD)/%)
CODEC_NAMES := $(basename $(notdir $(filter codecs/% plugins/dsp/%,$(PLUGIN_PARTS))))
PLUGINS := $(patsubst %,$(BUILD)/plugins/%.so,$(basename $(notdir $(PLUGIN_PARTS))))
BROKEN  := $(BROKEN_SRC:%.c=$(BUILD)/%.so)
UNIT    := $(UNIT_SRC:%.c=$(BUILD)/%)
FLOW    := $(if $(FLOW_SRC),$(BUILD)/tests/flow/flow)
FUZZ    := $(FUZZ_SRC:%.c=$(BUILD)/%)
AUDIO   := $(BUILD)/tests/audio/endpoint
KTEST   := $(BUILD)/tests/kernel
KTESTS  := $(addprefix $(KTEST)/,forward race daemon load cost)
# Executable ones are tests; files beside them that are not executable are their modules.
executables = $(if $(wildcard $(1)),$(sort $(shell find $(wildcard $(1)) -maxdepth 0 -type f -perm -u+x)))
DAEMON_TESTS := $(call executables,tests/daemon/*.t tests/daemon/*.py)
# Nothing in these is measured or heard: they run beside others. The rest has the machine for itself.
CONTROL_TESTS := $(filter $(addprefix tests/daemon/,calls.t calls_steered.t firewall.t startup.t \
	privileges.t process.t),$(DAEMON_TESTS))
STEERED_TESTS := $(foreach t,$(filter-out %_steered.t,$(DAEMON_TESTS)),\
	$(if $(wildcard $(t:.t=_steered.t)),,$(t)))
AUDIO_TESTS  := $(call executables,tests/audio/*.t)
AUDIO_LONG   := $(call executables,tests/audio/long/*.t)
SOAK_TESTS   := $(call executables,tests/soak/*.t)
PEER_TESTS   := $(call executables,tests/peers/*.t tests/peers/*/run)
CHECKS       := $(addprefix tests/check/,layers headers names docs)

# ---- building ----

Q   := $(if $(V),,@)
say  = $(if $(V),,@printf '  %-5s %s\n' $(1) $(@:$(BUILD)/%=%))
# Several at a time, unless the caller chose a number himself.
SUB  = $(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(JOBS))
# A file that is as old as its text: what depends on it is made anew when the text changes.
write_if_changed = @mkdir -p $(@D); printf '%s\n' '$(1)' | cmp -s - $@ || printf '%s\n' '$(1)' > $@

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:
.PHONY: FORCE all tests help run demo demo-webrtc check lint format asan ubsan tsan fuzz audio soak perf \
	perf-smoke perf-kit peers steered check-all deps deps-all docs install clean run-suites compile-all fuzz-bins

all: $(DAEMON) $(TOOLS) $(PLUGINS)
tests: $(UNIT) $(FLOW) $(BROKEN) $(AUDIO)
fuzz-bins: $(FUZZ)

$(BUILD)/flags: FORCE
	@pkg-config --exists $(PKGS) || { echo "libraries are missing: make deps" >&2; exit 1; }
	$(call write_if_changed,$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS))

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(ALL_CFLAGS) $(if $(filter tests/%,$<),-Itests) $(OWN_CFLAGS) \
		$(if $(filter tests/perf/%,$<),$(PERF_DEFS)) -MMD -MP -c -o $@ $<

$(BUILD)/core.list: FORCE
	$(call write_if_changed,$(CORE_SRC))
$(BUILD)/mock.list: FORCE
	$(call write_if_changed,$(MOCK_SRC))

$(BUILD)/libcore.a: $(call objects,$(CORE_SRC)) $(BUILD)/core.list
$(BUILD)/codecs.list: FORCE
	$(call write_if_changed,$(CODEC_NAMES))
$(BUILD)/tests/mock/coder_all.o: $(BUILD)/codecs.list
$(BUILD)/tests/mock/coder_all.o: OWN_CFLAGS = "-DCODEC_PLUGINS=$(patsubst %,ROW(%),$(CODEC_NAMES))"
$(BUILD)/libmock.a: $(call objects,$(MOCK_SRC)) $(BUILD)/mock.list
$(BUILD)/libcore.a $(BUILD)/libmock.a:
	$(call say,AR)
	$(Q)rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)

# ---- plugins ----

$(BUILD)/pic/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(ALL_CFLAGS) $(PIC) -MMD -MP -c -o $@ $<

PIC := -fPIC -fvisibility=hidden
$(call objects,$(PLUGIN_SRC) $(BROKEN_SRC)): OWN_CFLAGS = $(PIC) $(PLUGIN_CFLAGS)
$(BUILD)/libplugin.a: $(HELPER_SRC:%.c=$(BUILD)/pic/%.o)
$(BUILD)/plugin.list: FORCE
	$(call write_if_changed,$(PLUGIN_SRC))
# All of them in one, for tests and fuzz targets, which then need all of their libraries.
ALL_PLUGIN_PKGS  = $(sort $(foreach p,$(PLUGIN_PARTS),$(PKGS_$(basename $(notdir $(p))))))
ALL_PLUGIN_LIBS  = $(eval ALL_PLUGIN_LIBS := $$(if $(ALL_PLUGIN_PKGS),$$(shell pkg-config --libs \
	$(ALL_PLUGIN_PKGS))))$(ALL_PLUGIN_LIBS)
$(BUILD)/libplugins.a: $(call objects,$(PLUGIN_SRC)) $(BUILD)/plugin.list
$(BUILD)/libplugin.a $(BUILD)/libplugins.a:
	$(call say,AR)
	$(Q)rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)

define plugin_rule
$(BUILD)/plugins/$(basename $(notdir $(1))).so: $(call objects,$(if $(filter %.c,$(1)),$(1),$(wildcard $(1)/*.c)))
$(BUILD)/plugins/$(basename $(notdir $(1))).so: PLUGIN_PKGS = glib-2.0 $(PKGS_$(basename $(notdir $(1))))
$(call objects,$(if $(filter %.c,$(1)),$(1),$(wildcard $(1)/*.c))): PLUGIN_CFLAGS = $$(if $(PKGS_$(basename $(notdir $(1)))),$$(shell pkg-config --cflags $(PKGS_$(basename $(notdir $(1))))))
endef
$(foreach p,$(PLUGIN_PARTS),$(eval $(call plugin_rule,$(p))))
$(BROKEN): $(BUILD)/tests/plugins/%.so: $(BUILD)/tests/plugins/%.o
$(BROKEN): PLUGIN_PKGS = glib-2.0
# Names nobody has show while linking, but for those that are missing on purpose.
$(PLUGINS): OWN_LDFLAGS = $(if $(SANITIZE),,-Wl,-z,defs)
$(BUILD)/tests/plugins/lacks_library.so: OWN_LDFLAGS = -Wl,--no-as-needed $(@D)/stub/lib.so
$(BUILD)/tests/plugins/lacks_library.so: $(BUILD)/tests/plugins/stub/lib.so
$(BUILD)/tests/plugins/stub/lib.so: $(BUILD)/flags
	@mkdir -p $(@D)
	$(Q)echo | $(CC) -shared -Wl,-soname,libsurely-not-installed.so.1 -o $@ -x c -
$(PLUGINS) $(BROKEN): $(BUILD)/libplugin.a
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) -shared $(ALL_LDFLAGS) $(OWN_LDFLAGS) -o $@ $(filter %.o,$^) $(BUILD)/libplugin.a \
		$(shell pkg-config --libs $(PLUGIN_PKGS)) -lm

# ---- programs ----

# Where an installed daemon looks.
PLUGIN_DIR ?= $(PREFIX)/lib/rtpengine/plugins
$(BUILD)/plugin-dir: FORCE
	$(call write_if_changed,$(PLUGIN_DIR))
$(BUILD)/core/daemon_plugins.o: $(BUILD)/plugin-dir
$(BUILD)/core/daemon_plugins.o: OWN_CFLAGS = -DPLUGIN_DIR=\"$(PLUGIN_DIR)\"

link = $(CC) $(ALL_LDFLAGS) $(1) -o $@ $(filter %.o,$^) \
	-Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(PKG_LIBS) \
	$(if $(filter %/libplugins.a,$^),$(ALL_PLUGIN_LIBS)) -lm

$(DAEMON): $(call objects,core/main.c) $(BUILD)/libcore.a
$(TOOLS): $(BUILD)/%: $(BUILD)/core/tools/%.o $(BUILD)/libcore.a
$(UNIT): %: %.o $(BUILD)/libmock.a $(BUILD)/libplugins.a $(BUILD)/libcore.a
$(FLOW): $(call objects,$(FLOW_SRC)) $(BUILD)/libmock.a $(BUILD)/libplugins.a $(BUILD)/libcore.a
$(AUDIO): $(call objects,$(AUDIO_SRC)) $(BUILD)/libmock.a $(BUILD)/libplugins.a $(BUILD)/libcore.a
$(DAEMON) $(TOOLS) $(UNIT) $(FLOW) $(AUDIO):
	$(call say,LINK)
	$(Q)$(call link)

$(FUZZ): %: %.o $(BUILD)/libmock.a $(BUILD)/libplugins.a $(BUILD)/libcore.a
	$(call say,LINK)
	$(Q)$(call link,-fsanitize=fuzzer)

# ---- the load kit; it may use libraries that the daemon does not need ----

PERF_PKGS = $(eval PERF_PKGS := $$(shell for p in opus libbcg729 spandsp liburing; do \
	pkg-config --exists $$$$p 2>/dev/null && echo $$$$p; done))$(PERF_PKGS)
PERF_LIBS = $(if $(PERF_PKGS),$(shell pkg-config --libs $(PERF_PKGS)))
PERF_DEFS = $(if $(filter opus,$(PERF_PKGS)),-DHAVE_OPUS) \
	$(if $(filter libbcg729,$(PERF_PKGS)),-DHAVE_BCG729) \
	$(if $(filter spandsp,$(PERF_PKGS)),-DHAVE_SPANDSP) \
	$(if $(filter liburing,$(PERF_PKGS)),-DHAVE_URING)
PERF     := $(BUILD)/tests/perf
perf_obj  = $(patsubst %,$(PERF)/src/%.o,$(1))

$(BUILD)/perf.list: FORCE
	$(call write_if_changed,$(PERF_PKGS))
$(call objects,$(PERF_SRC)): $(BUILD)/perf.list

$(PERF)/ngload: $(call perf_obj,ngload load_media load_signal load_memory load_churn load_webrtc \
	browser run calls ng bencode sdp media sdes daemon codec util) $(BUILD)/libcore.a
$(PERF)/relayfloor: $(call perf_obj,relayfloor bencode util)
$(PERF)/cryptofloor: $(call perf_obj,cryptofloor sdes util) $(BUILD)/libcore.a
$(PERF)/codecfloor: $(call perf_obj,codecfloor codec util)
$(PERF)/chainfloor: $(call perf_obj,chainfloor util) $(BUILD)/libmock.a $(BUILD)/libplugins.a $(BUILD)/libcore.a
$(PERF)/selftest: $(call perf_obj,selftest bencode sdp sdes codec util)
$(addprefix $(PERF)/,ngload relayfloor cryptofloor codecfloor selftest):
	$(call say,LINK)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o %.a,$^) $(PKG_LIBS) $(PERF_LIBS) \
		$(if $(filter %/codecfloor,$@),-lavcodec -lswresample -lavutil) -lm
$(PERF)/chainfloor:
	$(call say,LINK)
	$(Q)$(call link)

perf-kit: $(addprefix $(PERF)/,ngload relayfloor cryptofloor chainfloor selftest)

# Everything that is written in C, for `make lint`.
compile-all: all tests perf-kit $(KTESTS) $(BUILD)/tests/soak/clock_step.so $(call objects,$(FUZZ_SRC))

# ---- the kernel module; it is built in a copy, so that its folder stays as it is ----

# Headers of the kernel that runs, or else of one that is installed.
KDIR       ?= $(firstword $(wildcard /lib/modules/$(shell uname -r)/build) \
	/lib/modules/$(shell tests/kernel/version)/build)
KBUILD_OUT ?= $(BUILD)/kernel
# The kernel's Makefile has a VERSION and more of its own: nothing of ours goes there by itself.
KBUILD      = env -u MAKEFLAGS -u MFLAGS make --no-print-directory -C $(KDIR) \
	M=$(abspath $(KBUILD_OUT)) VERSION_TEXT=$(VERSION) W=1 $(if $(V),V=1) $(if $(C),C=$(C))

.PHONY: kernel kernel-install kernel-install-dkms check-kernel check-kernel-debug perf-kernel
kernel:
	@test -e $(KDIR)/Makefile || { echo "no headers of a kernel in $(KDIR): KDIR=" >&2; exit 1; }
	@mkdir -p $(KBUILD_OUT) && cp -Ru kernel/. $(KBUILD_OUT)/
	$(Q)$(KBUILD) modules

# Into the running kernel's modules, or DESTDIR's; and the sources, for DKMS to build it of.
kernel-install: kernel
	$(Q)$(KBUILD) INSTALL_MOD_PATH=$(DESTDIR) INSTALL_MOD_DIR=updates CONFIG_MODULE_SIG_ALL= \
		modules_install
kernel-install-dkms:
	install -d $(DESTDIR)/usr/src/rtpengine-$(VERSION)/uapi $(DESTDIR)/usr/src/rtpengine-$(VERSION)/selftest
	install -m 644 kernel/Kbuild kernel/*.[ch] $(DESTDIR)/usr/src/rtpengine-$(VERSION)
	install -m 644 kernel/uapi/*.h $(DESTDIR)/usr/src/rtpengine-$(VERSION)/uapi
	install -m 644 kernel/selftest/*.[ch] $(DESTDIR)/usr/src/rtpengine-$(VERSION)/selftest
	sed 's/@VERSION@/$(VERSION)/' kernel/dkms.conf > $(DESTDIR)/usr/src/rtpengine-$(VERSION)/dkms.conf

$(call objects,$(KTEST_SRC)): OWN_CFLAGS = -I.
$(KTEST)/forward: $(patsubst %,$(KTEST)/%.o,forward check world client test_relay test_fuzz test_control) $(BUILD)/libcore.a
$(KTEST)/daemon: $(patsubst %,$(KTEST)/%.o,daemon check world client engine talk \
	test_path test_figures test_toggle test_death) $(BUILD)/libcore.a
$(KTEST)/load: $(patsubst %,$(KTEST)/%.o,load check world client engine talk) $(BUILD)/libcore.a
$(KTEST)/cost: $(patsubst %,$(KTEST)/%.o,cost world client)
$(KTEST)/race: $(patsubst %,$(KTEST)/%.o,race check world client)
$(KTESTS):
	$(call say,LINK)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(if $(filter %.a,$^),$(PKG_LIBS) -lm)

# ---- running ----

export BUILD
export RTPENGINE = $(abspath $(DAEMON))
export G_TEST_SRCDIR = $(CURDIR)/tests
export G_TEST_BUILDDIR = $(abspath $(BUILD))/tests

help:
	@sed -n 's/^#? //p' Makefile

#? make              the daemon, as build/rtpengine
#? make run          start it on loopback; ARGS=… adds options
#? make demo         a call between Opus and G.711 through it, with its audio measured and drawn
#? make demo-webrtc  the same between a browser and a telephone: Chromium, by way of Kamailio
#? make check        unit, flow and daemon tests and the checks of the source
#? make check-all    everything below as well; the last line has the totals
#? make lint         no warnings with gcc and clang; format
#? make format       let clang-format rewrite the sources
#? make asan tsan    the tests under sanitizers
#? make fuzz         each fuzz target for FUZZ_SECS; FUZZ_SEED=0 for other inputs each time
#? make audio        every codec with every usual one through the daemon, measured: a minute
#? make steered      the daemon tests once more, with ports that are steered
#? make soak         what a long life brings: minutes
#? make peers        against Kamailio and others, and browsers; TALK_S=60 seconds of talk with them
#? make kernel       the kernel module, as build/kernel/rtpengine.ko; KDIR= for other headers; C=2 by sparse
#? make kernel-install, kernel-install-dkms   the module for this kernel; its sources for DKMS
#? make check-kernel the module in a guest; check-kernel-debug: with KASAN and lockdep, minutes
#? make perf-kernel  instructions that a packet costs it, and a thousand calls the daemon
#? make perf         figures beside those of Debian's rtpengine-daemon
#? make perf-smoke   that the load kit works
#? make docs         write conf.d/ and the man page from the tables of options
#? make deps         install what make, make demo and make check need (Debian, root)
#? make deps-all     the same for everything else
#? make install      DESTDIR=, PREFIX=/usr/local, SYSCONFDIR=/etc
#? make clean        remove $(BUILD)

run: all
	$(DAEMON) --config-file=none --table=-1 --interface=127.0.0.1 \
		--listen-ng=127.0.0.1:2223 --foreground --log-stderr $(ARGS)

demo:
	@$(MAKE) --no-print-directory deps
	@+$(SUB) all $(AUDIO)
	@tests/demo/run

demo-webrtc:
	@.ci/install-packages $(DEPS) $(DEPS_WEBRTC)
	@+$(SUB) all
	@tests/demo/webrtc/run

check:
	@$(MAKE) --no-print-directory deps
	@+$(SUB) all tests
	@tests/run --jobs $(JOBS) $(CONTROL_TESTS) $(CHECKS) $(UNIT) $(FLOW) \
		--serial $(filter-out $(CONTROL_TESTS),$(DAEMON_TESTS)) $(AUDIO_TESTS)

lint:
	@tests/run --timeout 900 tests/check/lint

FORMATTED = $(shell find core codecs plugins recording kernel tests -name '*.[ch]' 2>/dev/null)
format:
	clang-format -i $(FORMATTED)

# The sanitizers' tests. Reports of any process started by a test count as failures.
run-suites:
	@tests/run --jobs $(JOBS) --timeout 300 --reports $(BUILD)/reports $(CONTROL_TESTS) $(UNIT) $(FLOW) \
		--serial $(filter-out $(CONTROL_TESTS),$(DAEMON_TESTS))

ASAN := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
TSAN := -fsanitize=thread -fno-omit-frame-pointer
# These builds also check what must always hold, and end where it does not.
DEBUG_CFLAGS := -O1 -g -DCHECK_INVARIANTS
asan: SANITIZED = BUILD=$(BUILD)/asan CFLAGS='$(DEBUG_CFLAGS)' SANITIZE='$(ASAN)'
tsan: SANITIZED = BUILD=$(BUILD)/tsan CFLAGS='$(DEBUG_CFLAGS)' SANITIZE='$(TSAN)'
ubsan: asan
asan tsan:
	@+$(SUB) $(SANITIZED) all tests
	@+$(NO_ASLR) $(SUB) $(SANITIZED) run-suites
# Sanitizers cannot live with every layout of the address space: some fail, some hang.
NO_ASLR = $(shell setarch -R true 2>/dev/null && echo setarch -R)

fuzz:
	@+if command -v clang >/dev/null; then \
		$(SUB) BUILD=$(BUILD)/fuzz CC=clang CFLAGS='-O1 -g' \
			SANITIZE='-fsanitize=fuzzer-no-link $(ASAN)' fuzz-bins; fi
	@FUZZ_SECS=$(FUZZ_SECS) FUZZ_SEED=$(FUZZ_SEED) JOBS=$(JOBS) \
		tests/run --timeout 3600 tests/sanitizers/fuzz

# Preloaded into a daemon; it stands for the system's clock.
$(BUILD)/tests/soak/clock_step.so: tests/soak/clock_step.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE $(WARNINGS) -O2 -fPIC -shared -o $@ $<

audio:
	@+$(SUB) all $(AUDIO)
	@tests/run --timeout 600 --serial $(AUDIO_LONG)

soak:
	@+$(SUB) all perf-kit $(BUILD)/tests/soak/clock_step.so
	@tests/run --timeout 600 --serial $(SOAK_TESTS)

# What `check` runs with the other engine only.
steered:
	@+$(SUB) all tests
	@IO_ENGINE=steered tests/run --jobs $(JOBS) --timeout 300 $(filter $(CONTROL_TESTS),$(STEERED_TESTS)) \
		--serial $(filter-out $(CONTROL_TESTS),$(STEERED_TESTS))

peers:
	@+$(SUB) all
	@tests/run --timeout 600 --serial $(PEER_TESTS)

perf: deps-all
	@+$(SUB) all perf-kit
	@tests/perf/report --build $(PERF) --rounds $(ROUNDS) $(DAEMON)

perf-smoke:
	@+$(SUB) all perf-kit
	@tests/run --serial tests/perf/smoke

check-kernel:
	@+$(SUB) all $(KTEST)/forward $(KTEST)/race $(KTEST)/daemon
	@KERNEL_SOURCE=$(KERNEL_SOURCE) tests/run --timeout 900 --serial tests/kernel/source.t $(KERNEL_TESTS)

KERNEL_TESTS  := $(addprefix tests/kernel/,forward.t race.t daemon.t)
KERNEL_SOURCE ?= /usr/src/linux-source-6.1.tar.xz
check-kernel-debug:
	@+$(SUB) all $(KTEST)/forward $(KTEST)/race $(KTEST)/daemon
	@test -e $(BUILD)/kernel-debug/root/boot || tests/kernel/mkdebug $(KERNEL_SOURCE) $(BUILD)/kernel-debug
	@KERNEL_DEBUG=$(abspath $(BUILD)/kernel-debug) tests/run --timeout 1200 --serial $(KERNEL_TESTS)

perf-kernel:
	@+$(SUB) all $(KTEST)/cost $(KTEST)/load
	@tests/run --timeout 600 --serial tests/kernel/cost.t tests/kernel/load.t

check-all:
	@tests/check/all

docs: all
	@tests/check/docs --write

# ---- installing ----

DEPS := build-essential pkg-config libglib2.0-dev libssl-dev libsrtp2-dev python3 iproute2 \
	libavcodec-dev libavformat-dev libavutil-dev libswresample-dev libbcg729-dev libopus-dev libspandsp-dev \
	libopencore-amrnb-dev libopencore-amrwb-dev libvo-amrwbenc-dev libmariadb-dev tshark ffmpeg sox iptables
DEPS_KERNEL := qemu-system-x86 busybox-static linux-image-amd64 linux-headers-amd64 kmod cpio xz-utils \
	nftables sparse
DEPS_ALL = $(DEPS) $(DEPS_KERNEL) clang clang-format libclang-rt-14-dev valgrind kamailio kamailio-extra-modules \
	sip-tester rtpengine-daemon liburing-dev python3-pylibsrtp mariadb-server-core $(DEPS_WEBRTC)
# Browsers and their proxy; npm only where there is none, since Debian's brings hundreds of packages.
DEPS_WEBRTC = chromium python3-aiortc kamailio kamailio-websocket-modules \
	$(if $(shell command -v npm),,npm)
deps:
	@.ci/install-packages $(DEPS)
deps-all:
	@.ci/install-packages $(DEPS_ALL)

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man8 \
		$(DESTDIR)$(PREFIX)/share/man/man1 \
		$(DESTDIR)$(SYSCONFDIR)/rtpengine/conf.d $(DESTDIR)$(PLUGIN_DIR)
	install -m 755 $(DAEMON) $(TOOLS) $(DESTDIR)$(PREFIX)/bin
	install -m 644 $(PLUGINS) $(DESTDIR)$(PLUGIN_DIR)
	install -m 644 core/man/*.8 $(DESTDIR)$(PREFIX)/share/man/man8
	install -m 644 core/man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 conf.d/*.conf $(DESTDIR)$(SYSCONFDIR)/rtpengine/conf.d

clean:
	rm -rf $(BUILD)

-include $(patsubst %.o,%.d,$(call objects,core/main.c $(CORE_SRC) $(TOOL_SRC) $(MOCK_SRC) \
	$(PLUGIN_SRC) $(BROKEN_SRC) $(HELPER_SRC:%=pic/%) $(UNIT_SRC) $(FLOW_SRC) $(AUDIO_SRC) $(FUZZ_SRC) $(PERF_SRC) \
	$(KTEST_SRC)))
