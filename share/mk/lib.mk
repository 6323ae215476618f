# A library: LIB, SRCS.  Read by GNU make, bmake and OpenBSD make alike.
OBJS=	${SRCS:.c=.o}
CFLAGS=	${CFLAGS_BASE} ${CFLAGS_USER} ${CPPFLAGS_LOCAL} -I${TOP} -I${TOP}/lib

all: lib${LIB}.a

.SUFFIXES: .c .o
.c.o:
	${CC} ${CFLAGS} -MMD -MP -c -o $@ $<

lib${LIB}.a: ${OBJS}
	rm -f $@
	${AR} rcs $@ ${OBJS}
	@cat *.d >.depend

${OBJS}: ${TOP}/config.h ${TOP}/config.mk

clean:
	rm -f lib${LIB}.a *.o *.d .depend

install:

.PHONY: all clean install

-include .depend
