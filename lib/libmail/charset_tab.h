/* Tables of the single-byte character sets, for charset.c. */
#ifndef CHARSET_TAB_H
#define CHARSET_TAB_H

#include <stdint.h>

enum charset_tabid {
	TAB_8859_2, TAB_8859_3, TAB_8859_4, TAB_8859_5, TAB_8859_6,
	TAB_8859_7, TAB_8859_8, TAB_8859_10, TAB_8859_13, TAB_8859_14,
	TAB_8859_15, TAB_8859_16, TAB_1250, TAB_1251, TAB_1252, TAB_1253,
	TAB_1254, TAB_1255, TAB_1256, TAB_1257, TAB_1258, TAB_874,
	TAB_KOI8_R, TAB_KOI8_U, TAB_CP437, TAB_CP850, TAB_CP852, TAB_CP866,
	TAB_MACROMAN, TAB_NONE
};

extern const uint16_t charset_tab[][128];

#endif
