#include <string.h>

#include "conf.h"
#include "libtable/table.h"
#include "libutil/log.h"
#include "limits.h"

static const struct conf *conf;
static struct table	 accounts;

void
limits_conf(const struct conf *c)
{
	if (table_open(&accounts, TAB_ACCOUNTS, c->tables[TABLE_ACCOUNTS].data,
	    c->tables[TABLE_ACCOUNTS].len) == -1)
		fatalx("accounts: not a packed table");
	conf = c;
}

int
limits_get(const char *account, struct mstore_quota *limit)
{
	struct table_account	 a;

	if (table_account_find(&accounts, account, &a) != 1)
		return -1;
	limit->bytes = a.quota_bytes == TABTEXT_DEFAULT ?
	    conf->quota_bytes : a.quota_bytes;
	limit->messages = a.quota_messages == TABTEXT_DEFAULT ?
	    conf->quota_messages : a.quota_messages;
	return 0;
}
