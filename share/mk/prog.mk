# A program: PROG, SRCS, YSRCS (yacc), DEPLIBS (names under lib/), LDADD.
OBJS=	${SRCS:.c=.o} ${YSRCS:.y=.o}
CFLAGS=	${CFLAGS_BASE} ${CFLAGS_USER} ${CPPFLAGS_LOCAL} -I${TOP} -I${TOP}/lib

all: ${PROG}

.SUFFIXES: .c .o .y
.c.o:
	${CC} ${CFLAGS} -MMD -MP -c -o $@ $<

.y.c:
	${YACC} -o $@ $<

${PROG}: ${OBJS} ${DEPLIBS}
	${CC} ${CFLAGS} -o $@ ${OBJS} ${DEPLIBS} ${LDFLAGS_BASE} ${LDADD}
	@cat *.d */*.d 2>/dev/null >.depend || :

${OBJS}: ${TOP}/config.h ${TOP}/config.mk

clean:
	rm -f ${PROG} ${OBJS} ${YSRCS:.y=.c} *.d */*.d .depend

.PHONY: all clean install

-include .depend
