# Verify every DKIM signature of a message with an independent program:
# dkimverify.py message key-record
import sys
import dkim

msg = open(sys.argv[1], 'rb').read()
key = open(sys.argv[2], 'rb').read()
d = dkim.DKIM(msg)
n = sum(1 for k, v in d.headers if k.lower() == b'dkim-signature')
for i in range(n):
    if not d.verify(idx=i, dnsfunc=lambda name, timeout=5: key):
        sys.exit(1)
sys.exit(0 if n > 0 else 1)
