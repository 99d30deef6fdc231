# Builds xgbpipe: `make` gives build/xgbpipe, `make help` lists the rest. GNU make, one file.
#
#   make CC=clang DEBUG=1 SANITIZE=address,undefined|thread|memory   each flavour has its own build/<flavour>/
#   make CFLAGS=... CPPFLAGS=... LDFLAGS=...                  are added after the project's own
#   make BUILD=/elsewhere                                     everything that is made goes there
#
# How the program finds libxgboost (src/predict/xgboost_library.c loads it; first hit wins):
#   1. XGBPIPE_XGBOOST_LIBRARY, where the build was told one by XGBOOST_PREFIX=/prefix (>= 3.1)
#   2. <folder of the program>/libxgboost/xgboost/lib/libxgboost.so.3: the build tree
#   3. <folder of the program>/XGBPIPE_LIBDIR_FROM_BINDIR/xgbpipe/xgboost/lib/libxgboost.so.3: installed;
#      relative, so that DESTDIR and trees that were moved work
#   4. libxgboost.so.3, wherever the dynamic loader looks
# WITHOUT_XGBOOST=1 leaves the library out (native engine only); STATIC=1 links it in (minutes, once).
# libsqlite3 and libpq are loaded by runs that have a lookup (src/lookup/lookup_library.c); the build needs their
# headers. WITHOUT_SQLITE=1 and WITHOUT_POSTGRESQL=1 leave them out.

MAKEFLAGS += --no-builtin-rules --no-print-directory
VERSION := 0.1.0
BUILD ?= build
WERROR ?= -Werror

# Where `make install` puts things (GNU names; DESTDIR is obeyed).
prefix ?= /usr/local
exec_prefix ?= $(prefix)
bindir ?= $(exec_prefix)/bin
libdir ?= $(exec_prefix)/lib
datarootdir ?= $(prefix)/share
mandir ?= $(datarootdir)/man
completiondir ?= $(datarootdir)/bash-completion/completions
INSTALL ?= install

ifeq ($(origin CC),default)
CC := $(if $(filter memory,$(SANITIZE)),clang,gcc)
endif
ARCH ?= $(shell uname -m)
comma := ,
empty :=
space := $(empty) $(empty)

# --- flavours ---------------------------------------------------------------------------------------
SANITIZERS := $(subst $(comma), ,$(SANITIZE))
ifneq ($(filter-out address undefined thread memory,$(SANITIZERS)),)
$(error SANITIZE takes address, undefined, thread and memory, not '$(SANITIZE)')
endif
ifneq ($(filter memory,$(SANITIZE)),)
# What was not built with it too would give false alarms: no libraries, and a cJSON of its own.
WITHOUT_XGBOOST := 1
WITHOUT_SQLITE := 1
WITHOUT_POSTGRESQL := 1
MEMORY_FILES := $(BUILD)/libcjson-memory/libcjson.a
endif
parts := $(filter-out gcc cc,$(notdir $(firstword $(CC)))) $(if $(DEBUG),debug) $(if $(STATIC),static) \
    $(if $(COVERAGE),coverage) \
    $(if $(WITHOUT_XGBOOST),without-xgboost) $(if $(WITHOUT_SQLITE),without-sqlite) \
    $(if $(WITHOUT_POSTGRESQL),without-postgresql) $(if $(SANITIZE),sanitize $(SANITIZERS))
FLAVOUR := $(or $(subst $(space),-,$(strip $(parts))),release)
O := $(BUILD)/$(FLAVOUR)

