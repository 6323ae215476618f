# ATF programs: TESTS_C (one .c each, linked with OBJS_EXTRA, DEPLIBS and
# LDADD), TESTS_SH (one .sh each).  FUZZ: targets (one .c each), linked with a
# main that runs the files it is given; `make fuzz' at the top has libFuzzer's
# instead.  Corpus: regress/fuzz/corpus/NAME for fuzz_NAME.
CFLAGS=	${CFLAGS_BASE} ${CFLAGS_USER} ${CPPFLAGS_LOCAL} -I${TOP} -I${TOP}/lib

all: ${TESTS_C} ${TESTS_SH} ${FUZZ}
	@cat /dev/null *.d >.depend 2>/dev/null || :

fuzz: ${FUZZ}

.SUFFIXES: .c .sh .o

.c:
	${CC} ${CFLAGS} -MMD -MP -MF $@.d -o $@ $< ${OBJS_EXTRA} ${DEPLIBS} \
	    ${LDFLAGS_BASE} -latf-c ${LDADD}

.c.o:
	${CC} ${CFLAGS} -MMD -MP -c -o $@ $<

.sh:
	printf '#!/usr/bin/env atf-sh\n' >$@
	cat $< >>$@
	chmod 755 $@

# make(1) has no rule by a name's beginning: each depends on the .c of all.
FUZZ_MAIN=	${TOP}/regress/fuzz/main.c

${FUZZ}: ${FUZZ:=.c} ${OBJS_EXTRA} ${DEPLIBS}
	${CC} ${CFLAGS} -o $@ $@.c ${FUZZ_MAIN} ${OBJS_EXTRA} ${DEPLIBS} \
	    ${LDFLAGS_BASE} ${LDADD}

${TESTS_C}: ${OBJS_EXTRA} ${DEPLIBS}

clean:
	rm -f ${TESTS_C} ${TESTS_SH} ${FUZZ} *.d *.o .depend

install:

.PHONY: all clean fuzz install

-include .depend
