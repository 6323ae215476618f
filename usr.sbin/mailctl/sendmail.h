/* sendmail(8): hand in a message for local programs. */
#ifndef SENDMAIL_H
#define SENDMAIL_H

#include "mailctl.h"

/* argv[0] is its name.  An exit status of sysexits.h. */
int	sendmail_main(struct mailctl *, int argc, char **argv);

#endif