# --- flags ------------------------------------------------------------------------------------------
warnings := -Wall -Wextra $(WERROR) -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla
# No fast-math and no fused multiply-add: the answers must have libxgboost's own bits.
language := -std=gnu11 -ffp-contract=off -pthread
hardening := -fPIE -fstack-protector-strong -fstack-clash-protection
reproducible := -ffile-prefix-map=$(CURDIR)=. -ffile-prefix-map=$(abspath $(BUILD))=build
optimise := -O2 -g
ifneq ($(DEBUG),)
optimise := -Og -g3
endif
ifneq ($(COVERAGE),)
# What gcov counts is written when a process ends, wherever it was started: paths stay whole.
# Each function stands once, so that its branches count once.
optimise := -O0 -g --coverage -fprofile-update=atomic -Dalways_inline=noinline -Wno-attributes
reproducible :=
else ifneq ($(SANITIZE),)
optimise := -O1 -g -fno-omit-frame-pointer -fsanitize=$(SANITIZE) -fno-sanitize-recover=all
else
hardening += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
endif
libdir_from_bindir := $(shell realpath -m --relative-to='$(bindir)' '$(libdir)')
xgboost_library := $(if $(XGBOOST_PREFIX),$(firstword $(wildcard $(foreach \
    folder,lib lib64 lib/$(ARCH)-linux-gnu,$(XGBOOST_PREFIX)/$(folder)/libxgboost.so.3) \
    $(foreach folder,lib lib64 lib/$(ARCH)-linux-gnu,$(XGBOOST_PREFIX)/$(folder)/libxgboost.so))))
ifneq ($(XGBOOST_PREFIX),)
ifeq ($(xgboost_library),)
$(error no libxgboost.so under XGBOOST_PREFIX=$(XGBOOST_PREFIX))
endif
endif

# _GNU_SOURCE is empty, so that a file may define it too (src/ compiles by hand with or without this).
project_cppflags := -Isrc -D_GNU_SOURCE= -DXGBPIPE_VERSION='"$(VERSION)"' \
    -DXGBPIPE_LIBDIR_FROM_BINDIR='"$(libdir_from_bindir)"' $(if $(WITHOUT_XGBOOST),-DWITHOUT_XGBOOST) \
    $(if $(WITHOUT_SQLITE),-DWITHOUT_SQLITE) $(if $(WITHOUT_POSTGRESQL),-DWITHOUT_POSTGRESQL) \
    $(if $(xgboost_library),-DXGBPIPE_XGBOOST_LIBRARY='"$(abspath $(xgboost_library))"') \
    $(if $(SANITIZE)$(COVERAGE),-DXGBPIPE_SANDBOX_LEAVES='"$(if $(COVERAGE),$(abspath $(BUILD)),/proc)"') \
    $(if $(STATIC),-DXGBPIPE_STATIC_XGBOOST) $(if $(wildcard src/predict/native_kernels.c),-DHAVE_NATIVE_ENGINE)
project_cflags := $(language) $(warnings) $(optimise) $(hardening) $(reproducible)
project_ldflags := -pie -pthread -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed \
    $(if $(SANITIZE),-fsanitize=$(SANITIZE)) $(if $(COVERAGE),--coverage)
# clang's AddressSanitizer looks for C++'s throw once, at the start, when libxgboost is not loaded yet.
ifneq ($(and $(filter address,$(SANITIZERS)),$(if $(WITHOUT_XGBOOST),,1),$(findstring clang,$(CC))),)
project_ldflags += -Wl,--push-state,--no-as-needed -lstdc++ -Wl,--pop-state
endif
# Asked for when a recipe runs: pkg-config may have been installed by this very make.
libraries = $(or $(shell pkg-config --libs libcjson 2>/dev/null),-lcjson) -lm -lpthread -ldl
ifneq ($(STATIC),)
S := $(BUILD)/libxgboost-static
STATIC_FILES := $(S)/libxgboost.a $(S)/libdmlc.a $(S)/libcjson.a
# Whole: objectives and boosters are found by name, and the linker would leave out what nothing else calls.
libraries = -Wl,--whole-archive $(S)/libxgboost.a -Wl,--no-whole-archive $(S)/libdmlc.a $(S)/libcjson.a \
    -Wl,-Bstatic -lstdc++ -lgomp -Wl,-Bdynamic -static-libgcc -lm -lpthread -ldl
endif
ifneq ($(MEMORY_FILES),)
libraries = $(MEMORY_FILES) -lm -lpthread -ldl
endif

# Functions that nobody may call are errors in src and cmd.
banned := -include src/base/banned.h

# One object's own flags: CFLAGS_<object's path below build/<flavour>>.
ifneq ($(STATIC),)
CFLAGS_src/predict/xgboost_library.o := -isystem $(S)/include # the real header checks our declarations
endif

