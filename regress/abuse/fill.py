"""fill.py PORT: 200 messages for the attacker and the victim."""

import smtplib
import sys

s = smtplib.SMTP('127.0.0.1', int(sys.argv[1]))
for i in range(200):
    s.sendmail('a@b.test', ['attacker@example.test', 'victim@example.test'],
               'From: a@b.test\r\nSubject: %d\r\n\r\n' % i +
               'text\r\n' * 2000)
s.quit()
