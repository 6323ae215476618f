"""Python's own client."""
import imaplib
import os
import ssl

context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
m = imaplib.IMAP4_SSL("127.0.0.1", int(os.environ["SITE_IMAPS"]),
                      ssl_context=context)
m.login("you@example.test", "secret")
assert m.enable("CONDSTORE")[0] == "OK"
assert m.select()[1] == [b"5"]
assert m.search(None, "ALL")[1] == [b"1 2 3 4 5"]
typ, data = m.fetch("1:5", "(RFC822)")
assert typ == "OK" and len([d for d in data if isinstance(d, tuple)]) == 5
typ, data = m.store("2", "+FLAGS", "\\Deleted")
assert typ == "OK" and b"\\Deleted" in data[0]
assert m.expunge()[1] == [b"2"]
assert m.create("folder")[0] == "OK"
assert m.copy("1:2", "folder")[0] == "OK"
assert m.status("folder", "(MESSAGES)")[1] == [b"folder (MESSAGES 2)"]
assert m.append("folder", "(\\Seen)", imaplib.Time2Internaldate(86400 * 365),
                b"Subject: x\r\n\r\ny\r\n")[0] == "OK"
assert m.status("folder", "(MESSAGES)")[1] == [b"folder (MESSAGES 3)"]
assert m.sort("REVERSE SUBJECT", "UTF-8", "ALL")[1] == [b"4 3 2 1"]
assert m.thread("REFERENCES", "UTF-8", "1:2")[1] == [b"(1)(2)"]
assert m.namespace()[0] == "OK"
assert m.close()[0] == "OK"
assert m.logout()[0] == "BYE"