# Loops over whole columns, which gcc makes vectors of only here.
VECTORIZED := features step_impute step_scale
$(foreach name,$(VECTORIZED),$(eval CFLAGS_src/preprocess/$(name).o := $$(if $$(filter -O2,$$(optimise)),-O3)))

CFLAGS_src/lookup/lookup_sqlite.o = $(shell pkg-config --cflags sqlite3 2>/dev/null)
CFLAGS_tests/unit/test_lookup.o = $(CFLAGS_src/lookup/lookup_sqlite.o)
CFLAGS_src/lookup/lookup_postgres.o = $(or $(shell pkg-config --cflags libpq 2>/dev/null),-I/usr/include/postgresql)
# The test makes its own database.
LIBRARIES_tests/unit/test_lookup = $(if $(WITHOUT_SQLITE),,$(or $(shell pkg-config --libs sqlite3 2>/dev/null),-lsqlite3))

# The native engine's kernels: one source, one object for each instruction set, chosen from at start.
KERNELS := $(wildcard src/predict/native_kernels.c)
ISAS := $(if $(filter x86_64 amd64,$(ARCH)),baseline avx2 avx512,$(if $(filter aarch64 arm64,$(ARCH)),neon,baseline))
# The compiler's own vectors would only get in the way of those in the source.
KERNEL_FLAGS := -fno-tree-vectorize
# Where gcc 12's AddressSanitizer moves variables off the stack it does not keep vectors of 64 bytes aligned.
ifneq ($(and $(filter address,$(SANITIZERS)),$(if $(findstring clang,$(CC)),,1)),)
KERNEL_FLAGS += --param=asan-use-after-return=0
endif
KERNEL_FLAGS_avx2 := -mavx2
KERNEL_FLAGS_avx512 := -mavx512f -mavx512bw -mavx512dq -mavx512vl -mprefer-vector-width=512

# The decoders' loops likewise.
DECODERS := $(patsubst %,src/decode/%.c,decode_csv decode_jsonl decode_libsvm decode_tsv record_cut_scan)
DECODE_ISAS := baseline $(if $(filter x86_64 amd64,$(ARCH)),avx2)
DECODE_FLAGS_avx2 := -mavx2 -mbmi -mbmi2 -mpopcnt -fno-tree-vectorize
CFLAGS_tests/unit/test_number_fast_avx2.o = $(if $(filter avx2,$(DECODE_ISAS)),$(DECODE_FLAGS_avx2))

