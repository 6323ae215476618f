# The top: for GNU make and bmake.  `make', `make install', `make run',
# `make check' are what most people need.
#
# CHECK_JOBS	tests that run at the same time (1)
# FUZZ_SECONDS	for each target of `make fuzz' (60)

LIBS=	lib/libutil lib/libimsg lib/libtable lib/libmail lib/libsmtp \
	lib/libimap lib/libpop3 lib/libmailauth lib/libsieve lib/libspam \
	lib/libstore
PROGS=	usr.sbin/maild usr.sbin/mailctl
DATA=	etc share/man

# Rooms that are not built yet have no Makefile.  The + of who uses this is for
# make -j: GNU make does not see that a make is in there.
ENTER=	test ! -f $@/Makefile || { cd $@ && ${MAKE} all; }

all: ${LIBS} ${PROGS}

${LIBS}: config.mk
	+@${ENTER}

${PROGS}: ${LIBS}
	+@${ENTER}

# Whatever room of regress has a Makefile; Kyua finds its tests the same way.
tests: ${LIBS} ${PROGS}
	@set -e; for f in regress/*/Makefile; do \
		(cd $${f%/Makefile} && ${MAKE} all); \
	done

config.mk:
	./configure

install: all
	@set -e; for d in ${PROGS} ${DATA}; do \
		test ! -f $$d/Makefile || (cd $$d && ${MAKE} install); \
	done

clean:
	@for d in ${LIBS} ${PROGS} regress/*; do \
		test ! -f $$d/Makefile || (cd $$d && ${MAKE} clean); \
	done
	rm -rf build-fuzz build-san

distclean: clean
	rm -f config.h config.mk config.log

# A whole site in a directory of its own, on ports that need no root.
run:
	@sh etc/packaging/install-deps build
	@${MAKE} all
	@if [ ! -f etc/run-site ]; then \
		echo "make run: etc/run-site is missing" >&2; exit 1; fi
	@sh etc/run-site

check:
	@sh etc/packaging/install-deps test
	@${MAKE} tests
	@sh share/mk/check

san:
	@sh etc/packaging/install-deps test
	@sh share/mk/san "${MAKE}"

fuzz:
	@sh etc/packaging/install-deps build fuzz
	@sh share/mk/fuzz "${MAKE}" ${FUZZ_TARGETS}

format-check:
	@sh share/mk/format-check

.PHONY: all check clean distclean format-check fuzz install run san tests \
	${LIBS} ${PROGS}
