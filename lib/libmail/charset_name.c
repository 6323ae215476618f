/* Names of character sets. */
#include <stdlib.h>
#include <string.h>

#include "libmail/charset.h"

/* In lower case, letters and digits only; sorted. */
static const struct {
	char	name[28];
	uint8_t	cs;
} aliases[] = {
	{ "5601", CHARSET_EUC_KR },
	{ "646", CHARSET_ASCII },
	{ "88591", CHARSET_LATIN1 },
	{ "885915", CHARSET_8859_15 },
	{ "88592", CHARSET_8859_2 },
	{ "88593", CHARSET_8859_3 },
	{ "88594", CHARSET_8859_4 },
	{ "88595", CHARSET_8859_5 },
	{ "88596", CHARSET_8859_6 },
	{ "88597", CHARSET_8859_7 },
	{ "88598", CHARSET_8859_8 },
	{ "88599", CHARSET_8859_9 },
	{ "ansi", CHARSET_1252 },
	{ "ansix341968", CHARSET_ASCII },
	{ "ansix341986", CHARSET_ASCII },
	{ "arabic", CHARSET_8859_6 },
	{ "ascii", CHARSET_ASCII },
	{ "big5", CHARSET_BIG5 },
	{ "big5hk", CHARSET_BIG5 },
	{ "big5hkscs", CHARSET_BIG5 },
	{ "chinese", CHARSET_GB18030 },
	{ "cnbig5", CHARSET_BIG5 },
	{ "cns11643", CHARSET_EUC_TW },
	{ "cp1250", CHARSET_1250 },
	{ "cp1251", CHARSET_1251 },
	{ "cp1252", CHARSET_1252 },
	{ "cp1253", CHARSET_1253 },
	{ "cp1254", CHARSET_1254 },
	{ "cp1255", CHARSET_1255 },
	{ "cp1256", CHARSET_1256 },
	{ "cp1257", CHARSET_1257 },
	{ "cp1258", CHARSET_1258 },
	{ "cp367", CHARSET_ASCII },
	{ "cp437", CHARSET_CP437 },
	{ "cp50220", CHARSET_ISO_2022_JP },
	{ "cp50221", CHARSET_ISO_2022_JP },
	{ "cp65000", CHARSET_UTF7 },
	{ "cp65001", CHARSET_UTF8 },
	{ "cp819", CHARSET_LATIN1 },
	{ "cp850", CHARSET_CP850 },
	{ "cp852", CHARSET_CP852 },
	{ "cp866", CHARSET_CP866 },
	{ "cp874", CHARSET_874 },
	{ "cp932", CHARSET_SHIFT_JIS },
	{ "cp936", CHARSET_GB18030 },
	{ "cp949", CHARSET_EUC_KR },
	{ "cp950", CHARSET_BIG5 },
	{ "csiso2022jp", CHARSET_ISO_2022_JP },
	{ "csshiftjis", CHARSET_SHIFT_JIS },
	{ "csunicode", CHARSET_UTF16 },
	{ "cyrillic", CHARSET_8859_5 },
	{ "euccn", CHARSET_GB18030 },
	{ "eucjp", CHARSET_EUC_JP },
	{ "euckr", CHARSET_EUC_KR },
	{ "euctw", CHARSET_EUC_TW },
	{ "gb18030", CHARSET_GB18030 },
	{ "gb180302000", CHARSET_GB18030 },
	{ "gb2312", CHARSET_GB18030 },
	{ "gb231280", CHARSET_GB18030 },
	{ "gbk", CHARSET_GB18030 },
	{ "greek", CHARSET_8859_7 },
	{ "greek8", CHARSET_8859_7 },
	{ "hebrew", CHARSET_8859_8 },
	{ "ibm437", CHARSET_CP437 },
	{ "ibm819", CHARSET_LATIN1 },
	{ "ibm850", CHARSET_CP850 },
	{ "ibm852", CHARSET_CP852 },
	{ "ibm866", CHARSET_CP866 },
	{ "ibm874", CHARSET_874 },
	{ "iso10646ucs2", CHARSET_UTF16 },
	{ "iso10646ucs4", CHARSET_UTF32 },
	{ "iso2022jp", CHARSET_ISO_2022_JP },
	{ "iso2022jp1", CHARSET_ISO_2022_JP },
	{ "iso2022jp2", CHARSET_ISO_2022_JP },
	{ "iso2022jpms", CHARSET_ISO_2022_JP },
	{ "iso2022kr", CHARSET_ISO_2022_KR },
	{ "iso646us", CHARSET_ASCII },
	{ "iso88591", CHARSET_LATIN1 },
	{ "iso885910", CHARSET_8859_10 },
	{ "iso885911", CHARSET_8859_11 },
	{ "iso885911987", CHARSET_LATIN1 },
	{ "iso885913", CHARSET_8859_13 },
	{ "iso885914", CHARSET_8859_14 },
	{ "iso885915", CHARSET_8859_15 },
	{ "iso885916", CHARSET_8859_16 },
	{ "iso88591windows30latin1", CHARSET_LATIN1 },
	{ "iso88591windows31latin1", CHARSET_LATIN1 },
	{ "iso88592", CHARSET_8859_2 },
	{ "iso88593", CHARSET_8859_3 },
	{ "iso88594", CHARSET_8859_4 },
	{ "iso88595", CHARSET_8859_5 },
	{ "iso88596", CHARSET_8859_6 },
	{ "iso88596e", CHARSET_8859_6 },
	{ "iso88596i", CHARSET_8859_6 },
	{ "iso88597", CHARSET_8859_7 },
	{ "iso88598", CHARSET_8859_8 },
	{ "iso88598e", CHARSET_8859_8 },
	{ "iso88598i", CHARSET_8859_8 },
	{ "iso88599", CHARSET_8859_9 },
	{ "isoir100", CHARSET_LATIN1 },
	{ "isoir101", CHARSET_8859_2 },
	{ "isoir6", CHARSET_ASCII },
	{ "koi", CHARSET_KOI8_R },
	{ "koi8", CHARSET_KOI8_R },
	{ "koi8r", CHARSET_KOI8_R },
	{ "koi8ru", CHARSET_KOI8_U },
	{ "koi8u", CHARSET_KOI8_U },
	{ "korean", CHARSET_EUC_KR },
	{ "ksc5601", CHARSET_EUC_KR },
	{ "ksc56011987", CHARSET_EUC_KR },
	{ "ksc56011989", CHARSET_EUC_KR },
	{ "l1", CHARSET_LATIN1 },
	{ "l2", CHARSET_8859_2 },
	{ "l5", CHARSET_8859_9 },
	{ "latin0", CHARSET_8859_15 },
	{ "latin1", CHARSET_LATIN1 },
	{ "latin10", CHARSET_8859_16 },
	{ "latin2", CHARSET_8859_2 },
	{ "latin3", CHARSET_8859_3 },
	{ "latin4", CHARSET_8859_4 },
	{ "latin5", CHARSET_8859_9 },
	{ "latin6", CHARSET_8859_10 },
	{ "latin7", CHARSET_8859_13 },
	{ "latin8", CHARSET_8859_14 },
	{ "latin9", CHARSET_8859_15 },
	{ "logical", CHARSET_8859_8 },
	{ "mac", CHARSET_MACROMAN },
	{ "macintosh", CHARSET_MACROMAN },
	{ "macroman", CHARSET_MACROMAN },
	{ "ms932", CHARSET_SHIFT_JIS },
	{ "ms936", CHARSET_GB18030 },
	{ "ms949", CHARSET_EUC_KR },
	{ "mskanji", CHARSET_SHIFT_JIS },
	{ "shiftjis", CHARSET_SHIFT_JIS },
	{ "sjis", CHARSET_SHIFT_JIS },
	{ "tis620", CHARSET_8859_11 },
	{ "tis6202533", CHARSET_8859_11 },
	{ "ucs2", CHARSET_UTF16 },
	{ "ucs2be", CHARSET_UTF16BE },
	{ "ucs2le", CHARSET_UTF16LE },
	{ "ucs4", CHARSET_UTF32 },
	{ "ucs4be", CHARSET_UTF32BE },
	{ "ucs4le", CHARSET_UTF32LE },
	{ "uhc", CHARSET_EUC_KR },
	{ "ujis", CHARSET_EUC_JP },
	{ "unicode", CHARSET_UTF16 },
	{ "unicode11utf7", CHARSET_UTF7 },
	{ "unicode11utf8", CHARSET_UTF8 },
	{ "unicodefffe", CHARSET_UTF16BE },
	{ "us", CHARSET_ASCII },
	{ "usascii", CHARSET_ASCII },
	{ "utf16", CHARSET_UTF16 },
	{ "utf16be", CHARSET_UTF16BE },
	{ "utf16le", CHARSET_UTF16LE },
	{ "utf32", CHARSET_UTF32 },
	{ "utf32be", CHARSET_UTF32BE },
	{ "utf32le", CHARSET_UTF32LE },
	{ "utf7", CHARSET_UTF7 },
	{ "utf8", CHARSET_UTF8 },
	{ "utf8mac", CHARSET_UTF8 },
	{ "utf8mb4", CHARSET_UTF8 },
	{ "win1250", CHARSET_1250 },
	{ "win1251", CHARSET_1251 },
	{ "win1252", CHARSET_1252 },
	{ "windows1250", CHARSET_1250 },
	{ "windows1251", CHARSET_1251 },
	{ "windows1252", CHARSET_1252 },
	{ "windows1253", CHARSET_1253 },
	{ "windows1254", CHARSET_1254 },
	{ "windows1255", CHARSET_1255 },
	{ "windows1256", CHARSET_1256 },
	{ "windows1257", CHARSET_1257 },
	{ "windows1258", CHARSET_1258 },
	{ "windows31j", CHARSET_SHIFT_JIS },
	{ "windows874", CHARSET_874 },
	{ "windows932", CHARSET_SHIFT_JIS },
	{ "windows936", CHARSET_GB18030 },
	{ "windows949", CHARSET_EUC_KR },
	{ "windows950", CHARSET_BIG5 },
	{ "windowslatin1", CHARSET_1252 },
	{ "xcp1250", CHARSET_1250 },
	{ "xcp1251", CHARSET_1251 },
	{ "xcp1252", CHARSET_1252 },
	{ "xeuc", CHARSET_EUC_JP },
	{ "xeucjp", CHARSET_EUC_JP },
	{ "xgbk", CHARSET_GB18030 },
	{ "xmacroman", CHARSET_MACROMAN },
	{ "xsjis", CHARSET_SHIFT_JIS },
	{ "xwindows949", CHARSET_EUC_KR },
	{ "xxbig5", CHARSET_BIG5 },
};