# --- files ------------------------------------------------------------------------------------------
SOURCES := $(filter-out $(KERNELS) $(DECODERS) $(if $(WITHOUT_XGBOOST),$(wildcard src/predict/*xgboost*.c)) \
    $(if $(WITHOUT_SQLITE),src/lookup/lookup_sqlite.c) $(if $(WITHOUT_POSTGRESQL),src/lookup/lookup_postgres.c), \
    $(sort $(shell find src -name '*.c')))
PROGRAM_SOURCES := $(sort $(wildcard cmd/xgbpipe/*.c)) $(if $(COVERAGE),tests/coverage_dump.c)
OBJECTS := $(SOURCES:%.c=$(O)/%.o) $(if $(KERNELS),$(ISAS:%=$(O)/src/predict/native_kernels.%.o)) \
    $(foreach isa,$(DECODE_ISAS),$(DECODERS:%.c=$(O)/%.$(isa).o))
PROGRAM_OBJECTS := $(PROGRAM_SOURCES:%.c=$(O)/%.o)
SANITIZER_OBJECTS := $(if $(filter address memory,$(SANITIZERS)),$(O)/tests/sanitizer_defaults.o)
UNIT_TESTS := $(patsubst %.c,$(O)/%,$(sort $(wildcard tests/unit/test_*.c)))
ENGINE_TOOLS := $(O)/tests/differential/engine_driver $(O)/tests/bench/bench_engine \
    $(O)/tests/differential/decode_driver $(O)/tests/bench/bench_decode $(O)/tests/bench/decode_file \
    $(O)/tests/long/all_floats
# The library as the wheel has it, unless another one is used, linked in, or left out.
WHEEL := $(if $(STATIC)$(WITHOUT_XGBOOST)$(XGBOOST_PREFIX),,$(BUILD)/libxgboost/stamp)

# V=1 shows the whole commands.
say = @$(if $(V),set -x,echo '  $(1) $(@:$(BUILD)/%=%)');

export CC FLAVOUR BUILD SANITIZE WITHOUT_XGBOOST WITHOUT_SQLITE WITHOUT_POSTGRESQL

## all: build build/xgbpipe (the default)
all: $(BUILD)/xgbpipe
# The flavour made last is the one at build/xgbpipe. A new file, never a running program's bytes.
$(BUILD)/xgbpipe: $(O)/xgbpipe FORCE
	@cmp -s $< $@ || { cp -f $< $@.new && mv -f $@.new $@ && echo "$@ ($(FLAVOUR))"; }

$(O)/xgbpipe: $(PROGRAM_OBJECTS) $(SANITIZER_OBJECTS) $(O)/libxgbpipe.a $(O)/libraries $(STATIC_FILES) | $(WHEEL)
	@test -z '$(WHEEL)' || ln -sfn ../libxgboost $(@D)/libxgboost
	$(call say,LD) $(CC) $(project_ldflags) $(CFLAGS) $(LDFLAGS) $(if $(COVERAGE),-Wl$(comma)--wrap=raise) \
	    -o $@ $(PROGRAM_OBJECTS) $(SANITIZER_OBJECTS) $(O)/libxgbpipe.a $(libraries) $(LDLIBS)

$(O)/libxgbpipe.a: $(OBJECTS)
	@rm -f $@
	$(call say,AR) ar rcsD $@ $^

$(SOURCES:%.c=$(O)/%.o) $(PROGRAM_OBJECTS) $(SANITIZER_OBJECTS) $(UNIT_TESTS:%=%.o) $(ENGINE_TOOLS:%=%.o): $(O)/%.o: %.c $(O)/flags | packages
	@mkdir -p $(@D)
	$(call say,CC) $(CC) $(project_cppflags) $(if $(filter tests/%,$*),-Itests,$(banned)) $(CPPFLAGS) $(project_cflags) $(CFLAGS_$*.o) $(CFLAGS) -MMD -MP -c -o $@ $<

$(filter $(O)/src/predict/native_kernels.%,$(OBJECTS)): $(O)/src/predict/native_kernels.%.o: $(KERNELS) $(O)/flags | packages
	@mkdir -p $(@D)
	$(call say,CC) $(CC) $(project_cppflags) -DKERNEL_ISA=$* $(CPPFLAGS) $(project_cflags) $(KERNEL_FLAGS) $(KERNEL_FLAGS_$*) $(CFLAGS) \
	    -MMD -MP -c -o $@ $<

define decoder_rule
$(DECODERS:%.c=$(O)/%.$(1).o): $(O)/%.$(1).o: %.c $(O)/flags | packages
	@mkdir -p $$(@D)
	$$(call say,CC) $$(CC) $$(project_cppflags) $$(banned) -DDECODE_ISA=$(1) $$(CPPFLAGS) $$(project_cflags) $$(DECODE_FLAGS_$(1)) $$(CFLAGS) -MMD -MP -c -o $$@ $$<
endef
$(foreach isa,$(DECODE_ISAS),$(eval $(call decoder_rule,$(isa))))

$(UNIT_TESTS) $(ENGINE_TOOLS): $(O)/%: $(O)/%.o $(SANITIZER_OBJECTS) $(O)/libxgbpipe.a $(O)/libraries $(STATIC_FILES) | $(WHEEL)
	@test -z '$(WHEEL)' || ln -sfn ../../../libxgboost $(@D)/libxgboost
	$(call say,LD) $(CC) $(project_ldflags) $(CFLAGS) $(LDFLAGS) -o $@ $< $(SANITIZER_OBJECTS) $(O)/libxgbpipe.a $(LIBRARIES_$*) $(libraries) $(LDLIBS)

# Other flags, other objects: the stamp changes only when they do.
flags_text = $(CC) $(project_cppflags) $(CPPFLAGS) $(project_cflags) $(CFLAGS) $(project_ldflags) $(LDFLAGS) \
    $(LDLIBS) $(ISAS) $(KERNEL_FLAGS) $(KERNEL_FLAGS_avx2) $(KERNEL_FLAGS_avx512) \
    $(DECODE_ISAS) $(DECODE_FLAGS_avx2) $(VECTORIZED)
$(O)/flags: FORCE
	@mkdir -p $(@D); printf '%s\n' "$$flags_text" | cmp -s - $@ || printf '%s\n' "$$flags_text" > $@
$(O)/flags: export flags_text := $(flags_text)
# Other libraries, linked anew; asked for in the recipe, as they are.
$(O)/libraries: FORCE | packages
	@mkdir -p $(@D); printf '%s\n' '$(libraries)' | cmp -s - $@ || printf '%s\n' '$(libraries)' > $@

-include $(shell find $(O) -name '*.d' 2>/dev/null)

# --- what the build needs ---------------------------------------------------------------------------
## deps: install what the build needs (compiler, cJSON, Python with pip, libxgboost)
deps: packages $(WHEEL)
packages:
	@.ci/install-packages build
$(BUILD)/libxgboost/stamp: .ci/requirements/libxgboost.txt | packages
	@.ci/fetch-libxgboost $(@D)
$(STATIC_FILES) &: .ci/requirements/static.txt | packages
	@.ci/build-static $(S)
$(MEMORY_FILES): .ci/build-cjson | packages
	@CC='$(CC)' .ci/build-cjson $(@D) -O1 -g -fPIE -fno-omit-frame-pointer -fsanitize=memory
$(O)/xgbpipe $(UNIT_TESTS) $(ENGINE_TOOLS): $(MEMORY_FILES)
$(if $(STATIC),$(O)/src/predict/xgboost_library.o): | $(STATIC_FILES)
## oracle: Python with XGBoost 3.4.1 in build/oracle, which tests and testdata/generate.py compare with
oracle: $(BUILD)/oracle/stamp
$(BUILD)/oracle/stamp: .ci/requirements/oracle.txt | packages
	@.ci/make-environment oracle $(@D)
## airflow: Apache Airflow in build/integration/airflow, pinned; spark: PySpark in build/integration/spark (0.5 GB)
airflow spark: %: $(BUILD)/integration/%/stamp
$(BUILD)/integration/%/stamp: .ci/requirements/%.txt | packages
	@.ci/make-environment $* $(@D)

# --- use --------------------------------------------------------------------------------------------
## demo: score real records: raw answers below zero, then corrected to 0, then as a jsonl pipe
demo: all
	@XGBPIPE=$(BUILD)/xgbpipe testdata/demo

## programs: the program and the unit tests of a flavour, without touching build/xgbpipe
programs: $(O)/xgbpipe $(UNIT_TESTS)

## check: every test: unit, command line, the same under sanitizers, beside Python, lint
check: all programs $(if $(SANITIZE)$(WITHOUT_XGBOOST)$(WITHOUT_SQLITE)$(WITHOUT_POSTGRESQL),,$(if $(wildcard tests/check.d/*),$(BUILD)/oracle/stamp))
	+@MAKE='$(MAKE)' tests/check

## check-quick: unit tests and command line cases of one flavour
check-quick: programs
	@tests/run --program $(O)/xgbpipe --unit $(O)/tests/unit

## check-integration: batch serving with a real Airflow, Spark and GNU parallel (installs them), look-ups among a million keys
check-integration: all oracle airflow spark
	@.ci/install-packages tests integration
	@tests/check integration

## check-sanitizers: unit tests and cases under clang's and gcc's sanitizers and valgrind (half an hour)
check-sanitizers: all programs
	@.ci/install-packages tests sanitizers
	+@MAKE='$(MAKE)' tests/check_sanitizers

## bench: measure speed, start-up and memory beside Python (BENCH='latency memory' for some, BENCH_ROWS=100000 for less)
bench: all $(O)/tests/bench/decode_file
	@XGBPIPE=$(abspath $(O))/xgbpipe DECODE_FILE=$(abspath $(O))/tests/bench/decode_file tests/bench/run $(BENCH)

## bench-stream: the memory of a stream of STREAM_GB=10 gigabytes
bench-stream: all
	@XGBPIPE=$(abspath $(O))/xgbpipe tests/bench/run stream

## bench-engine: time every engine, and peers that pip has, on one thread (MODELS='100x6 500x8' for some)
bench-engine: $(O)/tests/bench/bench_engine oracle
	@$(BUILD)/oracle/bin/python3 tests/bench/engine.py $< $(BUILD)/bench $(MODELS)

## check-all-floats: write and read each of the 2^32 float32 once (half an hour)
check-all-floats: $(O)/tests/long/all_floats
	$<

## coverage: how much of the C the whole suite runs, by file (COVERAGE=1 is the flavour; a quarter of an hour)
.PHONY: coverage
coverage: oracle
	+@MAKE='$(MAKE)' tests/coverage

## torture: make every call and allocation fail in turn, for each job (5 minutes; check takes a part)
torture: all
	@XGBPIPE=$(abspath $(BUILD))/xgbpipe tests/check.d/55-faults --full

## fuzz: run every libFuzzer target (clang) for FUZZ_SECONDS=60; fuzz-smoke: the same short runs each time
fuzz: packages
	@mkdir -p $(BUILD)
	@.ci/install-packages sanitizers
	+@MAKE='$(MAKE)' tests/fuzz/run $(or $(FUZZ_SECONDS),60)
fuzz-smoke: packages
	@mkdir -p $(BUILD)
	@.ci/install-packages sanitizers
	+@MAKE='$(MAKE)' tests/fuzz/run smoke

## lint: formatting, each header alone, who may include whom, shell scripts
lint: packages
	@tests/lint

## install: put program, library, manual and completion under $(DESTDIR)$(prefix)
install: $(O)/xgbpipe
	$(INSTALL) -d $(DESTDIR)$(bindir) $(DESTDIR)$(mandir)/man1 $(DESTDIR)$(mandir)/man5 $(DESTDIR)$(completiondir)
	$(INSTALL) -m 755 $(O)/xgbpipe $(DESTDIR)$(bindir)/xgbpipe
	$(if $(WHEEL),rm -rf $(DESTDIR)$(libdir)/xgbpipe && $(INSTALL) -d $(DESTDIR)$(libdir)/xgbpipe && \
	    cp -RP $(BUILD)/libxgboost/xgboost $(BUILD)/libxgboost/*.libs $(BUILD)/libxgboost/LICENSE \
	    $(DESTDIR)$(libdir)/xgbpipe/)
	$(foreach page,$(wildcard man/*.[15]),$(INSTALL) -m 644 $(page) \
	    $(DESTDIR)$(mandir)/man$(subst .,,$(suffix $(page)))/ &&) true
	$(if $(wildcard cmd/xgbpipe/completion.bash),$(INSTALL) -m 644 cmd/xgbpipe/completion.bash \
	    $(DESTDIR)$(completiondir)/xgbpipe)

## uninstall: take away what install put there
uninstall:
	rm -f $(DESTDIR)$(bindir)/xgbpipe $(DESTDIR)$(completiondir)/xgbpipe
	rm -rf $(DESTDIR)$(libdir)/xgbpipe
	$(foreach page,$(notdir $(wildcard man/*.[15])),rm -f \
	    $(DESTDIR)$(mandir)/man$(subst .,,$(suffix $(page)))/$(page) &&) true

## clean: remove build/ (the fetched library and the oracle too)
clean:
	rm -rf $(BUILD)

## help: this list
help:
	@sed -n 's/^## \([a-z-]*\): /\1\t/p' Makefile | while IFS='	' read -r target text; do \
	    printf '  make %-17s %s\n' "$$target" "$$text"; done
	@echo '  WITHOUT_SQLITE=1, WITHOUT_POSTGRESQL=1: lookup steps without that database'
	@echo '  WITHOUT_XGBOOST=1: the native engine only; STATIC=1: libxgboost linked in (built once, 7 minutes)'

FORCE:
.PHONY: all torture airflow spark check-integration check-all-floats check-sanitizers fuzz fuzz-smoke deps packages oracle demo programs check check-quick bench bench-stream bench-engine lint install uninstall clean help FORCE
.DELETE_ON_ERROR:
