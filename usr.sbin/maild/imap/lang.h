/* The language of the texts for people (RFC 5255). */
#ifndef LANG_H
#define LANG_H

#include <stdint.h>

enum lang { LANG_DEFAULT, LANG_EN, LANG_DE, LANG_MAX };

/* The same in that language, UTF-8; or as it is, where nobody has said it. */
const char	*lang_text(uint8_t lang, const char *english);

#endif