#define NALIASES	(sizeof(aliases) / sizeof(aliases[0]))

static const char *const names[CHARSET_NIDS] = {
	"unknown-8bit", "us-ascii", "utf-8", "iso-8859-1",
	"iso-8859-2", "iso-8859-3", "iso-8859-4", "iso-8859-5",
	"iso-8859-6", "iso-8859-7", "iso-8859-8", "iso-8859-9",
	"iso-8859-10", "iso-8859-11", "iso-8859-13", "iso-8859-14",
	"iso-8859-15", "iso-8859-16",
	"windows-1250", "windows-1251", "windows-1252", "windows-1253",
	"windows-1254", "windows-1255", "windows-1256", "windows-1257",
	"windows-1258", "windows-874",
	"koi8-r", "koi8-u", "cp437", "cp850", "cp852", "cp866", "macintosh",
	"utf-16", "utf-16be", "utf-16le", "utf-32", "utf-32be", "utf-32le",
	"utf-7",
	"gb18030", "big5", "euc-jp", "iso-2022-jp", "shift_jis", "euc-kr",
	"iso-2022-kr", "euc-tw"
};

enum charset
charset_lookup(struct span name)
{
	char key[28];
	size_t i, n = 0, lo = 0, hi = NALIASES, mid;
	int r;

	for (i = 0; i < name.len; i++) {
		char c = name.p[i];

		if (c == '*')
			break;		/* RFC 2231 5: charset*language */
		if (c >= 'A' && c <= 'Z')
			c += 'a' - 'A';
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9'))
			continue;
		if (n == sizeof(key) - 1)
			return CHARSET_UNKNOWN;
		key[n++] = c;
	}
	key[n] = '\0';
	while (lo < hi) {
		mid = (lo + hi) / 2;
		if ((r = strcmp(key, aliases[mid].name)) == 0)
			return (enum charset)aliases[mid].cs;
		if (r < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return CHARSET_UNKNOWN;
}

const char *
charset_name(enum charset cs)
{
	return names[(unsigned int)cs < CHARSET_NIDS ? cs : CHARSET_UNKNOWN];
}
