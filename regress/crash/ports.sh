# free_base: where a test's own ports may begin, those that are used all free.
free_base() {
	python3 -c '
import random, socket
while True:
	base = random.randrange(20000, 31000, 200)
	try:
		for port in (25, 143, 465, 587, 993):
			with socket.socket() as s:
				s.bind(("127.0.0.1", base + port))
	except OSError:
		continue
	print(base)
	break'
}
