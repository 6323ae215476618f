# ATF programs: TESTS_C (one .c each, linked with DEPLIBS and LDADD and
# OBJS_EXTRA), TESTS_SH (one .sh each).  FUZZ: libFuzzer targets, which without
# libFuzzer are linked with a main that runs the files it is given.
CFLAGS=	${CFLAGS_BASE} ${CFLAGS_USER} ${CPPFLAGS_LOCAL} -I${TOP} -I${TOP}/lib

all: ${TESTS_C} ${TESTS_SH} ${FUZZ}

.SUFFIXES: .c .sh .o

.c:
	${CC} ${CFLAGS} -o $@ $< ${OBJS_EXTRA} ${DEPLIBS} ${LDFLAGS_BASE} \
	    -latf-c ${LDADD}

.sh:
	printf '#!/usr/bin/env atf-sh\n' >$@
	cat $< >>$@
	chmod 755 $@

# The targets' main under plain gcc; with clang set FUZZ_MAIN to
# -fsanitize=fuzzer.
FUZZ_MAIN=	${TOP}/regress/fuzz/main.c

${FUZZ}: ${DEPLIBS}
	${CC} ${CFLAGS} -o $@ $@.c ${FUZZ_MAIN} ${OBJS_EXTRA} ${DEPLIBS} \
	    ${LDFLAGS_BASE} ${LDADD}

${TESTS_C}: ${DEPLIBS} ${OBJS_EXTRA}

clean:
	rm -f ${TESTS_C} ${TESTS_SH} ${FUZZ} *.d *.o

install:

.PHONY: all clean install
