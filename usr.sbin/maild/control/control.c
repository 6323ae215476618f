#include "client.h"
#include "control.h"
#include "libutil/log.h"
#include "listen.h"

static struct conf	*conf;

static void
on_row(const struct proc_from *from, const void *msg, int fd)
{
	client_row(from, msg);
}

static void
on_end(const struct proc_from *from, const void *msg, int fd)
{
	client_end(from, msg);
}

static void
on_wait(const struct proc_from *from, const void *msg, int fd)
{
	client_wait(from, msg);
}

static const struct proc_dispatch dispatch[] = {
	{ M_CTL_ROW,	on_row },
	{ M_CTL_END,	on_end },
	{ M_CTL_WAIT,	on_wait },
	{ M_MAX,	NULL }
};

static void
use(struct conf *new)
{
	if (conf == NULL)
		client_init();
	conf = new;
	listen_swap(new, client_accept);
}

static void
drop(struct conf *new)
{
	listen_drop();
}

static void
peer_gone(enum proc_id proc, unsigned inst)
{
	if (conf != NULL)
		client_peer_gone(proc, inst);
}

static void
stop(void)
{
	proc_stopped();
}

const struct proc_def control_def = {
	.id = PROC_CONTROL,
	.promises = "stdio recvfd sendfd unix",
	.dispatch = dispatch,
	.conf_use = use,
	.conf_drop = drop,
	.conf_listen = listen_stage,
	.peer_gone = peer_gone,
	.stop = stop
};
