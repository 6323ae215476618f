#include <string.h>

#include "handlers.h"
#include "isession.h"
#include "lang.h"

static const char *const names[LANG_MAX] = {
	[LANG_DEFAULT] = "i-default",
	[LANG_EN] = "en",
	[LANG_DE] = "de"
};

static const struct {
	const char	*en, *de;
} texts[] = {
	{ "Done.", "Erledigt." },
	{ "Completed.", "Erledigt." },
	{ "Search completed.", "Suche beendet." },
	{ "Sort completed.", "Sortierung beendet." },
	{ "Thread completed.", "Gliederung beendet." },
	{ "Fetch completed.", "Abruf beendet." },
	{ "Store completed.", "Kennzeichen gespeichert." },
	{ "Expunge completed.", "Gelöschtes entfernt." },
	{ "Close completed.", "Postfach geschlossen." },
	{ "Move completed.", "Verschoben." },
	{ "Replaced.", "Ersetzt." },
	{ "Idle completed.", "Warten beendet." },
	{ "Logout completed.", "Abgemeldet." },
	{ "Enabled.", "Eingeschaltet." },
	{ "Unauthenticated.", "Anmeldung zurückgenommen." },
	{ "No further updates.", "Keine weiteren Änderungen." },
	{ "Authentication failed.", "Anmeldung fehlgeschlagen." },
	{ "Authentication cancelled.", "Anmeldung abgebrochen." },
	{ "Too many failures.", "Zu viele Fehlversuche." },
	{ "Try again later.", "Bitte später noch einmal." },
	{ "Not possible just now.", "Gerade nicht möglich." },
	{ "Not possible just now", "Gerade nicht möglich" },
	{ "Not possible", "Nicht möglich" },
	{ "Not offered here.", "Wird hier nicht angeboten." },
	{ "Quota exceeded", "Speicherplatz erschöpft" },
	{ "No such mailbox", "Kein solches Postfach" },
	{ "No such mailbox.", "Kein solches Postfach." },
	{ "Mailbox exists already", "Das Postfach gibt es schon" },
	{ "Permission denied", "Keine Berechtigung" },
	{ "Limit reached", "Grenze erreicht" },
	{ "Some messages are gone", "Einige Nachrichten sind fort" },
	{ "In use", "In Benutzung" },
	{ "No such messages.", "Keine solchen Nachrichten." },
	{ "No such message.", "Keine solche Nachricht." },
	{ "No such message number.", "Keine solche Nummer." },
	{ "No such context.", "Keine solche Suche." },
	{ "The mailbox is read-only.", "Das Postfach ist nur lesbar." },
	{ "the mailbox is read-only", "das Postfach ist nur lesbar" },
	{ "select a mailbox first", "zuerst ein Postfach wählen" },
	{ "log in first", "zuerst anmelden" },
	{ "already logged in", "schon angemeldet" },
	{ "use TLS first", "zuerst TLS" },
	{ "use the UID form", "nur mit UID" },
	{ "Some messages cannot be read.",
	    "Einige Nachrichten sind nicht lesbar." },
	{ "Some messages were expunged meanwhile.",
	    "Einige Nachrichten wurden inzwischen entfernt." },
	{ "INBOX cannot be deleted.", "INBOX kann nicht gelöscht werden." },
	{ "It has children, or cannot be deleted",
	    "Es hat Unterpostfächer oder kann nicht gelöscht werden" },
	{ "Not a mailbox name", "Kein Name eines Postfachs" },
	{ "Too many mailboxes", "Zu viele Postfächer" },
	{ "Too many keywords.", "Zu viele Schlüsselwörter." },
	{ "Too many annotations.", "Zu viele Anmerkungen." },
	{ "Not the name of an annotation.", "Kein Name einer Anmerkung." },
	{ "Quotas are set by the administrator.",
	    "Den Speicherplatz vergibt der Verwalter." },
	{ "No such filter.", "Kein solcher Filter." },
	{ "No such language.", "Diese Sprache gibt es hier nicht." }
};

const char *
lang_text(uint8_t lang, const char *english)
{
	size_t	 i;

	if (lang != LANG_DE)
		return english;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (strcmp(texts[i].en, english) == 0)
			return texts[i].de;
	}
	return english;
}

/* RFC 4647 3.4: the range, then what is left of it, from its end. */
static int
find(struct span range, uint8_t *lang)
{
	uint8_t	 i;

	if (span_ieqs(range, "default")) {
		*lang = LANG_DEFAULT;
		return 1;
	}
	if (span_ieqs(range, "*")) {
		*lang = LANG_EN;
		return 1;
	}
	while (range.len > 0) {
		for (i = 0; i < LANG_MAX; i++) {
			if (span_ieqs(range, names[i])) {
				*lang = i;
				return 1;
			}
		}
		while (range.len > 0 && range.p[--range.len] != '-')
			;
	}
	return 0;
}

static void
put_name(struct imap_out *o, uint8_t lang)
{
	imap_out_quoted(o, span_of(names[lang]));
}

/* LANGUAGE: which there are; or the first that is wished for and there. */
void
lang_language(struct isession *s)
{
	const struct imap_words	*w = &s->cmd->u.words;
	struct imap_out		*o = isession_out(s);
	uint32_t		 i;

	for (i = 0; i < w->n && !find(w->v[i], &s->lang); i++)
		;
	if (w->n > 0 && i == w->n) {
		isession_done(s, IMAP_RESULT_NO, NULL, "No such language.");
		return;
	}
	imap_out_str(o, "* LANGUAGE (");
	if (w->n > 0)
		put_name(o, s->lang);
	for (i = 0; w->n == 0 && i < LANG_MAX; i++) {
		if (i > 0)
			imap_out_str(o, " ");
		put_name(o, i);
	}
	imap_out_str(o, ")\r\n");
	isession_out_done(s);
	isession_done(s, IMAP_RESULT_OK, NULL, NULL);
}
